//! What is counted, for whoever watches: plain numbers, no names of metrics.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// Counters, each since the start.
        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: Counter,)*
            /// The largest access token given out, in bytes.
            pub(crate) token_bytes_max: AtomicU64,
        }

        /// What was counted since the start, and how things stand.
        #[derive(Clone, Debug, Default)]
        #[non_exhaustive]
        pub struct Statistics {
            $($(#[$doc])* pub $name: u64,)*
            /// The largest access token given out, in bytes.
            pub token_bytes_max: u64,
            /// Passwords that wait or are being hashed.
            pub hashing_queue: u64,
            /// The number of the newest marker applied.
            pub view_sequence: u64,
            /// Markers held.
            pub view_markers: u64,
            /// Milliseconds since the view was last confirmed to be complete.
            pub view_age_ms: u64,
            /// Verifiers that follow the feed.
            pub verifiers_connected: u64,
            /// Checked credentials held in memory.
            pub cached_credentials: u64,
        }

        impl Counters {
            pub(crate) fn read(&self) -> Statistics {
                Statistics {
                    $($name: self.$name.0.load(Ordering::Relaxed),)*
                    token_bytes_max: self.token_bytes_max.load(Ordering::Relaxed),
                    ..Statistics::default()
                }
            }
        }
    };
}

counters! {
    /// Accounts made by sign-up.
    sign_ups,
    /// Successful log-ins.
    sign_ins,
    /// Refused log-ins.
    sign_in_failures,
    /// Checks answered from memory.
    checks_cached,
    /// Checks that needed a signature check or a store.
    checks_missed,
    /// Checks that were refused.
    checks_refused,
    /// Refreshes that gave out a new refresh token.
    refreshes_rotated,
    /// Refreshes that were given the answer of another one again.
    refreshes_converged,
    /// Refreshes that were theft and ended their session.
    refreshes_replayed,
    /// Stateless renewals.
    renewals,
    /// Revocations.
    revocations,
    /// Access tokens given out.
    tokens_issued,
    /// Passwords that found the hashing queue full.
    hashing_rejected,
}

/// One counter.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
