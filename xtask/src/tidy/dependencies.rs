//! Who may depend on what: a table of direct dependencies, and crates that must not be below others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::Broken;
use crate::host::{files, shell};
use crate::{Context as _, Result};

const TABLE: &str = "xtask/tidy-dependencies.txt";
/// One crypto provider, and none with a known timing hole.
const BANNED: [&str; 5] = ["ring", "openssl", "openssl-sys", "native-tls", "rsa"];
/// The domain does no I/O: none of these may be below it, at any depth.
const NOT_IN_CORE: [&str; 6] = ["tokio", "sqlx", "kube", "hyper", "axum", "reqwest"];

type Table = BTreeMap<String, BTreeSet<String>>;

/// Dependencies that no table allows.
///
/// # Errors
/// When cargo does not answer or the table cannot be read.
pub fn check(root: &Path) -> Result<Vec<Broken>> {
    let allowed = parse(&files::read(&root.join(TABLE))?);
    let mut broken = compare(&allowed, &direct(root)?);
    let core = tree(
        root,
        &["-p", "kubenova-core", "-e", "normal", "--all-features"],
    )?;
    for name in NOT_IN_CORE.iter().filter(|name| core.contains(**name)) {
        broken.push(wrong(
            "kubenova-core/Cargo.toml",
            format!("{name} is below the domain"),
        ));
    }
    let all = tree(
        root,
        &["--workspace", "-e", "normal,build", "--all-features"],
    )?;
    for name in BANNED.iter().filter(|name| all.contains(**name)) {
        let what = format!("{name} is banned; `cargo tree -i {name}` says who brings it");
        broken.push(wrong("Cargo.lock", what));
    }
    Ok(broken)
}

fn compare(allowed: &Table, found: &Table) -> Vec<Broken> {
    let mut broken = Vec::new();
    let nothing = BTreeSet::new();
    for (name, has) in found {
        let may = allowed.get(name).unwrap_or(&nothing);
        let file = format!("{name}/Cargo.toml");
        for extra in has.difference(may) {
            broken.push(wrong(&file, format!("{extra} is not in {TABLE}")));
        }
        for unused in may.difference(has) {
            broken.push(wrong(
                TABLE,
                format!("{name} does not use {unused} any more"),
            ));
        }
    }
    broken
}

fn wrong(path: &str, what: String) -> Broken {
    Broken {
        path: path.to_owned(),
        line: 0,
        rule: "dependency",
        what,
    }
}

/// A line a crate: its name, a colon, its direct normal dependencies.
fn parse(text: &str) -> Table {
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    let rows = lines.filter_map(|line| line.split_once(':'));
    rows.map(|(name, uses)| {
        (
            name.trim().to_owned(),
            uses.split_whitespace().map(str::to_owned).collect(),
        )
    })
    .collect()
}

fn direct(root: &Path) -> Result<Table> {
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(root)
        .args(["metadata", "--no-deps", "--format-version", "1"]);
    let about: Value =
        serde_json::from_str(&shell::capture(&mut cargo)?).context("read cargo metadata")?;
    let packages = about["packages"]
        .as_array()
        .context("cargo metadata names no packages")?;
    Ok(packages
        .iter()
        .map(|package| (folder(root, package), normal(package)))
        .collect())
}

/// A member is known by its folder, as the table and the layout name it.
fn folder(root: &Path, package: &Value) -> String {
    let manifest = Path::new(package["manifest_path"].as_str().unwrap_or_default());
    let folder = manifest.parent().unwrap_or(manifest);
    folder
        .strip_prefix(root)
        .unwrap_or(folder)
        .to_string_lossy()
        .into_owned()
}

fn normal(package: &Value) -> BTreeSet<String> {
    let all = package["dependencies"].as_array().into_iter().flatten();
    let normal = all.filter(|one| one["kind"].is_null());
    normal
        .filter_map(|one| one["name"].as_str())
        .map(str::to_owned)
        .collect()
}

/// Names of all crates in a dependency tree.
fn tree(root: &Path, what: &[&str]) -> Result<BTreeSet<String>> {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root).arg("tree").args(what);
    cargo.args(["--prefix", "none", "--format", "{p}", "--target", "all"]);
    let printed = shell::capture(&mut cargo)?;
    let names = printed.lines().filter_map(|line| line.split(' ').next());
    Ok(names.map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_of_the_table_must_match() {
        let allowed = parse("# table\na: x y\n");
        let found = parse("a: y z\n");
        let said: Vec<String> = compare(&allowed, &found)
            .into_iter()
            .map(|one| one.what)
            .collect();
        let (extra, unused) = ("z is not in", "a does not use x");
        assert!(
            said[0].starts_with(extra) && said[1].starts_with(unused),
            "{said:?}"
        );
    }
}
