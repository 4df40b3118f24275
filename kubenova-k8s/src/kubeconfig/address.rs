//! Addresses: which server a client of ours may reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Class, Refused};

/// Which addresses may be reached: all but the server's own neighbourhood, and what the configuration allows.
#[derive(Debug, Clone, Default)]
pub struct AddressPolicy {
    allowed: Vec<(IpAddr, u8)>,
}

impl AddressPolicy {
    /// With ranges that are allowed although they are refused by default: address and leading bits.
    pub const fn new(allowed: Vec<(IpAddr, u8)>) -> Self {
        Self { allowed }
    }

    /// Whether the address may be reached. Refused by default: loopback, unspecified, link-local (with the metadata
    /// services), multicast, broadcast, and the IPv6 metadata address; IPv4 in IPv6 counts as the IPv4 address.
    pub fn allows(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.allowed
            .iter()
            .any(|(range, bits)| contains(*range, *bits, address))
            || !is_refused(address)
    }
}

fn contains(range: IpAddr, bits: u8, address: IpAddr) -> bool {
    let kept = |width: u8| width.saturating_sub(bits);
    match (range, address) {
        (IpAddr::V4(range), IpAddr::V4(address)) => {
            let differ = u64::from(range.to_bits() ^ address.to_bits());
            differ >> kept(32) == 0
        }
        (IpAddr::V6(range), IpAddr::V6(address)) => {
            let differ = range.to_bits() ^ address.to_bits();
            bits == 0 || differ >> kept(128) == 0
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

fn is_refused(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_refused_v4(v4),
        IpAddr::V6(v6) => is_refused_v6(v6),
    }
}

const fn is_refused_v4(v4: Ipv4Addr) -> bool {
    // Multicast, reserved and broadcast are all above 224; one cloud has its metadata outside the link-local range.
    const METADATA: Ipv4Addr = Ipv4Addr::new(100, 100, 100, 200);
    let first = v4.octets()[0];
    v4.is_loopback()
        || v4.is_link_local()
        || first == 0
        || first >= 224
        || v4.to_bits() == METADATA.to_bits()
}

fn is_refused_v6(v6: Ipv6Addr) -> bool {
    const METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254);
    // `::a.b.c.d`, NAT64 and 6to4 hide an IPv4 address.
    let hidden = match v6.segments() {
        [0, 0, 0, 0, 0, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))),
        _ => None,
    };
    v6.is_loopback()
        || v6.is_unspecified()
        || v6.is_multicast()
        || v6.is_unicast_link_local()
        || v6 == METADATA
        || hidden.is_some_and(is_refused_v4)
}

/// A host as a URL names it: an address, or a name that is left to the resolver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A literal address in its usual form.
    Address(IpAddr),
    /// A DNS name.
    Name(String),
}

impl Host {
    /// Reads the host of a URL. Forms that some resolvers take for addresses (decimal, octal, hexadecimal) are refused.
    ///
    /// # Errors
    /// [`Refused`] of class `address`.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let inner = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        if let Some(inner) = inner {
            let v6: Result<Ipv6Addr, _> = inner.parse();
            let no = |_| Refused::new(Class::Address, "the host of the server is no IPv6 address");
            return Ok(Self::Address(v6.map_err(no)?.into()));
        }
        if let Ok(v4) = text.parse::<Ipv4Addr>() {
            return Ok(Self::Address(v4.into()));
        }
        let refused = |why: &str| Err(Refused::new(Class::Address, why));
        let text = text.strip_suffix('.').unwrap_or(text);
        let is_label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        };
        if text.is_empty() || text.len() > 253 || !text.split('.').all(is_label) {
            return refused("the host of the server is no DNS name and no address");
        }
        let last = text.rsplit('.').next().unwrap_or_default();
        let numeric =
            last.bytes().all(|b| b.is_ascii_digit()) || last.to_ascii_lowercase().starts_with("0x");
        if numeric {
            return refused("the host of the server is an address in an unusual form");
        }
        Ok(Self::Name(text.to_ascii_lowercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(policy: &AddressPolicy, text: &str) -> bool {
        policy.allows(text.parse().unwrap())
    }

    #[test]
    fn attack_58_the_own_neighbourhood_is_not_reachable() {
        let policy = AddressPolicy::default();
        let inside = "127.0.0.1 127.8.8.8 0.0.0.0 169.254.169.254 224.0.0.1 255.255.255.255 ::1 :: fe80::1 \
            fd00:ec2::254 ::ffff:127.0.0.1 ::ffff:169.254.169.254 ::127.0.0.1 64:ff9b::7f00:1 \
            2002:7f00:1:: 240.0.0.1 100.100.100.200 ff02::1";
        for address in inside.split_whitespace() {
            assert!(!allows(&policy, address), "{address}");
        }
        for address in [
            "10.0.0.1",
            "192.168.1.1",
            "203.0.113.7",
            "2001:db8::1",
            "fd12::1",
        ] {
            assert!(allows(&policy, address), "{address}");
        }
    }

    #[test]
    fn attack_58_unusual_forms_are_no_hosts() {
        for text in [
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "127.1",
            "0x7f.1",
            "127.0.0.0x1",
            "a b",
            "a..b",
            "::1",
            "[127.0.0.1]",
            "[fe80::1%eth0]",
            "",
        ] {
            let read = Host::parse(text);
            assert!(
                matches!(&read, Err(no) if no.class == Class::Address),
                "{text} {read:?}"
            );
        }
        assert_eq!(
            Host::parse("K8s.Example.com."),
            Ok(Host::Name("k8s.example.com".into()))
        );
        assert_eq!(
            Host::parse("[::1]"),
            Ok(Host::Address("::1".parse().unwrap()))
        );
    }

    #[test]
    fn the_configuration_opens_ranges() {
        let loopback = vec![
            ("127.0.0.0".parse().unwrap(), 8),
            ("::1".parse().unwrap(), 128),
        ];
        let policy = AddressPolicy::new(loopback);
        for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            assert!(allows(&policy, address), "{address}");
        }
        assert!(!allows(&policy, "169.254.169.254"));
        assert!(allows(
            &AddressPolicy::new(vec![("0.0.0.0".parse().unwrap(), 0)]),
            "127.0.0.1"
        ));
    }
}
