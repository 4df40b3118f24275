//! `docs/security.md`: every test it names exists, and no attack is without a test or the reason why there is none.

use std::path::Path;

use syn::visit::Visit;
use syn::{Attribute, ItemFn};

use super::Broken;
use super::source::Source;
use crate::Result;
use crate::host::files;

const PAGE: &str = "docs/security.md";

/// Names of tests that are not there, and rows that prove nothing.
///
/// # Errors
/// When the page cannot be read.
pub fn check(root: &Path, sources: &[Source]) -> Result<Vec<Broken>> {
    Ok(compare(&files::read(&root.join(PAGE))?, sources))
}

fn compare(page: &str, sources: &[Source]) -> Vec<Broken> {
    let mut broken = Vec::new();
    for (nth, line) in page.lines().enumerate() {
        let wrong = |what: String| Broken {
            path: PAGE.to_owned(),
            line: nth + 1,
            rule: "proof",
            what,
        };
        let named = tests_in(line);
        for (path, name) in &named {
            if !is_there(sources, path, name) {
                broken.push(wrong(format!("there is no test {path}::{name}")));
            }
        }
        if let Some(said) = proof_of(line) {
            let later = ["with ", "not tested yet"];
            if named.is_empty() && !later.iter().any(|word| said.contains(word)) {
                broken.push(wrong("a row without a test says why".to_owned()));
            }
        }
    }
    broken
}

/// Every `` `path.rs::name` `` of a line.
fn tests_in(line: &str) -> Vec<(&str, &str)> {
    let quoted = line.split('`').skip(1).step_by(2);
    let split = |text: &'_ str| text.find(".rs::").map(|at| at + 3);
    quoted
        .filter_map(|text| split(text).map(|at| (&text[..at], &text[at + 2..])))
        .collect()
}

/// The last cell of a row whose first cell is an id.
fn proof_of(line: &str) -> Option<&str> {
    let cells: Vec<_> = line.strip_prefix("| ")?.split(" | ").collect();
    let [id, _, proof] = cells.as_slice() else {
        return None;
    };
    let digits = id.strip_prefix('F').unwrap_or(id);
    digits
        .starts_with(|c: char| c.is_ascii_digit())
        .then_some(proof)
}

fn is_there(sources: &[Source], path: &str, name: &str) -> bool {
    let mut looking = Looking { name, found: false };
    for source in sources.iter().filter(|source| source.path == path) {
        looking.visit_file(&source.tree);
    }
    looking.found
}

/// Looks for a test function of one name, at any depth.
struct Looking<'a> {
    name: &'a str,
    found: bool,
}

impl<'ast> Visit<'ast> for Looking<'_> {
    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.found |= function.sig.ident == self.name && function.attrs.iter().any(is_test);
        syn::visit::visit_item_fn(self, function);
    }

    /// Properties stand inside a macro, whose words are no syntax tree.
    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        let words = called.tokens.to_string();
        self.found |= words.contains("[test]") && words.contains(&format!("fn {}", self.name));
    }
}

/// `#[test]`, `#[tokio::test]`, with or without arguments.
fn is_test(attribute: &Attribute) -> bool {
    let last = attribute.path().segments.last();
    last.is_some_and(|segment| segment.ident == "test")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources() -> [Source; 1] {
        let text = "mod tests { #[tokio::test(flavor = \"multi_thread\")] async fn attack_1() {} fn helper() {} \
            proptest! { #[test] fn attack_2(a in 0..9) {} } }";
        [Source::parse("a/b.rs", text).unwrap()]
    }

    #[test]
    fn a_test_that_is_not_there_is_named() {
        let page =
            "| 1 | x | `a/b.rs::attack_1` |\n| 2 | y | `a/b.rs::helper`<br>`a/c.rs::attack_1` |\n";
        let found = compare(page, &sources());
        let lines: Vec<_> = found.iter().map(|one| one.line).collect();
        assert_eq!(lines, [2, 2], "{found:?}");
        assert!(found[0].what.contains("a/b.rs::helper"));
    }

    #[test]
    fn a_row_proves_something_or_says_why_not() {
        let page = "| Id | Attempt | Proof |\n|---|---|---|\n| 3 | x | with apps |\n| F4 | y | – |\n| word | z | – |\n";
        let found = compare(page, &sources());
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].line, 4);
    }
}
