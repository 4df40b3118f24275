//! Peers, ports and selectors of a NetworkPolicy.

use std::net::IpAddr;

use serde_json::Value;

use super::shape::Checker;
use crate::value::labels::{is_label_value, is_qualified_name};

impl Checker {
    pub(super) fn peer(&mut self, value: &Value, path: &str) {
        let fields = ["ipBlock", "podSelector", "namespaceSelector"];
        let Some(peer) = self.object(value, path, &fields) else {
            return;
        };
        if peer.is_empty() {
            self.fault(path, "must name a peer");
        }
        if let Some(block) = peer.get("ipBlock") {
            if peer.len() > 1 {
                self.fault(path, "has an ipBlock, which excludes selectors");
            }
            self.ip_block(block, &format!("{path}.ipBlock"));
        }
        for field in ["podSelector", "namespaceSelector"] {
            if let Some(selector) = peer.get(field) {
                self.selector(selector, &format!("{path}.{field}"));
            }
        }
    }

    fn ip_block(&mut self, value: &Value, path: &str) {
        let Some(block) = self.object(value, path, &["cidr", "except"]) else {
            return;
        };
        let whole = block.get("cidr").and_then(Value::as_str).and_then(cidr);
        if whole.is_none() {
            self.fault(&format!("{path}.cidr"), "must be a CIDR such as 10.0.0.0/8");
        }
        for (entry, path) in self.list(block.get("except"), &format!("{path}.except")) {
            match (entry.as_str().and_then(cidr), whole) {
                (None, _) => self.fault(&path, "must be a CIDR such as 10.0.0.0/8"),
                (Some(part), Some(whole)) if !lies_within(part, whole) => {
                    self.fault(&path, "must lie within the block, and be smaller");
                }
                (Some(_), _) => {}
            }
        }
    }

    /// A port: `protocol`, `port` (number or name) and `endPort`.
    pub(super) fn port(&mut self, value: &Value, path: &str) {
        let Some(port) = self.object(value, path, &["protocol", "port", "endPort"]) else {
            return;
        };
        if let Some(protocol) = port.get("protocol")
            && !matches!(protocol.as_str(), Some("TCP" | "UDP" | "SCTP"))
        {
            self.fault(&format!("{path}.protocol"), "must be TCP, UDP or SCTP");
        }
        let number = port.get("port").and_then(port_number);
        match port.get("port") {
            None => {}
            Some(Value::String(name)) if is_port_name(name) => {}
            Some(_) if number.is_some() => {}
            Some(_) => self.fault(
                &format!("{path}.port"),
                "must be a number from 1 to 65535 or the name of a port",
            ),
        }
        if let Some(end) = port.get("endPort") {
            let fits = port_number(end)
                .zip(number)
                .is_some_and(|(end, start)| end >= start);
            if !fits {
                self.fault(
                    &format!("{path}.endPort"),
                    "must be a number from port, a number too, to 65535",
                );
            }
        }
    }

    /// A label selector with `matchLabels` and `matchExpressions`.
    pub(super) fn selector(&mut self, value: &Value, path: &str) {
        let Some(selector) = self.object(value, path, &["matchLabels", "matchExpressions"]) else {
            return;
        };
        let at = format!("{path}.matchLabels");
        match selector.get("matchLabels") {
            None => {}
            Some(Value::Object(labels)) => {
                for (key, value) in labels {
                    let good = is_qualified_name(key) && value.as_str().is_some_and(is_label_value);
                    if !good {
                        let shown: String = key.escape_debug().take(80).collect();
                        self.fault(&format!("{at}.{shown}"), "is no label");
                    }
                }
            }
            Some(_) => self.fault(&at, "must be an object"),
        }
        let at = format!("{path}.matchExpressions");
        for (entry, path) in self.list(selector.get("matchExpressions"), &at) {
            self.expression(entry, &path);
        }
    }

    fn expression(&mut self, value: &Value, path: &str) {
        let Some(one) = self.object(value, path, &["key", "operator", "values"]) else {
            return;
        };
        let key = one.get("key").and_then(Value::as_str);
        if !key.is_some_and(is_qualified_name) {
            self.fault(&format!("{path}.key"), "must be a label key");
        }
        let at = format!("{path}.values");
        let values = self.list(one.get("values"), &at);
        for (entry, path) in &values {
            if !entry.as_str().is_some_and(is_label_value) {
                self.fault(path, "must be a label value");
            }
        }
        match one.get("operator").and_then(Value::as_str) {
            Some("In" | "NotIn") if values.is_empty() => self.fault(&at, "must not be empty"),
            Some("Exists" | "DoesNotExist") if !values.is_empty() => {
                self.fault(&at, "must be empty with this operator");
            }
            Some("In" | "NotIn" | "Exists" | "DoesNotExist") => {}
            _ => self.fault(
                &format!("{path}.operator"),
                "must be In, NotIn, Exists or DoesNotExist",
            ),
        }
    }
}

fn port_number(value: &Value) -> Option<u64> {
    value.as_u64().filter(|n| (1..=65_535).contains(n))
}

/// An IANA service name: at most 15 of `[a-z0-9-]`, a letter among them, no hyphen at an end or twice in a row.
fn is_port_name(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=15).contains(&name.len())
        && name.bytes().all(fits)
        && name.bytes().any(|b| b.is_ascii_lowercase())
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--")
}

/// Address and length of the prefix; digits only, no sign, no leading zero.
fn cidr(text: &str) -> Option<(IpAddr, u32)> {
    let (address, bits) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let plain = bits.bytes().all(|b| b.is_ascii_digit()) && (bits == "0" || !bits.starts_with('0'));
    let bits: u32 = bits.parse().ok().filter(|_| plain)?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    (bits <= most).then_some((address, bits))
}

fn lies_within((part, part_bits): (IpAddr, u32), (whole, bits): (IpAddr, u32)) -> bool {
    let prefix = |address: IpAddr| match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()) << 96,
        IpAddr::V6(v6) => v6.to_bits(),
    };
    let differs = prefix(part) ^ prefix(whole);
    let equal = bits == 0 || differs >> (128 - bits) == 0;
    part.is_ipv4() == whole.is_ipv4() && part_bits > bits && equal
}
