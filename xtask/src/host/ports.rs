//! Free TCP ports on loopback.

use std::net::{Ipv4Addr, TcpListener};

use crate::{Context as _, Result};

/// Whether nobody listens on that loopback port, on all interfaces included.
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok()
}

/// `count` different ports that are free now. All are held until the last is known, so none repeats.
///
/// # Errors
/// When the system has none left.
pub fn free(count: usize) -> Result<Vec<u16>> {
    let held = (0..count)
        .map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .collect::<std::io::Result<Vec<_>>>()
        .context("find a free port")?;
    held.iter()
        .map(|socket| {
            socket
                .local_addr()
                .map(|at| at.port())
                .context("read a port")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_differ_and_a_taken_one_is_seen() {
        let ports = free(3).unwrap();
        assert!(ports[0] != ports[1] && ports[1] != ports[2] && ports[0] != ports[2]);
        let held = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert!(!is_free(held.local_addr().unwrap().port()));
    }
}
