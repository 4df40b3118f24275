//! Nothing that a cluster sends or is sent comes out in a log, at the finest level (attacks 124 and 129).

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};

use axum::response::IntoResponse;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use kubenova_core::ports::fleet::{Fleet, Refusal};

use crate::server::{ApiServer, TOKEN, status};

/// Everything that is logged, as text.
#[derive(Clone, Default)]
struct Everything(Arc<Mutex<String>>);

impl Visit for Everything {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        writeln!(self.0.lock().unwrap(), "{field}={value:?}").unwrap();
    }
}

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut self.clone());
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn attack_129_answers_that_quote_the_token_are_not_repeated() {
    let heard = Everything::default();
    let listening = tracing::subscriber::set_default(heard.clone());
    let broken = r#"{"kind": 7, "token": "canary-token"}"#;
    let answers: [fn() -> axum::response::Response; 3] = [
        || status(500, "InternalError", "token canary-token"),
        || status(403, "canary-token", "canary-token"),
        || "not even canary-token".into_response(),
    ];
    let mut servers = Vec::new();
    for answer in answers {
        servers.push(ApiServer::scripted(move |_, _| Some(answer())).await);
    }
    servers.push(ApiServer::scripted(move |_, _| Some(broken.into_response())).await);
    for server in &servers {
        let fleet = crate::admit::fleet(std::time::Duration::from_secs(2));
        let candidate = crate::admit::candidate(&server.kubeconfig());
        let Refusal(faults) = fleet.admit(candidate).await.unwrap_err();
        assert!(!format!("{faults:?}").contains("canary"), "{faults:?}");
        assert!(!server.seen().is_empty());
    }
    drop(listening);
    let heard = heard.0.lock().unwrap();
    assert!(!heard.is_empty(), "the listener works");
    let leaks: Vec<&str> = heard.lines().filter(|line| line.contains(TOKEN)).collect();
    assert!(leaks.is_empty(), "{leaks:?}");
}
