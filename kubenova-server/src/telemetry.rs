//! What the process tells about itself: log lines and metrics. Only the binary subscribes.

mod logging;
mod metrics;
mod service;

pub use logging::{InvalidFilter, install, subscriber};
pub use metrics::{Exporter, name};
pub use service::{Readiness, router};
