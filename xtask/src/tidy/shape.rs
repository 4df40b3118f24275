//! Sizes: lines of a file and of a function, arguments, methods of a port; `lib.rs` is a table of contents.

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{Block, FnArg, Item, Signature};

use super::Broken;
use super::source::Source;

const FILE_LINES: usize = 400;
const FUNCTION_LINES: usize = 60;
const ARGUMENTS: usize = 5;
const PORT_METHODS: usize = 8;

/// What is too large in one file.
pub fn check(source: &Source) -> Vec<Broken> {
    let mut broken = Vec::new();
    let lines = source.text.lines().count();
    if lines > FILE_LINES {
        let what = format!("{lines} lines, at most {FILE_LINES}");
        broken.push(source.broken(0, "file-size", what));
    }
    if source.file() == "lib.rs" {
        for item in source.tree.items.iter().filter(|item| !is_contents(item)) {
            let line = item.span().start().line;
            broken.push(source.broken(
                line,
                "lib-contents",
                "lib.rs holds modules and re-exports only",
            ));
        }
    }
    let mut visitor = Functions { source, broken };
    visitor.visit_file(&source.tree);
    visitor.broken
}

fn is_contents(item: &Item) -> bool {
    if let Item::Mod(module) = item {
        return module.content.is_none();
    }
    matches!(item, Item::Use(_) | Item::ExternCrate(_))
}

struct Functions<'a> {
    source: &'a Source,
    broken: Vec<Broken>,
}

impl Functions<'_> {
    fn function(&mut self, signature: &Signature, body: Option<&Block>) {
        let begin = signature.span().start().line;
        let arguments = signature
            .inputs
            .iter()
            .filter(|arg| matches!(arg, FnArg::Typed(_)))
            .count();
        if arguments > ARGUMENTS {
            let what = format!(
                "{} takes {arguments} arguments, at most {ARGUMENTS}",
                signature.ident
            );
            self.broken
                .push(self.source.broken(begin, "arguments", what));
        }
        let Some(body) = body else { return };
        let lines = body.span().end().line + 1 - begin;
        if lines > FUNCTION_LINES {
            let what = format!(
                "{} has {lines} lines, at most {FUNCTION_LINES}",
                signature.ident
            );
            self.broken
                .push(self.source.broken(begin, "function-size", what));
        }
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig, Some(&item.block));
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig, Some(&item.block));
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.function(&item.sig, item.default.as_ref());
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        let methods = item
            .items
            .iter()
            .filter(|one| matches!(one, syn::TraitItem::Fn(_)))
            .count();
        if self.source.below("ports") && methods > PORT_METHODS {
            let line = item.ident.span().start().line;
            let what = format!(
                "{} has {methods} methods, at most {PORT_METHODS}",
                item.ident
            );
            self.broken
                .push(self.source.broken(line, "port-size", what));
        }
        visit::visit_item_trait(self, item);
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
    fn long_files_and_functions_are_found() {
        let function = |lines: usize| format!("fn f() {{\n{}}}\n", "let _x = 1;\n".repeat(lines));
        assert_eq!(rules("a/src/x.rs", &function(58)), Vec::<&str>::new());
        assert_eq!(rules("a/src/x.rs", &function(59)), ["function-size"]);
        assert_eq!(rules("a/src/x.rs", &"// x\n".repeat(401)), ["file-size"]);
    }

    #[test]
    fn self_is_no_argument() {
        let text = "impl T { fn f(&self, a: A, b: A, c: A, d: A, e: A) {} }";
        assert_eq!(rules("a/src/x.rs", text), Vec::<&str>::new());
        let text = "fn f(a: A, b: A, c: A, d: A, e: A, f: A) {}";
        assert_eq!(rules("a/src/x.rs", text), ["arguments"]);
    }

    #[test]
    fn ports_are_small() {
        let methods: String = (0..9).map(|nth| format!("fn f{nth}(&self);")).collect();
        let text = format!("trait Big {{ {methods} }}");
        assert_eq!(rules("kubenova-core/src/ports/x.rs", &text), ["port-size"]);
        assert_eq!(
            rules("kubenova-core/src/value/x.rs", &text),
            Vec::<&str>::new()
        );
    }

    #[test]
    fn lib_is_a_table_of_contents() {
        assert_eq!(
            rules("a/src/lib.rs", "pub mod x; pub use x::Y;"),
            Vec::<&str>::new()
        );
        assert_eq!(rules("a/src/lib.rs", "pub struct X;"), ["lib-contents"]);
    }
}
