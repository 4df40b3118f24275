//! Commands as a person types them.

use std::fs;

use super::*;

fn command(args: &[&str]) -> (bool, String, String) {
    let args = std::iter::once("kubenova-server").chain(args.iter().copied());
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = main(args.map(OsString::from), &mut out, &mut err);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (code == ExitCode::SUCCESS, text(out), text(err))
}

#[test]
fn a_signing_key_is_made_once() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("signing.pem");
    let path = file.to_str().unwrap();
    let (done, out, err) = command(&["keys", "generate", "--kind", "signing", path]);
    assert!(done, "{err}");
    assert_eq!(out, "");
    let key = fs::read(&file).unwrap();
    crate::auth::SigningKey::from_pem(&key).unwrap();
    let (done, _, err) = command(&["keys", "generate", "--kind", "signing", path]);
    assert!(
        !done && err.contains(path) && err.lines().count() == 1,
        "{err}"
    );
    assert_eq!(fs::read(&file).unwrap(), key);
}

#[test]
fn a_sealing_key_is_made_and_read_back() {
    let dir = tempfile::tempdir().unwrap();
    let (file, bad) = (dir.path().join("seal.key"), dir.path().join("bad"));
    let path = file.to_str().unwrap();
    let (done, out, err) = command(&["keys", "generate", "--kind", "seal", path]);
    assert!(done && out.is_empty(), "{err}");
    let set = |file: &std::path::Path| format!("seal.key_files=[\"{}\"]", file.display());
    let (done, _, err) = command(&["check-config", "--set", &set(&file)]);
    assert!(done, "{err}");
    fs::write(&bad, "s3cret").unwrap();
    for file in [bad.as_path(), std::path::Path::new("/nowhere")] {
        let (done, _, err) = command(&["check-config", "--set", &set(file)]);
        assert!(
            !done && err.contains("seal.key_files: ") && !err.contains("s3cret"),
            "{err}"
        );
    }
}

#[test]
fn check_config_shows_what_would_be_used() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("kubenova.toml");
    fs::write(&file, "[log]\nfilter = \"warn\"\n").unwrap();
    let path = file.to_str().unwrap();
    for args in [
        ["--config", path, "check-config"],
        ["check-config", "--config", path],
    ] {
        let (done, out, err) = command(&args);
        assert!(done, "{err}");
        assert!(out.contains("log.filter = \"warn\"\n"), "{out}");
    }
    let (done, out, err) = command(&["check-config", "--set", "http.nonsense=1"]);
    assert!(!done && out.is_empty());
    assert_eq!(err, "kubenova-server: http.nonsense: unknown key (--set)\n");
}

#[test]
fn attack_11_a_bad_signing_key_stops_the_start_and_is_not_printed() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("key");
    for bad in ["", "change-me-super-secret", "short"] {
        fs::write(&file, bad).unwrap();
        let set = format!("auth.signing_key_file=\"{}\"", file.display());
        let (done, _, err) = command(&["check-config", "--set", &set]);
        assert!(!done && err.contains("auth.signing_key_file: "), "{err}");
        assert!(bad.is_empty() || !err.contains(bad), "{err}");
        assert_eq!(err.lines().count(), 1);
    }
}

#[test]
fn the_document_is_printed_and_nothing_else() {
    let (done, out, err) = command(&["openapi"]);
    assert!(done && err.is_empty(), "{err}");
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
}

#[test]
fn tokens_of_the_memory_store_are_refused_by_name() {
    let args = ["token", "issue", "--subject", "s", "--role", "admin"];
    let (done, out, err) = command(&args);
    assert!(
        !done && out.is_empty() && err.contains("store.url: "),
        "{err}"
    );
}

#[test]
fn what_is_no_command_is_explained() {
    let (done, _, err) = command(&["fly"]);
    assert!(!done && err.contains("fly"), "{err}");
    let (done, out, _) = command(&["--version"]);
    assert!(done && out.starts_with("kubenova-server "), "{out}");
}

#[test]
fn rotation_needs_something_that_is_sealed() {
    let (done, out, err) = command(&["keys", "rotate", "--set", "store.url=memory"]);
    assert!(
        !done && out.is_empty() && err.contains("store.url: ") && err.contains("rotate"),
        "{err}"
    );
}
