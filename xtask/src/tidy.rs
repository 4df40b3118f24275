//! House rules that a program can check: sizes, layout, layering. `docs/contributing.md` says why they are there.

pub mod dependencies;
pub mod exceptions;
pub mod imports;
pub mod layout;
pub mod proofs;
pub mod purity;
pub mod references;
pub mod shape;
pub mod source;
pub mod words;

use std::fmt;

use crate::host::{paths, say};
use crate::{Failure, Result};
use source::Source;

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Broken {
    /// File or folder, relative to the workspace.
    pub path: String,
    /// Line, or 0 where the whole is meant.
    pub line: usize,
    /// Name of the rule, as exceptions write it.
    pub rule: &'static str,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: [{}] {}",
            self.path, self.line, self.rule, self.what
        )
    }
}

/// Checks all rules and prints what is broken.
///
/// # Errors
/// When at least one rule is broken, or a file cannot be read.
pub fn run() -> Result<()> {
    let broken = check()?;
    for one in &broken {
        say::result(one.to_string());
    }
    if broken.is_empty() {
        say::result("tidy: all rules hold");
        return Ok(());
    }
    Err(Failure::new(format!("tidy: {} broken rules", broken.len())))
}

/// Everything broken in the workspace that no exception covers, and every exception that covers nothing.
///
/// # Errors
/// When a file cannot be read or cargo does not answer.
pub fn check() -> Result<Vec<Broken>> {
    let root = paths::workspace();
    let sources = Source::all(&root)?;
    let mut broken = layout::check(&root, &sources);
    for source in &sources {
        broken.extend(shape::check(source));
        broken.extend(words::check(source));
        broken.extend(imports::check(source));
        broken.extend(purity::check(source));
    }
    broken.extend(references::check(&root, &sources));
    broken.extend(proofs::check(&root, &sources)?);
    broken.extend(dependencies::check(&root)?);
    let mut left = exceptions::apply(&root, broken)?;
    left.sort();
    Ok(left)
}
