//! Where things lie: few files a folder, and a top level that holds what is listed.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use super::Broken;
use super::source::Source;
use crate::host::shell;

const FOLDER_FILES: usize = 12;

/// Everything that may lie at the top of the repository.
const TOP: [&str; 22] = [
    ".cargo",
    ".ci",
    ".git",
    ".github",
    ".gitignore",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "clippy.toml",
    "deny.toml",
    "deploy",
    "docs",
    "examples",
    "kubenova-core",
    "kubenova-k8s",
    "kubenova-server",
    "kubenova-store",
    "rustfmt.toml",
    "target",
    "xtask",
];

/// Crowded folders, and strangers at the top level.
pub fn check(root: &Path, sources: &[Source]) -> Vec<Broken> {
    let mut broken = crowded(sources.iter().map(|source| source.path.as_str()));
    let is_stranger = |name: &String| !TOP.contains(&name.as_str());
    for path in top_level(root).into_iter().filter(is_stranger) {
        let what = "does not belong at the top level (xtask/src/tidy/layout.rs lists what does)";
        broken.push(Broken {
            path,
            line: 0,
            rule: "top-level",
            what: what.to_owned(),
        });
    }
    broken
}

/// What is tracked, or would be: what git ignores does not count.
fn top_level(root: &Path) -> Vec<String> {
    let mut git = Command::new("git");
    git.current_dir(root)
        .args(["ls-files", "--cached", "--others", "--exclude-standard"]);
    let listed = shell::capture(&mut git).unwrap_or_default();
    let mut names: Vec<String> = listed
        .lines()
        .filter_map(|path| path.split('/').next())
        .map(str::to_owned)
        .collect();
    if names.is_empty() {
        let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
        names = entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
    }
    names.sort();
    names.dedup();
    names
}

fn crowded<'a>(paths: impl Iterator<Item = &'a str>) -> Vec<Broken> {
    let mut folders: BTreeMap<&str, usize> = BTreeMap::new();
    for path in paths {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        *folders.entry(folder).or_default() += 1;
    }
    let too_many = folders
        .into_iter()
        .filter(|(_, count)| *count > FOLDER_FILES);
    too_many
        .map(|(folder, count)| Broken {
            path: folder.to_owned(),
            line: 0,
            rule: "folder-size",
            what: format!("{count} source files, at most {FOLDER_FILES}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thirteenth_file_is_one_too_many() {
        let files: Vec<String> = (0..13).map(|nth| format!("a/src/f{nth}.rs")).collect();
        assert_eq!(crowded(files.iter().map(String::as_str)).len(), 1);
        assert_eq!(crowded(files[1..].iter().map(String::as_str)).len(), 0);
    }
}
