//! The order of imports: the standard library, other people's crates, our crates, this crate.

use std::collections::BTreeSet;

use syn::{Item, UseTree, Visibility};

use super::Broken;
use super::source::Source;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Standard,
    External,
    Ours,
    Local,
}

/// The first import of a file that comes too late, if any.
pub fn check(source: &Source) -> Vec<Broken> {
    let modules: BTreeSet<String> = source.tree.items.iter().filter_map(module).collect();
    let mut last = Group::Standard;
    for item in &source.tree.items {
        let Item::Use(import) = item else { continue };
        if !matches!(import.vis, Visibility::Inherited) {
            continue; // a re-export stands where the reader wants it
        }
        for first in roots(&import.tree) {
            let group = group(&first, &modules);
            if group < last {
                let line = import.use_token.span.start().line;
                let what = format!("`{first}` comes too late: std, external, ours, local");
                return vec![source.broken(line, "import-order", what)];
            }
            last = group;
        }
    }
    Vec::new()
}

fn module(item: &Item) -> Option<String> {
    let Item::Mod(module) = item else { return None };
    Some(module.ident.to_string())
}

fn roots(tree: &UseTree) -> Vec<String> {
    match tree {
        UseTree::Path(path) => vec![path.ident.to_string()],
        UseTree::Name(name) => vec![name.ident.to_string()],
        UseTree::Rename(name) => vec![name.ident.to_string()],
        UseTree::Glob(_) => Vec::new(),
        UseTree::Group(group) => group.items.iter().flat_map(roots).collect(),
    }
}

fn group(first: &str, modules: &BTreeSet<String>) -> Group {
    match first {
        "std" | "core" | "alloc" => Group::Standard,
        "crate" | "self" | "super" => Group::Local,
        local if modules.contains(local) => Group::Local,
        ours if ours == "xtask" || ours.starts_with("kubenova_") => Group::Ours,
        _ => Group::External,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_fine(text: &str) -> bool {
        check(&Source::parse("a/src/x.rs", text).unwrap()).is_empty()
    }

    #[test]
    fn the_order_is_from_far_to_near() {
        assert!(is_fine(
            "use std::a; use serde::b; use kubenova_core::c; use crate::d; use super::e;"
        ));
        assert!(!is_fine("use serde::b; use std::a;"));
        assert!(!is_fine("use crate::d; use serde::b;"));
        assert!(is_fine(
            "mod part; use serde::b; use part::X; use crate::d;"
        ));
        assert!(
            is_fine("use crate::d; pub use serde::b;"),
            "re-exports stand anywhere"
        );
    }
}
