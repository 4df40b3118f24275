//! TLS of the API's listener.

use std::{io, path::Path, sync::Arc};

use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use tokio_rustls::TlsAcceptor;

/// The certificate or its key cannot be used. Names the setting, never what is in the file.
#[derive(Debug, thiserror::Error)]
pub enum InvalidTls {
    /// The certificate file cannot be read or holds none.
    #[error("http.tls_cert: no certificate chain in PEM")]
    Certificate(#[source] io::Error),
    /// The key file cannot be read or holds none.
    #[error("http.tls_key: no private key in PEM")]
    Key(#[source] io::Error),
    /// Key and certificate do not belong together, or an algorithm is not supported.
    #[error("http.tls_key: does not fit http.tls_cert")]
    Pair(#[source] rustls::Error),
}

/// Reads certificate chain and key and offers HTTP/2 and HTTP/1.1.
///
/// # Errors
/// [`InvalidTls`] naming the file at fault.
pub fn acceptor(cert: &Path, key: &Path) -> Result<TlsAcceptor, InvalidTls> {
    let chain: Vec<_> = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect)
        .map_err(|e| InvalidTls::Certificate(io::Error::other(e)))?;
    if chain.is_empty() {
        return Err(InvalidTls::Certificate(io::ErrorKind::InvalidData.into()));
    }
    let key =
        PrivateKeyDer::from_pem_file(key).map_err(|e| InvalidTls::Key(io::Error::other(e)))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(InvalidTls::Pair)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
