//! What a failure below HTTP means: told by its type, never by its text.

use std::error::Error;
use std::io;

use kubenova_core::ports::cluster::ClusterError;

use super::same::NotTheSame;

/// Classifies a transport's failure by the first cause that says something.
pub(crate) fn transport(failure: &(dyn Error + 'static)) -> ClusterError {
    let mut cause = Some(failure);
    while let Some(one) = cause {
        if let Some(not) = one.downcast_ref::<NotTheSame>() {
            return match not {
                NotTheSame::Other => ClusterError::IdentityChanged,
                NotTheSame::Unauthorized => ClusterError::Unauthorized,
                NotTheSame::Unknown => ClusterError::Unreachable,
            };
        }
        if let Some(tls) = one.downcast_ref::<rustls::Error>() {
            return handshake(tls);
        }
        cause = inner(one);
    }
    ClusterError::Unreachable
}

/// The cause of an error. An I/O error is asked for what it wraps: as a `source` it would name only the cause of that.
fn inner<'a>(err: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match err.downcast_ref::<io::Error>() {
        Some(io) => io
            .get_ref()
            .map(|wrapped| wrapped as &(dyn Error + 'static)),
        None => err.source(),
    }
}

/// A peer that speaks no TLS is no API server; one that speaks it and cannot agree with us has the wrong certificate.
const fn handshake(err: &rustls::Error) -> ClusterError {
    let speaks_no_tls = matches!(
        err,
        rustls::Error::InvalidMessage(_)
            | rustls::Error::InappropriateMessage { .. }
            | rustls::Error::InappropriateHandshakeMessage { .. }
            | rustls::Error::PeerMisbehaved(_)
            | rustls::Error::DecryptError
            | rustls::Error::PeerSentOversizedRecord
    );
    if speaks_no_tls {
        ClusterError::Unreachable
    } else {
        ClusterError::Tls
    }
}

#[cfg(test)]
mod tests {
    use rustls::{CertificateError, InvalidMessage};

    use super::*;

    fn wrapped(err: rustls::Error) -> io::Error {
        io::Error::other(io::Error::new(io::ErrorKind::InvalidData, err))
    }

    #[test]
    fn attack_63_causes_are_found_below_io_errors() {
        let untrusted = wrapped(CertificateError::UnknownIssuer.into());
        assert_eq!(transport(&untrusted), ClusterError::Tls);
        let no_tls = wrapped(rustls::Error::InvalidMessage(
            InvalidMessage::InvalidContentType,
        ));
        assert_eq!(transport(&no_tls), ClusterError::Unreachable);
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(transport(&refused), ClusterError::Unreachable);
    }
}
