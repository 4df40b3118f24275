//! One YAML mapping with its place in the text, for sentences that name the place and quote nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::kubeconfig::fault::Fault;
use crate::kubeconfig::node::Node;

pub(super) struct Fields<'a> {
    place: String,
    map: &'a [(String, Node)],
}

impl<'a> Fields<'a> {
    pub(super) fn of(node: &'a Node, place: &str, faults: &mut Vec<Fault>) -> Option<Self> {
        let Node::Map(map) = node else {
            faults.push(Fault::format(format!("{place} must be a mapping")));
            return None;
        };
        // The YAML reader refuses doubled keys already; the last one would win elsewhere, so this is looked at twice.
        let doubled = |(at, (key, _)): (usize, &(String, Node))| {
            map.iter().take(at).any(|(earlier, _)| earlier == key)
        };
        if map.len() > 100 || map.iter().enumerate().any(doubled) {
            faults.push(Fault::forbidden(format!(
                "{place} has a key twice, or too many"
            )));
            return None;
        }
        Some(Self {
            place: place.to_owned(),
            map,
        })
    }

    /// The path of a field, as sentences name it.
    pub(super) fn at(&self, key: &str) -> String {
        if self.place.contains(' ') {
            key.to_owned()
        } else {
            format!("{}.{key}", self.place)
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a Node> {
        self.map
            .iter()
            .find(|(found, _)| found == key)
            .map(|(_, node)| node)
    }

    /// Faults for every key that is not allowed: by name where we know it, else only by its place.
    pub(super) fn only(
        &self,
        allowed: &[&str],
        forbidden: &[(&str, &str)],
        faults: &mut Vec<Fault>,
    ) {
        let mut unknown = false;
        for (key, _) in self.map {
            match forbidden.iter().find(|(name, _)| name == key) {
                Some((name, why)) => {
                    faults.push(Fault::forbidden(format!("{} {why}", self.at(name))));
                }
                None => unknown |= !allowed.contains(&key.as_str()),
            }
        }
        if unknown {
            let place = &self.place;
            faults.push(Fault::forbidden(format!(
                "{place} has a field that is not on the list of allowed ones"
            )));
        }
    }

    /// A text; absent and null are the same.
    pub(super) fn text(&self, key: &str) -> Result<Option<&'a str>, Fault> {
        match self.get(key) {
            None | Some(Node::Null) => Ok(None),
            Some(Node::Text(text)) => Ok(Some(text.as_str())),
            Some(Node::Bool(_) | Node::Number | Node::List(_) | Node::Map(_)) => {
                Err(Fault::format(format!("{} must be a text", self.at(key))))
            }
        }
    }

    /// A list; absent and null are empty.
    pub(super) fn list(&self, key: &str) -> Result<&'a [Node], Fault> {
        match self.get(key) {
            None | Some(Node::Null) => Ok(&[]),
            Some(Node::List(items)) => Ok(items),
            Some(Node::Bool(_) | Node::Number | Node::Text(_) | Node::Map(_)) => {
                Err(Fault::format(format!("{} must be a list", self.at(key))))
            }
        }
    }

    /// Base64 of bytes; line breaks in it are overlooked.
    pub(super) fn decoded(&self, key: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Fault> {
        let Some(text) = self.text(key)?.filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let joined = Zeroizing::new(text.replace(['\n', '\r'], ""));
        let bytes = STANDARD.decode(joined.as_bytes());
        let bytes = bytes.map_err(|_| Fault::format(format!("{} is not base64", self.at(key))))?;
        Ok(Some(Zeroizing::new(bytes)))
    }
}
