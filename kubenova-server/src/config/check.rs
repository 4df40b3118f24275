//! What settings must be together: the rules that no single type can hold.

use std::time::Duration;

use super::{Config, ConfigError, Http, StoreUrl};

/// The longest wait a caller may ask for by `Prefer: wait`.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What the store keeps for itself, and a few for lists and the work set.
const FEWEST_CONNECTIONS: u32 = 10;

impl Config {
    /// Refuses settings that contradict each other or would be unsafe.
    ///
    /// # Errors
    /// [`ConfigError`] naming the first key to change.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.http.check()?;
        self.check_store()?;
        for (key, text) in [
            ("auth.issuer", &self.auth.issuer),
            ("auth.audience", &self.auth.audience),
        ] {
            refuse_if(text.trim().is_empty(), key, "must not be empty")?;
        }
        refuse_if(
            self.clusters.deadline.is_zero(),
            "clusters.deadline",
            "must be above zero",
        )?;
        refuse_if(
            self.reconcile.workers == 0,
            "reconcile.workers",
            "must be above zero",
        )?;
        refuse_if(
            self.reconcile.per_cluster == 0,
            "reconcile.per_cluster",
            "must be above zero",
        )?;
        refuse_if(
            self.reconcile.resync.is_zero(),
            "reconcile.resync",
            "must be above zero",
        )
    }

    fn check_store(&self) -> Result<(), ConfigError> {
        refuse_if(
            self.store.max_connections < FEWEST_CONNECTIONS,
            "store.max_connections",
            "must be 10 or more",
        )?;
        match self.store.url {
            StoreUrl::Memory => Ok(()),
            StoreUrl::Postgres(_) => {
                let required = "required with Postgres";
                let unsigned = self.auth.signing_key_file.is_none();
                refuse_if(unsigned, "auth.signing_key_file", required)?;
                refuse_if(self.seal.key_files.is_empty(), "seal.key_files", required)
            }
            StoreUrl::Unusable => {
                let wanted = "wants `memory` or postgres://user:password@host/database";
                Err(ConfigError::new("store.url", wanted))
            }
        }
    }
}

impl Http {
    /// Whether connections are encrypted by us.
    pub fn has_tls(&self) -> bool {
        self.tls_cert.is_some()
    }

    fn check(&self) -> Result<(), ConfigError> {
        let (cert, key) = (self.tls_cert.is_some(), self.tls_key.is_some());
        refuse_if(cert && !key, "http.tls_key", "required with http.tls_cert")?;
        refuse_if(key && !cert, "http.tls_cert", "required with http.tls_key")?;
        let exposed = !self.has_tls() && !self.insecure && !self.listen.ip().is_loopback();
        refuse_if(
            exposed,
            "http.listen",
            "plain HTTP is served on loopback only: set http.tls_cert and http.tls_key, or http.insecure",
        )?;
        refuse_if(
            self.max_connections == 0,
            "http.max_connections",
            "must be above zero",
        )?;
        refuse_if(
            self.header_timeout.is_zero(),
            "http.header_timeout",
            "must be above zero",
        )?;
        refuse_if(
            self.request_timeout <= LONGEST_WAIT,
            "http.request_timeout",
            "must exceed the 60 s that `Prefer: wait` may ask for",
        )
    }
}

fn refuse_if(broken: bool, key: &str, reason: &str) -> Result<(), ConfigError> {
    if broken {
        Err(ConfigError::new(key, reason))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Sources;

    fn load(sets: &[&str]) -> Result<(), String> {
        let sets = sets.iter().map(|s| (*s).to_owned()).collect();
        let sources = Sources {
            sets,
            ..Sources::default()
        };
        sources.load().map(|_| ()).map_err(|e| e.to_string())
    }

    fn assert_refused(key: &str, sets: &[&str]) {
        let said = load(sets).expect_err("must be refused");
        assert!(said.starts_with(&format!("{key}: ")), "{said}");
    }

    #[test]
    fn plain_http_stays_on_loopback() {
        assert_refused("http.listen", &["http.listen=0.0.0.0:8080"]);
        assert_refused("http.listen", &["http.listen=[::]:8080"]);
        load(&["http.listen=\"[::1]:8080\""]).unwrap();
        load(&["http.listen=0.0.0.0:8080", "http.insecure=true"]).unwrap();
        load(&[
            "http.listen=0.0.0.0:8080",
            "http.tls_cert=/c",
            "http.tls_key=/k",
        ])
        .unwrap();
        assert_refused("http.tls_key", &["http.tls_cert=/c"]);
        assert_refused("http.tls_cert", &["http.tls_key=/k"]);
    }

    #[test]
    fn postgres_needs_keys() {
        let url = "store.url=postgres://localhost/kn";
        assert_refused("auth.signing_key_file", &[url]);
        assert_refused("seal.key_files", &[url, "auth.signing_key_file=/k"]);
        load(&[url, "auth.signing_key_file=/k", "seal.key_files=[\"/s\"]"]).unwrap();
        assert_refused("store.url", &["store.url=mysql://localhost"]);
    }

    #[test]
    fn bounds_hold() {
        assert_refused("http.request_timeout", &["http.request_timeout=60s"]);
        assert_refused("http.max_connections", &["http.max_connections=0"]);
        assert_refused("http.header_timeout", &["http.header_timeout=0s"]);
        assert_refused("store.max_connections", &["store.max_connections=9"]);
        assert_refused("reconcile.workers", &["reconcile.workers=0"]);
        assert_refused("clusters.deadline", &["clusters.deadline=0s"]);
        assert_refused("auth.issuer", &["auth.issuer="]);
    }
}
