//! Log lines: JSON or text, each inside a request carrying that request's id.

use std::io::{self, IsTerminal as _};

use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter, Layer as _, Registry, filter::ParseError, fmt, fmt::MakeWriter,
    layer::SubscriberExt as _,
};

use crate::config::{Format, Log};

/// `log.filter` is not in the language of filters.
#[derive(Debug, thiserror::Error)]
#[error("log.filter: not a filter")]
pub struct InvalidFilter(#[source] ParseError);

/// Libraries that log what a cluster answered, whatever the filter says: a hostile cluster may answer with a secret.
const FOREIGN: [&str; 3] = ["kube_client=off", "kube_runtime=off", "kube_core=off"];

/// A subscriber that writes lines of `log.format` to `writer`.
///
/// # Errors
/// [`InvalidFilter`] when `log.filter` cannot be read.
pub fn subscriber<W>(
    log: &Log,
    terminal: bool,
    writer: W,
) -> Result<impl Subscriber + Send + Sync + use<W>, InvalidFilter>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let mut filter = EnvFilter::builder()
        .parse(&log.filter)
        .map_err(InvalidFilter)?;
    for quiet in FOREIGN {
        filter = filter.add_directive(quiet.parse().map_err(InvalidFilter)?);
    }
    let json = match log.format {
        Format::Json => true,
        Format::Text => false,
        Format::Auto => !terminal,
    };
    let layer = if json {
        fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_writer(writer)
            .boxed()
    } else {
        fmt::layer().with_ansi(terminal).with_writer(writer).boxed()
    };
    Ok(Registry::default().with(layer).with(filter))
}

/// Makes the process log to standard error. A second call changes nothing.
///
/// # Errors
/// [`InvalidFilter`] when `log.filter` cannot be read.
pub fn install(log: &Log) -> Result<(), InvalidFilter> {
    let subscriber = subscriber(log, io::stderr().is_terminal(), io::stderr)?;
    // Fails only where somebody who embeds the server already subscribed: theirs stays.
    let _ = tracing::subscriber::set_global_default(subscriber);
    // A panic's text may hold anything: only its place is told.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        tracing::error!(panic.at = place, "Panicked");
    }));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lines_of(format: Format, log_some: impl FnOnce()) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let log = Log {
            format,
            filter: "info".to_owned(),
        };
        let subscriber = subscriber(&log, false, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, log_some);
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_json_line_carries_the_request_id_of_its_span() {
        let said = lines_of(Format::Json, || {
            let span = tracing::info_span!("request", request.id = "abc");
            let _inside = span.enter();
            tracing::info!(tenant.id = "t", "Stored tenant");
            tracing::debug!("unheard");
        });
        assert_eq!(said.lines().count(), 1, "{said}");
        let line: serde_json::Value = serde_json::from_str(&said).unwrap();
        assert_eq!(line["message"], "Stored tenant");
        assert_eq!(line["tenant.id"], "t");
        assert_eq!(line["span"]["request.id"], "abc");
    }

    #[test]
    fn attack_129_what_a_cluster_answers_is_never_logged() {
        let said = lines_of(Format::Json, || {
            tracing::error!(target: "kube_client::client", "canary");
            tracing::warn!(target: "kube_runtime::watcher", "canary");
        });
        assert_eq!(said, "");
    }

    #[test]
    fn attack_162_control_characters_stay_inside_one_line() {
        for format in [Format::Json, Format::Text] {
            let said = lines_of(format, || {
                tracing::info!(name = ?"a\nb\u{1b}[31m\u{202e}c", "Refused a name");
            });
            assert_eq!(said.lines().count(), 1, "{said:?}");
            assert!(
                !said.contains('\u{1b}') && !said.contains('\u{202e}'),
                "{said:?}"
            );
        }
    }

    #[test]
    fn a_filter_that_cannot_be_read_is_refused() {
        let log = Log {
            format: Format::Auto,
            filter: "a=b=c".to_owned(),
        };
        assert!(subscriber(&log, false, io::sink).is_err());
    }
}
