//! Where settings come from, which wins, and how a refusal names its key.

use std::{io::Write as _, time::Duration};

use super::*;
use crate::config::Format;

fn env(pairs: &[(&str, &str)]) -> Sources {
    let env = pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    Sources {
        env,
        ..Sources::default()
    }
}

fn refusal(sources: &Sources) -> String {
    sources.load().expect_err("must be refused").to_string()
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

#[test]
fn the_defaults_are_complete_and_accepted() {
    let config = Sources::default().load().unwrap();
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.http.request_timeout, Duration::from_secs(75));
    assert_eq!(config.reconcile.resync, Duration::from_secs(600));
    assert_eq!(config.store.url, StoreUrl::Memory);
}

#[test]
fn later_sources_win() {
    let toml = file("[log]\nfilter = \"from-file\"\n[reconcile]\nworkers = 5\nper_cluster = 2\n");
    let mut sources = env(&[
        ("KUBENOVA__LOG__FILTER", "from-env"),
        ("KUBENOVA__HTTP__INSECURE", "true"),
        (
            "KUBENOVA__CLUSTERS__ALLOW_CIDRS",
            "[\"127.0.0.0/8\", \"::1/128\"]",
        ),
        ("PATH", "/bin"),
    ]);
    sources.file = Some(toml.path().to_owned());
    sources.sets = vec![
        "log.format=json".to_owned(),
        "http.insecure=false".to_owned(),
    ];
    let config = sources.load().unwrap();
    assert_eq!(config.log.filter, "from-env");
    assert_eq!(config.log.format, Format::Json);
    assert_eq!(config.reconcile.workers, 5);
    assert!(!config.http.insecure);
    assert_eq!(config.clusters.allow_cidrs.len(), 2);
}

#[test]
fn attack_17_an_unknown_key_is_refused_by_its_full_name() {
    let off = env(&[("KUBENOVA__AUTH__DISABLED", "true")]);
    assert_eq!(
        refusal(&off),
        "auth.disabled: unknown key (KUBENOVA__AUTH__DISABLED)"
    );
    let section = env(&[("KUBENOVA__NOAUTH__ON", "true")]);
    assert_eq!(
        refusal(&section),
        "noauth: unknown key (KUBENOVA__NOAUTH__ON)"
    );
    let toml = file("[http]\nlisten = \"127.0.0.1:1\"\ntypo = 1\n");
    let sources = Sources {
        file: Some(toml.path().to_owned()),
        ..Sources::default()
    };
    assert!(
        refusal(&sources).starts_with("http.typo: unknown key"),
        "{}",
        refusal(&sources)
    );
    let set = Sources {
        sets: vec!["auth.insecure=true".to_owned()],
        ..Sources::default()
    };
    assert_eq!(refusal(&set), "auth.insecure: unknown key (--set)");
}

#[test]
fn a_wrong_shape_names_the_key_and_never_the_value() {
    for (key, value, named) in [
        ("KUBENOVA__HTTP__LISTEN", "s3cret", "http.listen"),
        (
            "KUBENOVA__HTTP__HEADER_TIMEOUT",
            "soon",
            "http.header_timeout",
        ),
        ("KUBENOVA__STORE__URL", "7381929", "store.url"),
        ("KUBENOVA__LOG__FORMAT", "xml", "log.format"),
        (
            "KUBENOVA__CLUSTERS__ALLOW_CIDRS",
            "[\"s3cret\"]",
            "clusters.allow_cidrs",
        ),
        (
            "KUBENOVA__CLUSTERS__ALLOW_CIDRS",
            "[oops",
            "clusters.allow_cidrs",
        ),
        ("KUBENOVA__RECONCILE__WORKERS", "-1", "reconcile.workers"),
    ] {
        let said = refusal(&env(&[(key, value)]));
        assert!(said.starts_with(named), "{key}: {said}");
        assert!(
            !said.contains(value) && !said.contains('\n'),
            "{key}: {said}"
        );
    }
}

#[test]
fn the_store_address_may_come_from_a_file() {
    let url = file("postgres://u:s3cret@localhost/kn\n");
    let path = url.path().to_str().unwrap();
    let keys = [
        ("KUBENOVA__STORE__URL_FILE", path),
        ("KUBENOVA__AUTH__SIGNING_KEY_FILE", "/k"),
        ("KUBENOVA__SEAL__KEY_FILES", "[\"/s\"]"),
    ];
    let config = env(&keys).load().unwrap();
    assert_eq!(
        config.store.url,
        StoreUrl::Postgres("postgres://u:s3cret@localhost/kn".to_owned())
    );
    let mut out = Vec::new();
    config.show(&mut out).unwrap();
    let shown = String::from_utf8(out).unwrap();
    assert!(!shown.contains("s3cret"), "{shown}");
    assert!(
        shown.contains("store.url = \"postgres://***@localhost/kn\""),
        "{shown}"
    );

    let both = env(&[
        ("KUBENOVA__STORE__URL_FILE", path),
        ("KUBENOVA__STORE__URL", "memory"),
    ]);
    assert!(refusal(&both).starts_with("store.url_file: "));
}

#[test]
fn what_is_shown_can_be_read_back() {
    let mut out = Vec::new();
    Sources::default().load().unwrap().show(&mut out).unwrap();
    let shown = file(&String::from_utf8(out).unwrap());
    let again = Sources {
        file: Some(shown.path().to_owned()),
        ..Sources::default()
    };
    again.load().unwrap();
}
