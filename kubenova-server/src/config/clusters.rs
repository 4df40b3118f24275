//! Section `clusters`: what stands behind clusters and how they are reached.

use std::{fmt, net::IpAddr, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

/// How clusters are reached.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Clusters {
    /// What stands behind a cluster.
    pub backend: Backend,
    /// Ranges a cluster may lie in although they are refused by default.
    pub allow_cidrs: Vec<Cidr>,
    /// Every single call to a cluster ends within this time.
    #[serde(with = "humantime_serde")]
    pub deadline: Duration,
}

/// What stands behind a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// API servers, by kubeconfig.
    Kubernetes,
    /// Clusters in memory; only in builds with the feature `simulated`.
    Simulated,
}

/// An address range: address and number of leading bits that count, as in `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cidr {
    /// First address of the range.
    pub address: IpAddr,
    /// Leading bits that count: 0..=32 for IPv4, 0..=128 for IPv6.
    pub bits: u8,
}

impl FromStr for Cidr {
    type Err = InvalidCidr;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, bits) = text.split_once('/').ok_or(InvalidCidr)?;
        let address: IpAddr = address.parse().map_err(|_| InvalidCidr)?;
        let bits: u8 = bits.parse().map_err(|_| InvalidCidr)?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        if bits > width {
            return Err(InvalidCidr);
        }
        Ok(Self { address, bits })
    }
}

impl TryFrom<String> for Cidr {
    type Error = InvalidCidr;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Cidr> for String {
    fn from(cidr: Cidr) -> Self {
        cidr.to_string()
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

/// The text is no address range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an address range such as 10.0.0.0/8")]
pub struct InvalidCidr;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_parsed_whole() {
        assert_eq!(
            "127.0.0.0/8".parse::<Cidr>().unwrap().to_string(),
            "127.0.0.0/8"
        );
        assert_eq!("::1/128".parse::<Cidr>().unwrap().bits, 128);
        for bad in [
            "127.0.0.1",
            "127.0.0.0/33",
            "::1/129",
            "localhost/8",
            "/8",
            "",
        ] {
            assert_eq!(bad.parse::<Cidr>(), Err(InvalidCidr), "{bad}");
        }
    }
}
