//! Metrics: their names, their buckets and the exporter that renders them.

use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// Names of what is measured. Labels are route templates and codes, never raw paths or names.
pub mod name {
    /// Answers, by `method`, `route` and `status`.
    pub const REQUESTS: &str = "kubenova_http_requests_total";
    /// Time until an answer's head was ready, in seconds, by `method` and `route`.
    pub const LATENCY: &str = "kubenova_http_request_duration_seconds";
    /// Connections open now.
    pub const CONNECTIONS: &str = "kubenova_http_connections";
    /// Connections closed by us, by `reason`.
    pub const CONNECTIONS_CUT: &str = "kubenova_http_connections_cut_total";
    /// Items of work done, by `kind` and `outcome`.
    pub const WORK: &str = "kubenova_work_total";
    /// Time one item of work took, in seconds, by `kind`.
    pub const WORK_TIME: &str = "kubenova_work_duration_seconds";
    /// Refusals that were not written to the audit log because too many came at once.
    pub const AUDIT_DROPPED: &str = "kubenova_audit_refusals_dropped_total";
}

/// Upper edges in seconds: from a cached answer to the longest wait.
const SECONDS: [f64; 14] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0,
];

/// How often histograms are folded; without it they grow until the next scrape.
const UPKEEP: Duration = Duration::from_secs(5);

/// Renders what was measured. Clones share the measurements.
#[derive(Clone)]
pub struct Exporter(PrometheusHandle);

impl std::fmt::Debug for Exporter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Exporter(..)")
    }
}

impl Exporter {
    fn builder() -> Result<PrometheusBuilder, BuildError> {
        PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_duration_seconds".to_owned()), &SECONDS)
    }

    /// Makes the process measure into this exporter.
    ///
    /// # Errors
    /// When another recorder was installed before.
    pub fn install() -> Result<Self, BuildError> {
        Self::builder()?.install_recorder().map(Self)
    }

    /// An exporter that nothing measures into: for tests and for embedding beside another recorder.
    ///
    /// # Errors
    /// None in practice: the buckets are constants.
    pub fn detached() -> Result<Self, BuildError> {
        Ok(Self(Self::builder()?.build_recorder().handle()))
    }

    /// Everything measured, in Prometheus' text format.
    pub fn render(&self) -> String {
        self.0.render()
    }

    /// Folds histograms at regular times until told to stop.
    pub async fn upkeep(self, stop: CancellationToken) {
        let mut tick = interval(UPKEEP);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(tick.tick()).await.is_some() {
            self.0.run_upkeep();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latency_is_a_histogram_with_our_buckets() {
        let recorder = Exporter::builder().unwrap().build_recorder();
        let exporter = Exporter(recorder.handle());
        metrics::with_local_recorder(&recorder, || {
            metrics::histogram!(name::LATENCY, "route" => "/api/v1/me").record(0.002);
        });
        let text = exporter.render();
        let line =
            "kubenova_http_request_duration_seconds_bucket{route=\"/api/v1/me\",le=\"0.0025\"} 1";
        assert!(text.contains(line), "{text}");
    }
}
