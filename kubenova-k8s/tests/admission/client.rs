//! Clients: what they repeat, and what they never do.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::http::HeaderValue;
use axum::response::Response;
use http::Request;
use kube::client::Body;
use kubenova_core::value::Secret;
use kubenova_k8s::client::{ClientOptions, connect};
use kubenova_k8s::kubeconfig::{AddressPolicy, parse};

use crate::server::{ApiServer, status};

/// A server that is busy for so many requests, with this `Retry-After`, and a client of it.
async fn busy(times: usize, code: u16, wish: &'static str) -> (ApiServer, kube::Client) {
    let left = Arc::new(AtomicUsize::new(times));
    let server = ApiServer::scripted(move |_, _| {
        let count = |left: usize| left.checked_sub(1);
        let busy = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, count);
        busy.is_ok().then(|| {
            let mut answer = status(code, "TooManyRequests", "busy");
            let wish = HeaderValue::from_static(wish);
            answer.headers_mut().insert("retry-after", wish);
            answer
        })
    })
    .await;
    let access = parse(&Secret::new(server.kubeconfig())).unwrap();
    let loopback = AddressPolicy::new(vec![("127.0.0.0".parse().unwrap(), 8)]);
    let options = ClientOptions::new(loopback, Duration::from_secs(10));
    let client = connect(&access, &options).unwrap();
    (server, client)
}

async fn send(client: &kube::Client, method: &str, kind: &str) -> Response<Body> {
    let request = Request::builder().method(method).uri("/version");
    let request = request.header("content-type", kind);
    client
        .send(request.body(Body::empty()).unwrap())
        .await
        .unwrap()
}

#[tokio::test]
async fn what_is_idempotent_is_repeated_a_few_times() {
    let (server, client) = busy(2, 429, "0").await;
    assert_eq!(send(&client, "GET", "x").await.status(), 200);
    assert_eq!(server.seen().len(), 3);
    let (server, client) = busy(2, 503, "0").await;
    send(&client, "PATCH", "application/apply-patch+yaml").await;
    assert_eq!(server.seen().len(), 3);
    let (server, client) = busy(9, 504, "0").await;
    assert_eq!(send(&client, "DELETE", "x").await.status(), 504);
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn what_is_not_idempotent_is_sent_once() {
    for (method, kind) in [
        ("POST", "application/json"),
        ("PATCH", "application/merge-patch+json"),
    ] {
        let (server, client) = busy(1, 429, "0").await;
        assert_eq!(send(&client, method, kind).await.status(), 429);
        assert_eq!(server.seen().len(), 1, "{method}");
    }
}

#[tokio::test]
async fn a_server_cannot_make_us_wait_for_a_day() {
    let (server, client) = busy(1, 429, "86400").await;
    assert_eq!(send(&client, "GET", "x").await.status(), 429);
    assert_eq!(server.seen().len(), 1);
}
