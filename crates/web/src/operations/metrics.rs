//! What is counted about HTTP and, when somebody asks, what the authority counted: OpenMetrics text.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use counterfoil_service::Statistics;
use http::StatusCode;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode_registry;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};

use super::latency::Latency;
use crate::api::me;

/// What no route answered.
const UNMATCHED: &str = "unmatched";
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// The requests of one route, by class of status.
#[derive(Debug, Default)]
pub(crate) struct Series([Latency; CLASSES.len()]);

impl Series {
    pub(crate) fn observe(&self, status: StatusCode, took: Duration) {
        let class = usize::from(status.as_u16() / 100).saturating_sub(1);
        if let Some(latency) = self.0.get(class) {
            latency.observe(took);
        }
    }
}

/// All series, made at the start: noting a request takes no lock.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    routes: Arc<HashMap<&'static str, Series>>,
    me: Arc<Series>,
    unmatched: Arc<Series>,
}

impl Metrics {
    pub(crate) fn new(templates: impl Iterator<Item = &'static str>) -> Self {
        Self {
            routes: Arc::new(templates.filter(|t| *t != me::PATH).map(|t| (t, Series::default())).collect()),
            me: Arc::default(),
            unmatched: Arc::default(),
        }
    }

    /// The series of `/v1/me`, found without looking.
    pub(crate) fn me(&self) -> &Series {
        &self.me
    }

    pub(crate) fn of(&self, template: Option<&str>) -> &Series {
        match template {
            Some(me::PATH) => &self.me,
            Some(template) => self.routes.get(template).unwrap_or(&self.unmatched),
            None => &self.unmatched,
        }
    }

    /// Everything as OpenMetrics text.
    pub(crate) fn encode(&self, statistics: Statistics) -> Result<String, fmt::Error> {
        let mut registry = Registry::with_prefix("counterfoil");
        registry.register_collector(Box::new(Http(self.clone())));
        registry.register_collector(Box::new(Authority(statistics)));
        let mut out = String::new();
        encode_registry(&mut out, &registry)?;
        text::encode_eof(&mut out)?;
        Ok(out)
    }

    fn series(&self) -> impl Iterator<Item = (&'static str, &Series)> {
        let fixed = [(me::PATH, &*self.me), (UNMATCHED, &*self.unmatched)];
        let mut routes: Vec<_> = self.routes.iter().map(|(t, series)| (*t, series)).chain(fixed).collect();
        routes.sort_by_key(|(template, _)| *template);
        routes.into_iter()
    }
}

/// The requests.
#[derive(Debug)]
struct Http(Metrics);

impl Collector for Http {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut family = encoder.encode_descriptor(
            "http_request_duration",
            "How long requests took, by route and class of status",
            Some(&Unit::Seconds),
            MetricType::Histogram,
        )?;
        for (template, series) in self.0.series() {
            for (class, latency) in CLASSES.iter().zip(&series.0) {
                let observed = latency.read();
                // What was never asked for has no series.
                if observed.count > 0 {
                    let labels = [("route", template), ("status", *class)];
                    family.encode_family(&labels)?.encode_histogram::<NoLabelSet>(
                        observed.seconds,
                        observed.count,
                        &observed.buckets,
                        None,
                    )?;
                }
            }
        }
        Ok(())
    }
}

/// What the authority counted.
#[derive(Debug)]
struct Authority(Statistics);

impl Collector for Authority {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let s = &self.0;
        let counters = [
            ("sign_ups", "Accounts made by sign-up", s.sign_ups),
            ("logins", "Successful log-ins", s.sign_ins),
            ("login_failures", "Refused log-ins", s.sign_in_failures),
            ("checks_cached", "Checks answered from memory", s.checks_cached),
            ("checks_missed", "Checks that needed a signature check or a store", s.checks_missed),
            ("checks_refused", "Checks that were refused", s.checks_refused),
            ("refreshes_rotated", "Refreshes that gave out a new refresh token", s.refreshes_rotated),
            ("refreshes_converged", "Refreshes that repeated an answer", s.refreshes_converged),
            ("refreshes_replayed", "Refreshes that were theft", s.refreshes_replayed),
            ("renewals", "Stateless renewals", s.renewals),
            ("revocations", "Revocations", s.revocations),
            ("tokens_issued", "Access tokens given out", s.tokens_issued),
            ("hashing_rejected", "Passwords that found the hashing queue full", s.hashing_rejected),
        ];
        for (name, help, value) in counters {
            let counter = ConstCounter::new(value);
            counter.encode(encoder.encode_descriptor(name, help, None, MetricType::Counter)?)?;
        }
        let gauges = [
            ("hashing_queue", "Passwords that wait or are being hashed", s.hashing_queue),
            ("view_sequence", "The newest marker applied", s.view_sequence),
            ("view_markers", "Markers held", s.view_markers),
            ("view_age_milliseconds", "Since the view was last confirmed", s.view_age_ms),
            ("verifiers_connected", "Verifiers that follow the feed here", s.verifiers_connected),
            ("cached_credentials", "Checked credentials in memory", s.cached_credentials),
            ("token_bytes_max", "The largest access token given out", s.token_bytes_max),
        ];
        for (name, help, value) in gauges {
            let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            gauge.encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)?;
        }
        Ok(())
    }
}
