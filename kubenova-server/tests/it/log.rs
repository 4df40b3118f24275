//! What the whole test process logs, at the finest level, kept for the canary test.

use std::io;
use std::sync::{LazyLock, Mutex, Once};

use kubenova_server::{
    config::{Format, Log},
    telemetry,
};

static LINES: LazyLock<Mutex<Vec<u8>>> = LazyLock::new(Mutex::default);
static BEGUN: Once = Once::new();

struct Lines;

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Keeps everything from here on. One subscriber for all tests: scoped ones miss what other threads met first.
pub(crate) fn keep() {
    BEGUN.call_once(|| {
        let log = Log {
            format: Format::Json,
            filter: "trace".to_owned(),
        };
        let subscriber = telemetry::subscriber(&log, false, || Lines).unwrap();
        tracing::subscriber::set_global_default(subscriber).unwrap();
    });
}

/// All of it so far.
pub(crate) fn written() -> String {
    String::from_utf8(LINES.lock().unwrap().clone()).unwrap()
}
