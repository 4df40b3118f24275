//! What a hostile or unlucky peer can make a connection do.

use axum::routing::get;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpSocket,
    sync::Notify,
    task::JoinHandle,
};

use super::*;

const SOON: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(20);
/// More than all buffers between server and client hold.
const BIG: usize = 32 << 20;

struct Running {
    address: SocketAddr,
    stop: CancellationToken,
    served: JoinHandle<()>,
    entered: Arc<Notify>,
    release: Arc<Notify>,
}

async fn start(connections: usize, tls: Option<TlsAcceptor>) -> Running {
    let limits = Limits {
        connections,
        head: SOON,
        first: SOON,
        drain: PATIENCE,
    };
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), limits)
        .await
        .unwrap();
    let address = listener.local_addr().unwrap();
    let (entered, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (enter, wait) = (Arc::clone(&entered), Arc::clone(&release));
    let slow = move || {
        let (enter, wait) = (Arc::clone(&enter), Arc::clone(&wait));
        async move {
            enter.notify_one();
            wait.notified().await;
            "slow"
        }
    };
    let app = Router::new()
        .route("/", get(|| async { "quick" }))
        .route("/big", get(|| async { vec![b'x'; BIG] }))
        .route("/slow", get(slow));
    let stop = CancellationToken::new();
    let served = tokio::spawn(serve(listener, tls, app, stop.clone()));
    Running {
        address,
        stop,
        served,
        entered,
        release,
    }
}

/// Sends `bytes`, then reads until the server closes.
async fn until_closed(stream: &mut TcpStream, bytes: &[u8]) -> String {
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut answer))
        .await
        .expect("the server closes")
        .unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn attack_137_silence_and_half_sent_heads_are_cut() {
    let server = start(8, None).await;
    for bytes in [
        &b""[..],
        b"PRI * HTTP/2.0\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nx-slow: ",
    ] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let answer = until_closed(&mut stream, bytes).await;
        assert!(!answer.contains("200 OK"), "{answer}");
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_a_slow_answer_is_not() {
    let server = start(8, None).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let answer = until_closed(&mut stream, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(
        answer.contains("200 OK") && answer.ends_with("quick"),
        "{answer}"
    );

    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    server.entered.notified().await;
    sleep(SOON * 3).await; // longer than every limit: an answer in the making is never cut
    server.release.notify_one();
    assert!(until_closed(&mut stream, b"").await.ends_with("slow"));
}

/// A client whose system takes little on its behalf.
async fn narrow(server: &Running) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(64 * 1024).unwrap();
    socket.connect(server.address).await.unwrap()
}

/// The only permit is free again: somebody else is answered.
async fn others_are_served(server: &Running) {
    let mut other = TcpStream::connect(server.address).await.unwrap();
    let get = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    assert!(until_closed(&mut other, get).await.ends_with("quick"));
}

#[tokio::test]
async fn attack_137_a_peer_that_does_not_read_is_cut() {
    let server = start(1, None).await;
    let mut deaf = narrow(&server).await;
    deaf.write_all(b"GET /big HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    others_are_served(&server).await;
    drop(deaf);
}

#[tokio::test]
async fn attack_137_a_peer_that_reads_slowly_gets_the_whole() {
    let server = start(1, None).await;
    let mut slow = narrow(&server).await;
    slow.write_all(b"GET /big HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let (mut got, mut piece) = (0, vec![0; 1 << 20]);
    loop {
        let read = timeout(PATIENCE, slow.read(&mut piece)).await;
        match read.expect("more comes").unwrap() {
            0 => break,
            some => got += some,
        }
        // Longer than every limit in all, shorter for each piece.
        sleep(SOON / 50).await;
    }
    assert!(got > BIG, "{got}");
}

#[tokio::test]
async fn attack_137_pings_alone_keep_no_connection() {
    const PING: [u8; 17] = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
    let server = start(1, None).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let mut begin = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    // Empty settings, then a request for `/` with an end: headers of the static table.
    begin.extend([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    begin.extend([0, 0, 6, 1, 5, 0, 0, 0, 1, 0x82, 0x86, 0x84, 0x41, 1, b'a']);
    stream.write_all(&begin).await.unwrap();
    let (mut answer, mut buffer) = (Vec::new(), [0; 4096]);
    let alive = async {
        while stream.write_all(&PING).await.is_ok() {
            match timeout(SOON / 4, stream.read(&mut buffer)).await {
                Ok(Ok(some)) if some > 0 => answer.extend_from_slice(&buffer[..some]),
                Ok(_) => return,
                Err(_) => {}
            }
        }
    };
    timeout(PATIENCE, alive).await.expect("it is cut");
    assert!(String::from_utf8_lossy(&answer).contains("quick"));
    others_are_served(&server).await;
}

#[tokio::test]
async fn connections_above_the_limit_wait_for_a_permit() {
    let server = start(1, None).await;
    let mut first = TcpStream::connect(server.address).await.unwrap();
    first
        .write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    server.entered.notified().await;
    let mut second = TcpStream::connect(server.address).await.unwrap();
    second
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut byte = [0; 1];
    assert!(
        timeout(SOON, second.read(&mut byte)).await.is_err(),
        "no permit, no answer"
    );
    server.release.notify_one();
    assert!(until_closed(&mut first, b"").await.ends_with("slow"));
    assert!(until_closed(&mut second, b"").await.ends_with("quick"));
}

#[tokio::test]
async fn a_stop_finishes_requests_and_accepts_no_more() {
    let server = start(8, None).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    server.entered.notified().await;
    server.stop.cancel();
    server.release.notify_one();
    assert!(until_closed(&mut stream, b"").await.ends_with("slow"));
    timeout(PATIENCE, server.served)
        .await
        .expect("the drain ends")
        .unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn tls_serves_and_a_silent_handshake_is_cut() {
    let cert = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (chain, key) = (dir.path().join("tls.crt"), dir.path().join("tls.key"));
    std::fs::write(&chain, cert.cert.pem()).unwrap();
    std::fs::write(&key, cert.signing_key.serialize_pem()).unwrap();
    let server = start(8, Some(super::super::acceptor(&chain, &key).unwrap())).await;

    let mut silent = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(until_closed(&mut silent, b"").await, "");

    let mut roots = rustls::RootCertStore::empty();
    roots.add(cert.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(server.address).await.unwrap();
    let name = "localhost".try_into().unwrap();
    let mut stream = tokio_rustls::TlsConnector::from(Arc::new(client))
        .connect(name, stream)
        .await
        .unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    // The server may close without a TLS farewell once the answer is out.
    let _ = stream.read_to_end(&mut answer).await;
    assert!(String::from_utf8_lossy(&answer).ends_with("quick"));
}

#[test]
fn a_bad_certificate_or_key_is_named_by_its_setting() {
    let dir = tempfile::tempdir().unwrap();
    let (good, empty) = (dir.path().join("good"), dir.path().join("empty"));
    let cert = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&good, cert.cert.pem()).unwrap();
    std::fs::write(&empty, "s3cret").unwrap();
    let said = super::super::acceptor(&empty, &empty)
        .err()
        .unwrap()
        .to_string();
    assert!(
        said.starts_with("http.tls_cert: ") && !said.contains("s3cret"),
        "{said}"
    );
    let said = super::super::acceptor(&good, &empty)
        .err()
        .unwrap()
        .to_string();
    assert!(
        said.starts_with("http.tls_key: ") && !said.contains("s3cret"),
        "{said}"
    );
}
