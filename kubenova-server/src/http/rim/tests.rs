//! What holds for every answer, shown on a router of three routes.

use std::{future::pending, sync::Mutex};

use axum::{
    Router,
    body::{Body, to_bytes},
    middleware,
    routing::{get, post},
};
use serde_json::Value;
use tower::ServiceExt as _;

use super::*;
use crate::SystemIds;

type Seen = Arc<Mutex<Vec<(u16, String)>>>;

async fn panics() -> StatusCode {
    panic!("canary")
}

fn app(seen: &Seen) -> Router {
    let seen = Arc::clone(seen);
    let rim = Rim {
        ids: Arc::new(SystemIds),
        deadline: Duration::from_secs(75),
        refused: Arc::new(move |refused: Refused| {
            seen.lock()
                .unwrap()
                .push((refused.status.as_u16(), refused.path));
        }),
    };
    Router::new()
        .route("/ok", get(|| async { "fine" }))
        .route("/panic", post(panics))
        .route("/stuck", get(pending::<()>))
        .fallback(no_route)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(Arc::new(rim), super::rim))
}

async fn ask(method: &str, path: &str, id: Option<&str>) -> (StatusCode, HeaderMap, String) {
    let seen = Seen::default();
    let mut request = Request::builder().method(method).uri(path);
    if let Some(id) = id {
        request = request.header(&REQUEST_ID, id);
    }
    let answer = app(&seen)
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    let (head, body) = answer.into_parts();
    let refusals = seen.lock().unwrap().clone();
    let expected: Vec<_> = if head.status.is_success() {
        Vec::new()
    } else {
        vec![(head.status.as_u16(), path.to_owned())]
    };
    assert_eq!(refusals, expected);
    let text = to_bytes(body, 10_000).await.unwrap();
    (
        head.status,
        head.headers,
        String::from_utf8(text.to_vec()).unwrap(),
    )
}

fn code(text: &str) -> String {
    let envelope: Value = serde_json::from_str(text).expect("an envelope");
    assert!(envelope["message"].is_string());
    envelope["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_request_id_is_taken_or_made_and_always_echoed() {
    for (method, path) in [
        ("GET", "/ok"),
        ("GET", "/none"),
        ("PUT", "/ok"),
        ("POST", "/panic"),
    ] {
        let (_, headers, _) = ask(method, path, Some("Mine.1_2-3")).await;
        assert_eq!(headers[&REQUEST_ID], "Mine.1_2-3");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    }
    for bad in ["", "a b", "a;b", "<script>", &"a".repeat(129)] {
        let (_, headers, _) = ask("GET", "/ok", Some(bad)).await;
        let made = headers[&REQUEST_ID].to_str().unwrap();
        assert!(made != bad && made.len() == 36, "{made}");
    }
}

#[tokio::test]
async fn attack_147_a_panic_is_500_without_its_text() {
    let (status, _, text) = ask("POST", "/panic", None).await;
    assert_eq!((status.as_u16(), code(&text).as_str()), (500, "KN-500"));
    assert!(!text.contains("canary"));
}

#[tokio::test]
async fn attack_40_wrong_methods_are_405_and_head_is_get() {
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"] {
        let (status, headers, text) = ask(method, "/ok", None).await;
        assert_eq!(
            (status.as_u16(), code(&text).as_str()),
            (405, "KN-405"),
            "{method}"
        );
        assert_eq!(headers[header::ALLOW], "GET,HEAD");
    }
    let (status, _, text) = ask("HEAD", "/ok", None).await;
    assert_eq!((status.as_u16(), text.as_str()), (200, ""));
}

#[tokio::test]
async fn unknown_routes_are_404_with_a_trailing_slash_too() {
    for path in ["/", "/none", "/ok/", "/OK", "//ok", "/ok%2f"] {
        let (status, _, text) = ask("GET", path, None).await;
        assert_eq!(
            (status.as_u16(), code(&text).as_str()),
            (404, "KN-404"),
            "{path}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_begin_is_503() {
    let (status, headers, text) = ask("GET", "/stuck", None).await;
    assert_eq!((status.as_u16(), code(&text).as_str()), (503, "KN-503"));
    assert!(headers.contains_key(header::RETRY_AFTER));
}
