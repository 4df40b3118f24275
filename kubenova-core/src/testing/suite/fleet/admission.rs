//! Admission: what is registered is rebuilt and tried, what is refused is refused for one named reason.

use super::FleetGround;
use super::kit::{admitted, ok, plain, refused};
use crate::domain::cluster::ProxyKind;
use crate::ports::fleet::Candidate;
use crate::value::Secret;

/// A cluster that answers is described, and what is stored of it is admitted as the same cluster.
pub async fn what_is_stored_is_good_again(on: &dyn FleetGround) {
    let first = admitted(on, on.good()).await;
    assert!(first.inspection.missing_rights.is_empty());
    assert!(!first.inspection.identity.is_empty() && first.proxy.is_none());
    let again = admitted(on, first.kubeconfig.clone()).await;
    assert_eq!(again.inspection, first.inspection);
    assert_eq!(again.kubeconfig.expose(), first.kubeconfig.expose());
}

/// What is no kubeconfig is refused for its form.
pub async fn nonsense_is_refused(on: &dyn FleetGround) {
    let texts: [&[u8]; 6] = [
        b"",
        b"canary",
        b"[]",
        b"{}",
        b"canary: [",
        b"\xff\xfe\0canary",
    ];
    for text in texts {
        refused(on, plain(Secret::new(text)), "kubeconfig", "format").await;
    }
}

/// A cluster that does not answer is refused for that.
pub async fn silence_is_refused(on: &dyn FleetGround) {
    refused(on, plain(on.dead()), "kubeconfig", "unreachable").await;
}

fn fronted(on: &dyn FleetGround, url: &str) -> Candidate {
    Candidate {
        proxy_url: Some(url.to_owned()),
        proxy_ca: on.front().ca_pem,
        proxy_kind: Some(ProxyKind::Custom),
        ..plain(on.good())
    }
}

/// Proxies are https addresses and nothing else (attack 76), never of kind direct, never without an address, and their
/// CA is one.
pub async fn proxies_are_checked(on: &dyn FleetGround) {
    let front = on.front();
    for (url, class) in [
        ("", "format"),
        ("canary", "format"),
        ("http://proxy.example.com", "format"),
        ("https://proxy.example.com\nexec: canary", "format"),
        ("https://canary:canary@proxy.example.com", "forbidden"),
        ("https://proxy.example.com:0", "format"),
        ("https://proxy.example.com:canary", "format"),
        ("https://proxy.example.com/?canary", "format"),
        ("https://proxy.example.com/#canary", "format"),
        ("https://proxy.example.com/../canary", "format"),
        ("https://proxy.example.com/{{canary}}", "format"),
        ("https://", "address"),
        ("https://a..canary", "address"),
    ] {
        refused(on, fronted(on, url), "proxyUrl", class).await;
    }
    let direct = Candidate {
        proxy_kind: Some(ProxyKind::Direct),
        ..fronted(on, &front.url)
    };
    let no_address = Candidate {
        proxy_url: None,
        ..fronted(on, "")
    };
    for stray in [direct, no_address] {
        refused(on, stray, "proxyUrl", "format").await;
    }
    let no_ca = Candidate {
        proxy_ca: Some("canary".to_owned()),
        ..fronted(on, &front.url)
    };
    refused(on, no_ca, "proxyCa", "format").await;
}

/// What is kept of a proxy is rebuilt; one that says nothing of its kind is a capsule-proxy.
pub async fn proxies_are_rebuilt(on: &dyn FleetGround) {
    let front = on.front();
    let padded = Candidate {
        proxy_ca: front
            .ca_pem
            .as_ref()
            .map(|pem| format!("canary\n{pem}canary\n")),
        ..fronted(on, &format!("{}/", front.url))
    };
    for (kind, expected) in [
        (None, ProxyKind::CapsuleProxy),
        (Some(ProxyKind::CapsuleProxy), ProxyKind::CapsuleProxy),
        (Some(ProxyKind::Custom), ProxyKind::Custom),
    ] {
        let candidate = Candidate {
            proxy_kind: kind,
            ..padded.clone()
        };
        let proxy = ok(on.fleet().admit(candidate).await).proxy;
        let proxy = proxy.unwrap_or_else(|| super::kit::fail("the proxy is kept"));
        assert_eq!((proxy.kind, &proxy.url), (expected, &front.url));
        let lines = |pem: &Option<String>| {
            let text = pem.clone().unwrap_or_default();
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(lines(&proxy.ca_pem), lines(&front.ca_pem));
    }
}
