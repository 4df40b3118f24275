//! Rooms that only compute: what a manifest, a plan, a policy or a value is, never depends on waiting.

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

use super::Broken;
use super::source::Source;

const PURE: [&str; 5] = ["manifest", "observed", "plan", "access", "value"];
/// The only places of the server that may name an adapter: where it is put together, and the commands around it.
const COMPOSING: [&str; 3] = ["wire", "cli", "it"];

/// What breaks the purity of one file's room.
pub fn check(source: &Source) -> Vec<Broken> {
    let mut broken = Vec::new();
    if source.path.contains("/src/") && PURE.iter().any(|room| source.below(room)) {
        let mut visitor = Waiting { source, broken };
        visitor.visit_file(&source.tree);
        broken = visitor.broken;
    }
    broken.extend(composition(source));
    broken
}

fn composition(source: &Source) -> Option<Broken> {
    let composes = COMPOSING.iter().any(|room| source.below(room))
        || matches!(source.file(), "wire.rs" | "cli.rs" | "main.rs");
    if !source.path.starts_with("kubenova-server/src/") || composes {
        return None;
    }
    let names = |line: &str| {
        let code = line.split("//").next().unwrap_or_default();
        code.contains("kubenova_store::") || code.contains("kubenova_k8s::")
    };
    let line = source.text.lines().position(names)? + 1;
    Some(source.broken(
        line,
        "composition",
        "only wire.rs and the commands name an adapter",
    ))
}

struct Waiting<'a> {
    source: &'a Source,
    broken: Vec<Broken>,
}

impl Waiting<'_> {
    fn found(&mut self, line: usize, what: &str) {
        self.broken.push(self.source.broken(
            line,
            "purity",
            format!("{what} in a room that only computes"),
        ));
    }
}

impl<'ast> Visit<'ast> for Waiting<'_> {
    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        if let Some(word) = signature.asyncness {
            self.found(word.span.start().line, "async");
        }
        visit::visit_signature(self, signature);
    }

    fn visit_expr_async(&mut self, block: &'ast syn::ExprAsync) {
        self.found(block.async_token.span.start().line, "async");
        visit::visit_expr_async(self, block);
    }

    fn visit_expr_await(&mut self, wait: &'ast syn::ExprAwait) {
        self.found(wait.await_token.span.start().line, "await");
        visit::visit_expr_await(self, wait);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path
            .segments
            .last()
            .is_some_and(|last| last.ident == "Client")
        {
            self.found(path.span().start().line, "a client");
        }
        visit::visit_path(self, path);
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
    fn pure_rooms_do_not_wait() {
        assert_eq!(
            rules("kubenova-k8s/src/manifest/x.rs", "async fn f() {}"),
            ["purity"]
        );
        assert_eq!(
            rules(
                "kubenova-k8s/src/manifest/x.rs",
                "fn f(c: &kube::Client) {}"
            ),
            ["purity"]
        );
        assert_eq!(
            rules("kubenova-k8s/src/tenancy/x.rs", "async fn f() {}"),
            Vec::<&str>::new()
        );
    }

    #[test]
    fn only_the_composition_root_names_adapters() {
        let text = "use kubenova_store::MemoryStore;";
        assert_eq!(
            rules("kubenova-server/src/route/x.rs", text),
            ["composition"]
        );
        assert_eq!(
            rules("kubenova-server/src/wire.rs", text),
            Vec::<&str>::new()
        );
    }
}
