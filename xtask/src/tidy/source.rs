//! A source file of the workspace, read and parsed once.

use std::path::Path;

use super::Broken;
use crate::host::files;
use crate::{Context as _, Result};

/// Folders that hold our Rust sources.
const ROOMS: [&str; 6] = [
    "kubenova-core",
    "kubenova-store",
    "kubenova-k8s",
    "kubenova-server",
    "examples",
    "xtask",
];

/// A parsed file.
pub struct Source {
    /// Relative to the workspace, with slashes.
    pub path: String,
    /// Its text.
    pub text: String,
    /// Its syntax tree.
    pub tree: syn::File,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Source {
    /// All of them, in order.
    ///
    /// # Errors
    /// When one cannot be read or parsed.
    pub fn all(root: &Path) -> Result<Vec<Self>> {
        let mut found = Vec::new();
        for room in ROOMS {
            walk(root, &root.join(room), &mut found)?;
        }
        found.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(found)
    }

    /// Parses a text as the file at `path`.
    ///
    /// # Errors
    /// When it is no Rust.
    pub fn parse(path: &str, text: &str) -> Result<Self> {
        let tree = syn::parse_file(text).context(format!("parse {path}"))?;
        Ok(Self {
            path: path.to_owned(),
            text: text.to_owned(),
            tree,
        })
    }

    /// A rule that this file breaks.
    pub fn broken(&self, line: usize, rule: &'static str, what: impl Into<String>) -> Broken {
        Broken {
            path: self.path.clone(),
            line,
            rule,
            what: what.into(),
        }
    }

    /// Whether one of its folders has that name.
    pub fn below(&self, folder: &str) -> bool {
        self.path
            .split('/')
            .rev()
            .skip(1)
            .any(|part| part == folder)
    }

    /// Its file name.
    pub fn file(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<Source>) -> Result<()> {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            if entry.file_name() != "target" {
                walk(root, &path, found)?;
            }
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            let name = path
                .strip_prefix(root)
                .unwrap_or(&path)
                .to_string_lossy()
                .into_owned();
            found.push(Source::parse(&name, &files::read(&path)?)?);
        }
    }
    Ok(())
}
