//! Checks the shape of a NetworkPolicy spec, and collects everything that is wrong with it.

use serde_json::{Map, Value};

use crate::error::FieldError;

/// The most entries of one list within a spec.
const MAX_ENTRIES: usize = 128;
/// More faults than these tell a caller nothing new.
const MAX_FAULTS: usize = 32;

/// Collects faults.
#[derive(Debug, Default)]
pub(super) struct Checker(Vec<FieldError>);

impl Checker {
    /// The faults, if there are any.
    pub(super) fn end(self) -> Result<(), Vec<FieldError>> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(self.0)
        }
    }

    /// Notes a fault.
    pub(super) fn fault(&mut self, path: &str, why: impl Into<String>) {
        if self.0.len() < MAX_FAULTS {
            self.0.push(FieldError::new(path, why));
        }
    }

    /// An object with no other fields than these.
    pub(super) fn object<'v>(
        &mut self,
        value: &'v Value,
        path: &str,
        fields: &[&str],
    ) -> Option<&'v Map<String, Value>> {
        let Some(object) = value.as_object() else {
            self.fault(path, "must be an object");
            return None;
        };
        for key in object.keys().filter(|key| !fields.contains(&key.as_str())) {
            let shown: String = key.escape_debug().take(80).collect();
            self.fault(&format!("{path}.{shown}"), "is not known");
        }
        Some(object)
    }

    /// The entries of a list that may be absent, each with its path.
    pub(super) fn list<'v>(
        &mut self,
        value: Option<&'v Value>,
        path: &str,
    ) -> Vec<(&'v Value, String)> {
        match value {
            None => Vec::new(),
            Some(Value::Array(list)) if list.len() <= MAX_ENTRIES => {
                let place = |(n, entry)| (entry, format!("{path}[{n}]"));
                list.iter().enumerate().map(place).collect()
            }
            Some(Value::Array(_)) => {
                self.fault(path, format!("{MAX_ENTRIES} entries are the most"));
                Vec::new()
            }
            Some(_) => {
                self.fault(path, "must be a list");
                Vec::new()
            }
        }
    }

    /// A whole spec.
    pub(super) fn spec(&mut self, value: &Value, path: &str) {
        let fields = ["podSelector", "policyTypes", "ingress", "egress"];
        let Some(spec) = self.object(value, path, &fields) else {
            return;
        };
        match spec.get("podSelector") {
            Some(selector) => self.selector(selector, &format!("{path}.podSelector")),
            None => self.fault(
                &format!("{path}.podSelector"),
                "is required; {} selects every pod",
            ),
        }
        self.policy_types(spec.get("policyTypes"), &format!("{path}.policyTypes"));
        for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
            let path = format!("{path}.{direction}");
            for (rule, path) in self.list(spec.get(direction), &path) {
                self.rule(rule, &path, peers);
            }
        }
    }

    fn policy_types(&mut self, value: Option<&Value>, path: &str) {
        let mut seen = Vec::new();
        for (entry, path) in self.list(value, path) {
            match entry.as_str() {
                Some(kind @ ("Ingress" | "Egress")) if !seen.contains(&kind) => seen.push(kind),
                Some("Ingress" | "Egress") => self.fault(&path, "is repeated"),
                _ => self.fault(&path, "must be Ingress or Egress"),
            }
        }
    }

    fn rule(&mut self, value: &Value, path: &str, peers: &str) {
        let Some(rule) = self.object(value, path, &[peers, "ports"]) else {
            return;
        };
        for (peer, path) in self.list(rule.get(peers), &format!("{path}.{peers}")) {
            self.peer(peer, &path);
        }
        for (port, path) in self.list(rule.get("ports"), &format!("{path}.ports")) {
            self.port(port, &path);
        }
    }
}
