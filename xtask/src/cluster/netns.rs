//! Where a cluster lives: on this machine's loopback, or in a network namespace joined to it by one veth pair.
//!
//! In a namespace it reaches nothing but us, and its fixed ports hit nobody.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::host::{packages, settings, shell};
use crate::{Context as _, Failure, Result};

const SLOTS: u8 = 64;

/// Where a cluster lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Network {
    /// On the loopback interface of this machine.
    Host,
    /// In the namespace `kubenova-SLOT`; this machine is 10.200.SLOT.1, the cluster 10.200.SLOT.2.
    Namespace {
        /// Its number.
        slot: u8,
    },
}

impl Network {
    /// Makes a namespace of its own with the lowest free number.
    ///
    /// # Errors
    /// When we are not root, `ip` is missing, or all numbers are taken.
    pub fn namespace() -> Result<Self> {
        if !shell::is_root() {
            return Err(Failure::new(
                "a second cluster lives in a network namespace, which only root can make; \
                 without root there is the one named `default`",
            ));
        }
        packages::program("ip", "iproute2")?;
        let slot = (1..SLOTS).find(|slot| ip(&["netns", "add", &space(*slot)]).is_ok());
        let slot = slot.context("no free network namespace number; see `ip netns list`")?;
        let made = Self::Namespace { slot };
        join(slot).inspect_err(|_| made.remove())?;
        Ok(made)
    }

    /// Address under which this machine reaches the cluster.
    pub fn address(self) -> IpAddr {
        match self {
            Self::Host => IpAddr::V4(Ipv4Addr::LOCALHOST),
            Self::Namespace { slot } => IpAddr::V4(Ipv4Addr::new(10, 200, slot, 2)),
        }
    }

    /// Address the API server binds.
    pub fn bind(self) -> IpAddr {
        match self {
            Self::Host => IpAddr::V4(Ipv4Addr::LOCALHOST),
            Self::Namespace { .. } => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        }
    }

    /// Words that put a program into it.
    pub fn through(self) -> Vec<String> {
        match self {
            Self::Host => Vec::new(),
            Self::Namespace { slot } => {
                let words = [
                    ip_file().display().to_string(),
                    "netns".into(),
                    "exec".into(),
                ];
                words.into_iter().chain([space(slot)]).collect()
            }
        }
    }

    /// Removes it; nothing is left of it afterwards.
    pub fn remove(self) {
        if let Self::Namespace { slot } = self {
            let _ = ip(&["link", "del", &format!("knh{slot}")]);
            let _ = ip(&["netns", "del", &space(slot)]);
        }
    }
}

fn space(slot: u8) -> String {
    format!("kubenova-{slot}")
}

fn join(slot: u8) -> Result<()> {
    let (space, here, there) = (space(slot), format!("knh{slot}"), format!("knp{slot}"));
    ip(&[
        "link", "add", &here, "type", "veth", "peer", "name", &there, "netns", &space,
    ])?;
    ip(&["addr", "add", &format!("10.200.{slot}.1/30"), "dev", &here])?;
    ip(&["link", "set", &here, "up"])?;
    ip(&[
        "-n",
        &space,
        "addr",
        "add",
        &format!("10.200.{slot}.2/30"),
        "dev",
        &there,
    ])?;
    ip(&["-n", &space, "link", "set", &there, "up"])?;
    ip(&["-n", &space, "link", "set", "lo", "up"])?;
    Ok(())
}

fn ip(words: &[&str]) -> Result<String> {
    shell::capture(Command::new(ip_file()).args(words))
}

fn ip_file() -> PathBuf {
    settings::which("ip").unwrap_or_else(|| PathBuf::from("ip"))
}
