//! How long requests of one route and one class of status took: a histogram that is written to without a lock.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Upper bounds in seconds; a check takes tens of microseconds, a log-in tens of milliseconds.
const BOUNDS: [(u64, f64); 12] = [
    (50, 0.000_05),
    (100, 0.000_1),
    (250, 0.000_25),
    (500, 0.000_5),
    (1_000, 0.001),
    (5_000, 0.005),
    (25_000, 0.025),
    (100_000, 0.1),
    (250_000, 0.25),
    (1_000_000, 1.0),
    (5_000_000, 5.0),
    (u64::MAX, f64::MAX),
];

/// One histogram.
#[derive(Debug, Default)]
pub(crate) struct Latency {
    buckets: [AtomicU64; BOUNDS.len()],
    nanoseconds: AtomicU64,
}

/// What a histogram had seen at one moment.
pub(super) struct Observed {
    pub(super) count: u64,
    pub(super) seconds: f64,
    /// Upper bound, and how many up to it and above the bound before.
    pub(super) buckets: Vec<(f64, u64)>,
}

impl Latency {
    pub(crate) fn observe(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = self.buckets.iter().zip(&BOUNDS).find(|(_, (bound, _))| micros <= *bound);
        if let Some((bucket, _)) = bucket {
            bucket.fetch_add(1, Relaxed);
        }
        self.nanoseconds.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(0), Relaxed);
    }

    pub(super) fn read(&self) -> Observed {
        let buckets: Vec<_> =
            self.buckets.iter().zip(&BOUNDS).map(|(n, (_, bound))| (*bound, n.load(Relaxed))).collect();
        Observed {
            count: buckets.iter().map(|(_, count)| count).sum(),
            seconds: Duration::from_nanos(self.nanoseconds.load(Relaxed)).as_secs_f64(),
            buckets,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_has_one_bucket() {
        let latency = Latency::default();
        for micros in [0, 50, 51, 2_000_000, 60_000_000] {
            latency.observe(Duration::from_micros(micros));
        }
        let observed = latency.read();
        assert_eq!(observed.count, 5);
        assert_eq!(observed.buckets.first().unwrap().1, 2);
        assert_eq!(observed.buckets.last().unwrap().1, 1);
        assert!((observed.seconds - 62.000_101).abs() < 1e-9);
    }
}
