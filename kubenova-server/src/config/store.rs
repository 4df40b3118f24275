//! Section `store`: where intent is kept.

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Serialize, Serializer};

/// Where intent is kept.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// `memory` or a Postgres address.
    pub url: StoreUrl,
    /// File that holds the address instead; wins over the default, refused beside a `url` given.
    pub url_file: Option<PathBuf>,
    /// Whether `serve` brings the database to the expected version.
    pub migrate: bool,
    /// Connections to the database at one time.
    pub max_connections: u32,
}

/// Address of the store. A Postgres address may hold a password, so it is never printed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum StoreUrl {
    /// Kept in memory, gone with the process.
    Memory,
    /// `postgres://…` or `postgresql://…`, with whatever credentials it carries.
    Postgres(String),
    /// Anything else; refused when the configuration is checked.
    Unusable,
}

impl From<String> for StoreUrl {
    fn from(text: String) -> Self {
        match text.as_str() {
            "memory" => Self::Memory,
            url if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                Self::Postgres(text)
            }
            _ => Self::Unusable,
        }
    }
}

impl StoreUrl {
    /// What may be shown: the kind, and for Postgres what stands behind the credentials.
    fn masked(&self) -> String {
        match self {
            Self::Memory => "memory".to_owned(),
            Self::Postgres(url) => {
                let place = url.rsplit_once('@').map_or("", |(_, place)| place);
                let place = place.split(['?', '#']).next().unwrap_or_default();
                format!("postgres://***@{place}")
            }
            Self::Unusable => "***".to_owned(),
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl Serialize for StoreUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_never_shown() {
        let url = StoreUrl::from("postgres://u:s3cret@db:5432/kn?password=s3cret".to_owned());
        assert_eq!(format!("{url:?}"), "postgres://***@db:5432/kn");
        let bare = StoreUrl::from("postgres://s3cret".to_owned());
        assert_eq!(format!("{bare:?}"), "postgres://***@");
        let other = StoreUrl::from("mysql://u:s3cret@db".to_owned());
        assert_eq!(format!("{other:?}"), "***");
    }
}
