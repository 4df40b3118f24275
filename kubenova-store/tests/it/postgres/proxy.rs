//! A wire to the database that a test can cut.

use std::sync::{Arc, Mutex};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Forwards connections while it is whole; a cut ends all of them, and refuses new ones.
pub(super) struct Wire {
    address: String,
    target: String,
    cut: watch::Sender<bool>,
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
            cut: watch::Sender::new(false),
            listening: Arc::default(),
        };
        wire.listen(listener);
        (wire, through)
    }

    fn listen(&self, listener: TcpListener) {
        let (target, cut) = (self.target.clone(), self.cut.subscribe());
        let task = tokio::spawn(async move {
            while let Ok((mut here, _)) = listener.accept().await {
                let (target, mut cut) = (target.clone(), cut.clone());
                tokio::spawn(async move {
                    let Ok(mut there) = TcpStream::connect(target).await else {
                        return;
                    };
                    tokio::select! {
                        _ = copy_bidirectional(&mut here, &mut there) => {}
                        _ = cut.wait_for(|cut| *cut) => {}
                    }
                });
            }
        });
        *self.listening.lock().unwrap() = Some(task);
    }

    /// Nothing goes through any more.
    pub(super) async fn cut(&self) {
        let task = self.listening.lock().unwrap().take().unwrap();
        task.abort();
        let _ = task.await;
        self.cut.send_replace(true);
    }

    /// Everything goes through again.
    pub(super) async fn mend(&self) {
        self.cut.send_replace(false);
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
