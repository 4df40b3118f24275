//! A wire to the database that a test can cut, or silence.

use std::io;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Whole,
    /// Connections stay and are taken, and nothing goes through, either way.
    Silent,
    Cut,
}

/// Forwards connections while it is whole; a cut ends all of them, and refuses new ones.
pub(super) struct Wire {
    address: String,
    target: String,
    state: watch::Sender<State>,
    listening: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Wire {
    /// A wire to the server of this address, and the address through it.
    pub(super) async fn to(url: &str) -> (Self, String) {
        let (head, rest) = url.split_once('@').unwrap();
        let (target, path) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let through = format!("{head}@{address}/{path}");
        let wire = Self {
            address,
            target: target.to_owned(),
            state: watch::Sender::new(State::Whole),
            listening: Arc::default(),
        };
        wire.listen(listener);
        (wire, through)
    }

    fn listen(&self, listener: TcpListener) {
        let (target, state) = (self.target.clone(), self.state.subscribe());
        let task = tokio::spawn(async move {
            while let Ok((here, _)) = listener.accept().await {
                tokio::spawn(forward(here, target.clone(), state.clone()));
            }
        });
        *self.listening.lock().unwrap() = Some(task);
    }

    /// Nothing goes through any more.
    pub(super) async fn cut(&self) {
        let task = self.listening.lock().unwrap().take().unwrap();
        task.abort();
        let _ = task.await;
        self.state.send_replace(State::Cut);
    }

    /// Nothing goes through any more, and nobody is told.
    pub(super) fn silence(&self) {
        self.state.send_replace(State::Silent);
    }

    /// What was held back by a silence goes on its way, and everything after it.
    pub(super) fn speak(&self) {
        self.state.send_replace(State::Whole);
    }

    /// Everything goes through again.
    pub(super) async fn mend(&self) {
        self.state.send_replace(State::Whole);
        let listener = loop {
            // The port was ours a moment ago; connections that are still closing do not keep it.
            if let Ok(listener) = TcpListener::bind(&self.address).await {
                break listener;
            }
            tokio::task::yield_now().await;
        };
        self.listen(listener);
    }
}

async fn forward(here: TcpStream, target: String, mut state: watch::Receiver<State>) {
    let Ok(there) = TcpStream::connect(target).await else {
        return;
    };
    let ((from_here, to_here), (from_there, to_there)) = (here.into_split(), there.into_split());
    tokio::select! {
        _ = pass(from_here, to_there, state.clone()) => {}
        _ = pass(from_there, to_here, state.clone()) => {}
        _ = state.wait_for(|state| *state == State::Cut) => {}
    }
}

/// Passes on what comes, once the wire is whole; an end is news like any other.
async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut state: watch::Receiver<State>,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = from.read(&mut buffer).await?;
        let whole = state.wait_for(|state| *state == State::Whole).await;
        whole.map_err(|_| io::Error::other("the test is over"))?;
        if read == 0 {
            return Ok(());
        }
        to.write_all(&buffer[..read]).await?;
    }
}
