//! A walk over JSON before anything is built from it: depth and doubled keys.

use std::{cell::RefCell, collections::HashSet, fmt};

use serde::{
    Deserializer,
    de::{DeserializeSeed, MapAccess, SeqAccess, Visitor},
};

use super::shortened;
use crate::http::Problem;

/// Objects and arrays within each other; the root is 1.
pub const MAX_DEPTH: usize = 64;

/// Refuses what no type would notice.
pub(super) fn scan(text: &[u8]) -> Result<(), Problem> {
    let found = RefCell::new(None);
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let walk = Walk {
        depth: 0,
        at: Place::Root,
        found: &found,
    };
    let read = walk
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end());
    match (read, found.into_inner()) {
        (Ok(()), _) => Ok(()),
        (Err(_), Some(problem)) => Err(problem),
        (Err(_), None) => Err(Problem::body("body", "is not JSON")),
    }
}

/// Where a value stands; lives on the stack, so a walk without a refusal allocates nothing for it.
#[derive(Clone, Copy)]
enum Place<'a> {
    Root,
    Key(&'a Self, &'a str),
    Index(&'a Self, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Key(Self::Root, key) => f.write_str(key),
            Self::Key(parent, key) => write!(f, "{parent}.{key}"),
            Self::Index(parent, n) => write!(f, "{parent}[{n}]"),
        }
    }
}

/// Walks over a value without keeping it.
struct Walk<'a> {
    depth: usize,
    at: Place<'a>,
    found: &'a RefCell<Option<Problem>>,
}

impl Walk<'_> {
    fn deeper<E: serde::de::Error>(&self) -> Result<usize, E> {
        if self.depth >= MAX_DEPTH {
            return Err(self.refuse(self.at, "is nested too deeply"));
        }
        Ok(self.depth + 1)
    }

    fn refuse<E: serde::de::Error>(&self, at: Place<'_>, reason: &str) -> E {
        let path = at.to_string();
        let field = if path.is_empty() { "body" } else { &path };
        *self.found.borrow_mut() = Some(Problem::body(shortened(field), reason));
        E::custom("refused")
    }
}

/// Keys of one object: few are compared one by one, many are hashed.
enum Keys {
    Few(Vec<String>),
    Many(HashSet<String>),
}

impl Keys {
    fn has(&self, key: &str) -> bool {
        match self {
            Self::Few(keys) => keys.iter().any(|k| k == key),
            Self::Many(keys) => keys.contains(key),
        }
    }

    fn add(&mut self, key: String) {
        match self {
            Self::Few(keys) if keys.len() < 16 => keys.push(key),
            Self::Few(keys) => {
                let mut many: HashSet<_> = keys.drain(..).collect();
                many.insert(key);
                *self = Self::Many(many);
            }
            Self::Many(keys) => {
                keys.insert(key);
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let depth = self.deeper()?;
        for n in 0.. {
            let item = Walk {
                depth,
                at: Place::Index(&self.at, n),
                found: self.found,
            };
            if items.next_element_seed(item)?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let depth = self.deeper()?;
        let mut keys = Keys::Few(Vec::new());
        while let Some(key) = entries.next_key::<String>()? {
            let at = Place::Key(&self.at, &key);
            if keys.has(&key) {
                return Err(self.refuse(at, "is given twice"));
            }
            entries.next_value_seed(Walk {
                depth,
                at,
                found: self.found,
            })?;
            keys.add(key);
        }
        Ok(())
    }
}
