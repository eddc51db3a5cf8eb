//! The verdict on a presented refresh token (RFC 9700, section 4.14.2), and the jitter that keeps clients from refreshing in step.

use std::time::Duration;

use crate::Timestamp;
use crate::session::RefreshState;

/// What to answer to a refresh token whose MAC is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshVerdict {
    /// It is the newest: give out the next.
    Rotate {
        /// The counter of the next.
        next: u32,
    },
    /// It is the one before the newest, within the window: a repeat, or a race. Give the same answer again.
    Converge,
    /// It was replaced longer ago: two parties hold a copy.
    Replay,
}

/// Judges a presented counter.
///
/// A counter *ahead* of the record can only come from a token that we signed: the store lost its last writes
/// (fail-over, restored copy). The client is right and the record is behind, so the record catches up.
#[must_use]
pub fn judge_refresh(state: &RefreshState, presented: u32, now: Timestamp) -> RefreshVerdict {
    if presented >= state.counter {
        RefreshVerdict::Rotate { next: presented.saturating_add(1) }
    } else if presented.checked_add(1) == Some(state.counter) && now <= state.rotated_at + state.window {
        RefreshVerdict::Converge
    } else {
        RefreshVerdict::Replay
    }
}

/// A lifetime shortened by up to 5 %, by one random byte.
#[must_use]
pub fn jittered(lifetime: Duration, random: u8) -> Duration {
    let millis = u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(millis.saturating_sub(millis / 20 * u64::from(random) / 255))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TokenId;
    use proptest::prelude::*;

    fn state(counter: u32) -> RefreshState {
        RefreshState {
            counter,
            rotated_at: Timestamp::from_seconds(1000),
            window: Duration::from_secs(30),
            token: TokenId::from_bytes([0; 16]),
            tokens_until: Timestamp::from_seconds(1900),
        }
    }

    #[test]
    fn the_window_is_bounded() {
        assert_eq!(judge_refresh(&state(5), 5, Timestamp::MAX), RefreshVerdict::Rotate { next: 6 });
        assert_eq!(judge_refresh(&state(5), 4, Timestamp::from_seconds(1030)), RefreshVerdict::Converge);
        assert_eq!(judge_refresh(&state(5), 4, Timestamp::from_millis(1_030_001)), RefreshVerdict::Replay);
        assert_eq!(judge_refresh(&state(5), 3, Timestamp::from_seconds(1000)), RefreshVerdict::Replay);
    }

    #[test]
    fn a_store_that_lost_its_last_writes_makes_nobody_a_thief() {
        assert_eq!(judge_refresh(&state(5), 9, Timestamp::MAX), RefreshVerdict::Rotate { next: 10 });
    }

    proptest! {
        #[test]
        fn an_old_token_never_rotates(counter: u32, behind in 1_u32.., seconds in 0_i64..1 << 40) {
            let presented = counter.saturating_sub(behind);
            prop_assume!(presented < counter);
            let verdict = judge_refresh(&state(counter), presented, Timestamp::from_seconds(seconds));
            prop_assert!(!matches!(verdict, RefreshVerdict::Rotate { .. }), "{verdict:?}");
        }

        #[test]
        fn jitter_takes_at_most_a_twentieth(seconds in 1_u64..1 << 40, random: u8) {
            let lifetime = Duration::from_secs(seconds);
            let short = jittered(lifetime, random);
            prop_assert!(short <= lifetime && short >= lifetime - lifetime / 20 - Duration::from_millis(1));
        }
    }
}
