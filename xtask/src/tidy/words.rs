//! Words of a file: its opening sentence, classed reminders, no test that is left out.

use syn::Attribute;
use syn::visit::{self, Visit};

use super::Broken;
use super::source::Source;

const CLASSES: [&str; 3] = ["(correctness):", "(security):", "(cleanup):"];

/// What one file says wrongly.
pub fn check(source: &Source) -> Vec<Broken> {
    let mut broken = Vec::new();
    if !source.text.starts_with("//! ") {
        broken.push(source.broken(1, "opening", "a file begins with a sentence after `//!`"));
    }
    if source.file() == "mod.rs" {
        broken.push(source.broken(0, "mod-rs", "the module of `foo/` is `foo.rs` beside it"));
    }
    for (nth, line) in source.text.lines().enumerate() {
        let Some(comment) = comment(line) else {
            continue;
        };
        if let Some((_, after)) = comment.split_once(REMINDER)
            && !CLASSES.iter().any(|class| after.starts_with(class))
        {
            let what = "a reminder has a class: correctness, security or cleanup";
            broken.push(source.broken(nth + 1, "reminder", what));
        }
        let fence = comment.trim_start_matches(['/', '!']).trim();
        if fence.starts_with("```") && fence.contains("ignore") {
            broken.push(source.broken(nth + 1, "ignored", "an example is compiled or is no Rust"));
        }
    }
    let mut visitor = Ignored { source, broken };
    visitor.visit_file(&source.tree);
    visitor.broken
}

/// Spelled apart, so that this file does not find itself.
const REMINDER: &str = concat!("TO", "DO");

fn comment(line: &str) -> Option<&str> {
    line.find("//").map(|at| &line[at..])
}

struct Ignored<'a> {
    source: &'a Source,
    broken: Vec<Broken>,
}

impl<'ast> Visit<'ast> for Ignored<'_> {
    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if attribute.path().is_ident("ignore") {
            let line = attribute.pound_token.spans[0].start().line;
            self.broken.push(
                self.source
                    .broken(line, "ignored", "a test runs, or is not there"),
            );
        }
        visit::visit_attribute(self, attribute);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<&'static str> {
        let source = Source::parse(path, text).unwrap();
        check(&source)
            .into_iter()
            .map(|broken| broken.rule)
            .collect()
    }

    #[test]
    fn a_file_opens_with_a_sentence() {
        assert_eq!(rules("a/src/x.rs", "//! It does.\n"), Vec::<&str>::new());
        assert_eq!(rules("a/src/x.rs", "use std::fmt;\n"), ["opening"]);
        assert_eq!(rules("a/src/x/mod.rs", "//! It does.\n"), ["mod-rs"]);
    }

    #[test]
    fn reminders_have_a_class() {
        let with = |class: &str| format!("//! It does.\n// {REMINDER}{class} later\n");
        assert_eq!(
            rules("a/src/x.rs", &with("(security):")),
            Vec::<&str>::new()
        );
        assert_eq!(rules("a/src/x.rs", &with(":")), ["reminder"]);
        assert_eq!(rules("a/src/x.rs", &with("(someday):")), ["reminder"]);
    }

    #[test]
    fn nothing_is_left_out() {
        let test = "//! It does.\n#[test]\n#[ignore]\nfn t() {}\n";
        assert_eq!(rules("a/src/x.rs", test), ["ignored"]);
        let example = "//! It does.\n/// ```ignore\n/// x\n/// ```\nfn t() {}\n";
        assert_eq!(rules("a/src/x.rs", example), ["ignored"]);
    }
}
