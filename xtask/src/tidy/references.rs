//! Things that need a partner: a port its conformance suite, a public code its page.

use std::collections::BTreeMap;
use std::path::Path;

use syn::{Item, Visibility};

use super::Broken;
use super::source::Source;

/// Ports without a suite and codes without a page.
pub fn check(root: &Path, sources: &[Source]) -> Vec<Broken> {
    let mut broken = lonely_ports(sources);
    for (code, (path, line)) in codes(sources) {
        if !root.join(format!("docs/errors/{code}.md")).is_file() {
            let what = format!("{code} has no page docs/errors/{code}.md");
            broken.push(Broken {
                path,
                line,
                rule: "code-page",
                what,
            });
        }
    }
    broken
}

fn lonely_ports(sources: &[Source]) -> Vec<Broken> {
    let suites = || {
        sources
            .iter()
            .filter(|source| source.path.contains("/testing/suite"))
    };
    let mut broken = Vec::new();
    for source in sources
        .iter()
        .filter(|source| source.path.starts_with("kubenova-core/src/ports"))
    {
        for item in &source.tree.items {
            let Item::Trait(port) = item else { continue };
            // a trait without methods is a sum of others, each with its own suite
            let is_port = matches!(port.vis, Visibility::Public(_)) && !port.items.is_empty();
            let calls = methods(port);
            let called = |suite: &Source| calls.iter().any(|call| suite.text.contains(call));
            if is_port && !suites().any(called) {
                let line = port.ident.span().start().line;
                let what = format!("no suite calls a method of {}", port.ident);
                broken.push(source.broken(line, "port-suite", what));
            }
        }
    }
    broken
}

/// How calls of a trait's methods read.
fn methods(port: &syn::ItemTrait) -> Vec<String> {
    let mut calls = Vec::new();
    for item in &port.items {
        if let syn::TraitItem::Fn(function) = item {
            calls.push(format!(".{}(", function.sig.ident));
        }
    }
    calls
}

/// Every `KN-…` in a string of the server, with the first place that says it.
fn codes(sources: &[Source]) -> BTreeMap<String, (String, usize)> {
    let mut found = BTreeMap::new();
    for source in sources.iter().filter(|one| says_codes(one)) {
        for (nth, line) in source.text.lines().enumerate() {
            for part in line.split("\"KN-").skip(1) {
                let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
                if !digits.is_empty() {
                    let at = (source.path.clone(), nth + 1);
                    found.entry(format!("KN-{digits}")).or_insert(at);
                }
            }
        }
    }
    found
}

fn says_codes(source: &Source) -> bool {
    source.path.starts_with("kubenova-server/src") && source.file() != "tests.rs"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_from_strings() {
        let text = "fn f() { g(\"KN-404\"); }\n// KN-999 in a comment\n";
        let source = Source::parse("kubenova-server/src/http/problem.rs", text).unwrap();
        let found = codes(&[source]);
        assert_eq!(found.keys().collect::<Vec<_>>(), ["KN-404"]);
    }

    #[test]
    fn a_port_needs_a_suite() {
        let port = "pub trait Lonely { fn f(&self); }";
        let port = Source::parse("kubenova-core/src/ports/x.rs", port).unwrap();
        let suite = "fn run(port: &dyn Lonely) { port.f(); }";
        let suite = Source::parse("kubenova-core/src/testing/suite/x.rs", suite).unwrap();
        assert_eq!(lonely_ports(std::slice::from_ref(&port)).len(), 1);
        assert_eq!(lonely_ports(&[port, suite]).len(), 0);
    }
}
