//! How long a client's logins and tokens live. One value, from which cookies, records and tokens all take theirs.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The lifetimes that a client's logins get. Written in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lifetimes {
    /// `cookie`: a session unused for so long is over.
    #[serde(with = "seconds")]
    pub idle: Duration,
    /// All modes: a login is over so long after the user proved who they are, whatever happens.
    #[serde(with = "seconds")]
    pub absolute: Duration,
    /// `jwt`, `recorded`: an access token is valid for so long, less up to 5 % of jitter.
    #[serde(with = "seconds")]
    pub access: Duration,
    /// `recorded`: a refresh token unused for so long is over, and its session with it.
    #[serde(with = "seconds")]
    pub refresh: Duration,
    /// `recorded`: repeats of one refresh within this time converge on one answer; later ones are theft.
    #[serde(with = "seconds")]
    pub refresh_window: Duration,
}

/// Lifetimes that make no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LifetimesError {
    /// `access` is out of bounds.
    #[error("access must be between 5 seconds and 24 hours")]
    Access,
    /// `absolute` is out of bounds.
    #[error("absolute must be between 1 minute and 400 days")]
    Absolute,
    /// `idle` is out of bounds.
    #[error("idle must be at least 1 minute and at most the absolute lifetime")]
    Idle,
    /// `refresh` is out of bounds.
    #[error("refresh must be at least the access lifetime and at most the absolute lifetime")]
    Refresh,
    /// `refresh_window` is out of bounds.
    #[error("refresh_window must be at most 5 minutes")]
    RefreshWindow,
}

impl Lifetimes {
    /// The longest that an access token can live. Markers that cover tokens nobody counted live so long.
    pub const MAX_ACCESS: Duration = Duration::from_secs(24 * 60 * 60);

    /// Checks that the five agree with each other.
    ///
    /// # Errors
    /// The first one that is out of bounds.
    pub fn validate(&self) -> Result<(), LifetimesError> {
        let minute = Duration::from_secs(60);
        if self.access < Duration::from_secs(5) || self.access > Self::MAX_ACCESS {
            Err(LifetimesError::Access)
        } else if self.absolute < minute || self.absolute > Duration::from_secs(400 * 24 * 60 * 60) {
            // 400 days: browsers keep no cookie longer (RFC 6265bis, section 5.6).
            Err(LifetimesError::Absolute)
        } else if self.idle < minute || self.idle > self.absolute {
            Err(LifetimesError::Idle)
        } else if self.refresh < self.access || self.refresh > self.absolute {
            Err(LifetimesError::Refresh)
        } else if self.refresh_window > 5 * minute {
            Err(LifetimesError::RefreshWindow)
        } else {
            Ok(())
        }
    }
}

impl Default for Lifetimes {
    fn default() -> Self {
        let hour = Duration::from_secs(60 * 60);
        Self {
            idle: 24 * hour,
            absolute: 30 * 24 * hour,
            access: hour / 4,
            refresh: 7 * 24 * hour,
            refresh_window: Duration::from_secs(30),
        }
    }
}

mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(duration.as_secs())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_secs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid() {
        assert_eq!(Lifetimes::default().validate(), Ok(()));
    }

    #[test]
    fn each_bound_is_kept() {
        let day = Duration::from_secs(86_400);
        let good = Lifetimes::default();
        let cases = [
            (Lifetimes { access: Duration::ZERO, ..good }, LifetimesError::Access),
            (Lifetimes { access: 2 * day, ..good }, LifetimesError::Access),
            (Lifetimes { absolute: 401 * day, ..good }, LifetimesError::Absolute),
            (Lifetimes { idle: 31 * day, ..good }, LifetimesError::Idle),
            (Lifetimes { refresh: Duration::from_secs(60), ..good }, LifetimesError::Refresh),
            (Lifetimes { refresh_window: day, ..good }, LifetimesError::RefreshWindow),
        ];
        for (lifetimes, error) in cases {
            assert_eq!(lifetimes.validate(), Err(error));
        }
    }
}
