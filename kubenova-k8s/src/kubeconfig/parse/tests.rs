//! Hostile kubeconfigs.

use proptest::prelude::*;

use super::*;

const CLEAN: &str = "
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: 'https://k8s.example.com:6443'}}]
users: [{name: u, user: {token: canary-token}}]
contexts: [{name: x, context: {cluster: c, user: u, namespace: n}}]
current-context: x
";

fn read(text: &str) -> Result<ClusterAccess, Refused> {
    parse(&Secret::new(text))
}

/// Refused with this class, and without a word of the text.
fn refused(text: &str, class: Class) {
    let no = read(text).expect_err(text);
    assert_eq!(no.class, class, "{text}: {no}");
    assert!(!no.to_string().contains("canary"), "{no}");
}

fn with(from: &str, to: &str) -> String {
    assert!(CLEAN.contains(from), "{from}");
    CLEAN.replace(from, to)
}

#[test]
fn a_clean_kubeconfig_is_read() {
    let access = read(CLEAN).unwrap();
    assert_eq!(access.endpoint.url(), "https://k8s.example.com:6443");
    assert!(matches!(access.credential, Credential::Token(_)));
}

#[test]
fn attack_50_exec() {
    refused(
        &with("token: canary-token", "exec: {command: canary}"),
        Class::Forbidden,
    );
    refused(
        &with(
            "users: [",
            "users: [{name: hidden, user: {exec: {command: canary}}}, ",
        ),
        Class::Forbidden,
    );
}

#[test]
fn attack_51_auth_provider() {
    let evil = "auth-provider: {name: gcp, config: {cmd-path: canary}}";
    refused(&with("token: canary-token", evil), Class::Forbidden);
}

#[test]
fn attack_53_files() {
    for field in ["tokenFile", "client-certificate", "client-key"] {
        refused(
            &with("token: canary-token", &format!("{field}: /canary")),
            Class::Forbidden,
        );
    }
    refused(
        &with(
            "cluster: {server",
            "cluster: {certificate-authority: /canary, server",
        ),
        Class::Forbidden,
    );
}

#[test]
fn attack_55_proxy_url() {
    for scheme in ["http", "https", "socks5"] {
        let evil = format!("cluster: {{proxy-url: '{scheme}://canary', server");
        refused(&with("cluster: {server", &evil), Class::Forbidden);
    }
}

#[test]
fn attack_56_schemes() {
    for server in [
        "http://canary",
        "unix:/canary",
        "ftp://canary",
        "canary",
        "''",
    ] {
        refused(
            &with("'https://k8s.example.com:6443'", server),
            Class::Format,
        );
    }
    refused(
        &with("https://k8s", "https://canary:canary@k8s"),
        Class::Forbidden,
    );
}

#[test]
fn attack_62_insecure() {
    for value in ["true", "'true'", "yes", "1"] {
        let evil = format!("cluster: {{insecure-skip-tls-verify: {value}, server");
        refused(&with("cluster: {server", &evil), Class::Forbidden);
    }
    assert!(
        read(&with(
            "cluster: {server",
            "cluster: {insecure-skip-tls-verify: false, server"
        ))
        .is_ok()
    );
}

#[test]
fn attack_66_two_documents() {
    let evil = with("token: canary-token", "exec: {command: canary}");
    refused(&format!("{CLEAN}\n---\n{evil}"), Class::Format);
    refused(&format!("{evil}\n---\n{CLEAN}"), Class::Format);
}

#[test]
fn attack_68_unknown_fields() {
    for field in ["execV2: {command: canary}", "extensions: [{name: canary}]"] {
        refused(&with("token: canary-token", field), Class::Forbidden);
        refused(&format!("{CLEAN}{field}\n"), Class::Forbidden);
    }
    refused(
        &with("name: c, cluster", "name: c, extensions: [], cluster"),
        Class::Forbidden,
    );
    refused(
        &with(
            "token: canary-token",
            "token: canary-token, as: system:admin",
        ),
        Class::Forbidden,
    );
    refused(
        &with("token: canary-token", "username: canary, password: canary"),
        Class::Forbidden,
    );
}

#[test]
fn attack_70_alias_bombs() {
    let mut bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for (one, next) in [
        ("a", "b"),
        ("b", "c"),
        ("c", "d"),
        ("d", "e"),
        ("e", "f"),
        ("f", "g"),
    ] {
        bomb.push_str(&format!(
            "{next}: &{next} [*{one},*{one},*{one},*{one},*{one},*{one},*{one}]\n"
        ));
    }
    refused(&bomb, Class::Format);
    refused(
        &format!("{}{}", "[".repeat(5000), "]".repeat(5000)),
        Class::Format,
    );
    refused(&"x".repeat(MAX_BYTES + 1), Class::Format);
}

#[test]
fn what_says_two_things_says_nothing() {
    refused(
        &with("token: canary-token", "token: canary-token, token: other"),
        Class::Format,
    );
    refused(
        &with("users: [", "users: [{name: u, user: {token: canary}}, "),
        Class::Format,
    );
    refused(
        &with("current-context: x", "current-context: y"),
        Class::Format,
    );
    refused(&with("current-context: x", ""), Class::Format);
    refused(&with("user: u", "user: v"), Class::Format);
    refused(&with("token: canary-token", "token: ''"), Class::Format);
    refused(
        &with("token: canary-token", "client-certificate-data: Y2FuYXJ5"),
        Class::Format,
    );
    refused(
        &with("{server", "{certificate-authority-data: '!', server"),
        Class::Format,
    );
    refused(
        &with("{server", "{certificate-authority-data: Y2FuYXJ5, server"),
        Class::Format,
    );
}

#[test]
fn what_is_stored_reads_back_to_the_same() {
    let key = rcgen::KeyPair::generate().unwrap();
    let cert = rcgen::CertificateParams::new(vec!["a".into()])
        .unwrap()
        .self_signed(&key)
        .unwrap();
    let access = ClusterAccess {
        endpoint: Endpoint::parse("https://10.0.0.1:6443/p").unwrap(),
        ca_pem: Some(certificates(cert.pem().as_bytes(), "x").unwrap()),
        tls_server_name: Some("a.b".into()),
        credential: Credential::Certificate {
            cert: certificates(cert.pem().as_bytes(), "x").unwrap(),
            key: private_key(key.serialize_pem().as_bytes(), "x").unwrap(),
        },
    };
    let stored = access.to_stored();
    let again = parse(&stored).unwrap().to_stored();
    assert_eq!(stored.expose(), again.expose());
}

proptest! {
    #[test]
    fn no_text_panics(text in ".{0,200}") {
        let _ = read(&text);
    }
}
