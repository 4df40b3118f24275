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
    let began = std::time::Instant::now();
    refused(&bomb, Class::Format);
    assert!(began.elapsed() < std::time::Duration::from_millis(250));
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

/// PEM that holds no X.509, and a key that is somebody else's, are told at once and not at the first connection.
#[test]
fn certificates_are_read_and_keys_compared() {
    let pem = |key: &rcgen::KeyPair| {
        let params = rcgen::CertificateParams::new(vec!["a".into()]).unwrap();
        params.self_signed(key).unwrap().pem()
    };
    let (one, other) = (
        rcgen::KeyPair::generate().unwrap(),
        rcgen::KeyPair::generate().unwrap(),
    );
    let user = |cert: &str, key: &str| {
        let (cert, key) = (BASE64.encode(cert), BASE64.encode(key));
        let user = format!("client-certificate-data: {cert}, client-key-data: {key}");
        with("token: canary-token", &user)
    };
    assert!(read(&user(&pem(&one), &one.serialize_pem())).is_ok());
    refused(&user(&pem(&one), &other.serialize_pem()), Class::Format);
    let junk = "-----BEGIN CERTIFICATE-----\nY2FuYXJ5\n-----END CERTIFICATE-----\n";
    refused(&user(junk, &one.serialize_pem()), Class::Format);
}

fn access_of(host: &str, port: u16, path: &str, token: &str) -> ClusterAccess {
    ClusterAccess {
        endpoint: Endpoint::parse(&format!("https://{host}:{port}{path}")).unwrap(),
        ca_pem: None,
        tls_server_name: None,
        credential: Credential::Token(Secret::new(token)),
    }
}

proptest! {
    #[test]
    fn what_is_stored_is_read_as_exactly_that(
        host in "[a-z]{1,9}(\\.[a-z]{1,9}){0,2}", port in 1_u16.., path in "(/[a-z0-9.~_-]{0,3}[a-z]){0,3}",
        token in "[!-~]{1,60}",
    ) {
        let access = access_of(&host, port, &path, &token);
        let again = parse(&access.to_stored()).unwrap();
        prop_assert_eq!(&again.endpoint, &access.endpoint);
        let Credential::Token(found) = again.credential else { panic!("a token") };
        prop_assert_eq!(found.expose(), token.as_bytes());
    }
    #[test]
    fn no_text_panics(text in ".{0,200}") {
        let _ = read(&text);
    }
}
