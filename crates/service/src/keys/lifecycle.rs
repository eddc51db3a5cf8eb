//! Which keys there should be: for every algorithm in use one that signs and one that comes next, and those that
//! signed before until the last token has expired. A decision without I/O.

use std::collections::BTreeSet;
use std::time::Duration;

use counterfoil_core::Timestamp;
use counterfoil_core::account::{KeyAlgorithm, KeyState, Lifetimes, StoredKey};

/// Why the keys are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// From time to time, and at the start: rotate what is older than this.
    Routine(Option<Duration>),
    /// An operator rotates, one algorithm or all.
    Rotation(Option<KeyAlgorithm>),
}

/// A key that is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// One that is there, as it should be from now on.
    Kept(StoredKey),
    /// One that has to be made.
    New(KeyAlgorithm, KeyState),
}

/// How long after its last signature a key is published: the longest life of a token, and some room for clocks.
const PUBLISH: Duration = Duration::from_secs(Lifetimes::MAX_ACCESS.as_secs() + 600);

/// The keys that there should be.
pub(crate) fn settle(
    stored: &[StoredKey],
    in_use: &BTreeSet<KeyAlgorithm>,
    occasion: Occasion,
    now: Timestamp,
) -> Vec<Wanted> {
    KeyAlgorithm::ALL
        .into_iter()
        .flat_map(|algorithm| settle_one(stored, in_use, occasion, now, algorithm))
        .collect()
}

fn settle_one(
    stored: &[StoredKey],
    in_use: &BTreeSet<KeyAlgorithm>,
    occasion: Occasion,
    now: Timestamp,
    algorithm: KeyAlgorithm,
) -> Vec<Wanted> {
    let of =
        |state| stored.iter().filter(move |key| key.algorithm == algorithm && key.state == state).cloned();
    let retired = |mut key: StoredKey| {
        key.state = KeyState::Retiring;
        key.published_until = Some(now + PUBLISH);
        Wanted::Kept(key)
    };
    let activated = |mut key: StoredKey| {
        key.state = KeyState::Active;
        key.activated_at = Some(now);
        Wanted::Kept(key)
    };
    let mut wanted: Vec<Wanted> = of(KeyState::Retiring)
        .filter(|key| key.published_until.is_some_and(|until| until > now))
        .map(Wanted::Kept)
        .collect();
    if !in_use.contains(&algorithm) {
        // No longer published than its tokens live; one that never signed goes at once.
        wanted.extend(of(KeyState::Active).map(retired));
        return wanted;
    }
    let Some(active) = of(KeyState::Active).next() else {
        let successor = of(KeyState::Next).next();
        wanted.push(successor.map_or(Wanted::New(algorithm, KeyState::Active), activated));
        wanted.push(Wanted::New(algorithm, KeyState::Next));
        return wanted;
    };
    let rotate = match occasion {
        Occasion::Routine(None) => false,
        Occasion::Routine(Some(age)) => now.since(active.activated_at.unwrap_or(active.created_at)) >= age,
        Occasion::Rotation(which) => which.is_none_or(|which| which == algorithm),
    };
    let next = of(KeyState::Next).next();
    if rotate {
        wanted.push(retired(active));
        wanted.push(next.map_or(Wanted::New(algorithm, KeyState::Active), activated));
        wanted.push(Wanted::New(algorithm, KeyState::Next));
    } else {
        wanted.push(Wanted::Kept(active));
        wanted.push(next.map_or(Wanted::New(algorithm, KeyState::Next), Wanted::Kept));
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    /// Carries a decision out, with names for the new keys.
    fn apply(wanted: Vec<Wanted>, now: Timestamp, name: &str) -> Vec<StoredKey> {
        let make = |number: usize, algorithm, state| StoredKey {
            id: format!("{name}{number}"),
            algorithm,
            state,
            sealed_private_key: vec![],
            created_at: now,
            activated_at: (state == KeyState::Active).then_some(now),
            published_until: None,
        };
        let key = |(number, wanted)| match wanted {
            Wanted::Kept(key) => key,
            Wanted::New(algorithm, state) => make(number, algorithm, state),
        };
        wanted.into_iter().enumerate().map(key).collect()
    }

    fn states(keys: &[StoredKey]) -> Vec<(&str, KeyState)> {
        keys.iter().map(|key| (key.id.as_str(), key.state)).collect()
    }

    #[test]
    fn a_key_passes_through_its_states_and_nothing_signed_goes_unpublished() {
        let in_use = BTreeSet::from([KeyAlgorithm::Es256]);
        let start = Timestamp::from_seconds(0);
        let first = apply(settle(&[], &in_use, Occasion::Routine(Some(90 * DAY)), start), start, "a");
        assert_eq!(states(&first), [("a0", KeyState::Active), ("a1", KeyState::Next)]);

        let day_89 = start + 89 * DAY;
        let same = apply(settle(&first, &in_use, Occasion::Routine(Some(90 * DAY)), day_89), day_89, "b");
        assert_eq!(same, first);

        let day_90 = start + 90 * DAY;
        let second = apply(settle(&first, &in_use, Occasion::Routine(Some(90 * DAY)), day_90), day_90, "c");
        assert_eq!(
            states(&second),
            [("a0", KeyState::Retiring), ("a1", KeyState::Active), ("c2", KeyState::Next)]
        );

        let day_91 = day_90 + DAY;
        let still = apply(settle(&second, &in_use, Occasion::Routine(None), day_91), day_91, "d");
        assert_eq!(still, second, "tokens signed just before the rotation live for a day");
        let later = day_91 + Duration::from_secs(601);
        let gone = apply(settle(&second, &in_use, Occasion::Routine(None), later), later, "e");
        assert_eq!(states(&gone), [("a1", KeyState::Active), ("c2", KeyState::Next)]);
    }

    #[test]
    fn only_algorithms_in_use_are_published() {
        let now = Timestamp::from_seconds(0);
        let both = BTreeSet::from([KeyAlgorithm::Es256, KeyAlgorithm::EdDsa]);
        let keys = apply(settle(&[], &both, Occasion::Routine(None), now), now, "a");
        assert_eq!(keys.len(), 4);
        let one = BTreeSet::from([KeyAlgorithm::Es256]);
        let fewer = apply(settle(&keys, &one, Occasion::Routine(None), now), now, "b");
        let left: Vec<_> = fewer.iter().map(|key| (key.algorithm, key.state)).collect();
        let expected = [
            (KeyAlgorithm::Es256, KeyState::Active),
            (KeyAlgorithm::Es256, KeyState::Next),
            (KeyAlgorithm::EdDsa, KeyState::Retiring),
        ];
        assert_eq!(left, expected);
    }

    #[test]
    fn an_operator_rotates_one_algorithm_or_all() {
        let now = Timestamp::from_seconds(0);
        let both = BTreeSet::from([KeyAlgorithm::Es256, KeyAlgorithm::EdDsa]);
        let keys = apply(settle(&[], &both, Occasion::Routine(None), now), now, "a");
        let retiring = |occasion| {
            let keys = apply(settle(&keys, &both, occasion, now), now, "b");
            keys.into_iter()
                .filter(|key| key.state == KeyState::Retiring)
                .map(|key| key.algorithm)
                .collect::<Vec<_>>()
        };
        assert_eq!(retiring(Occasion::Rotation(Some(KeyAlgorithm::EdDsa))), [KeyAlgorithm::EdDsa]);
        assert_eq!(retiring(Occasion::Rotation(None)), [KeyAlgorithm::Es256, KeyAlgorithm::EdDsa]);
    }
}
