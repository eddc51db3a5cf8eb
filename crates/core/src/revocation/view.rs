//! What a verifier knows of the feed: every marker that still covers something, and how old that knowledge is.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::time::Duration;

use super::{FeedHead, Issued, Marker, Snapshot, Subject};
use crate::session::EndReason;
use crate::{ClientId, FeedId, SessionId, Timestamp, TokenId, UserId};

/// One verifier's copy of the markers that are alive.
#[derive(Clone, Debug, Default)]
pub struct View {
    feed: Option<FeedId>,
    sequence: u64,
    tokens: HashMap<TokenId, Kept>,
    sessions: HashMap<SessionId, Kept>,
    users: HashMap<UserId, OfUser>,
    clients: HashMap<ClientId, Kept>,
    all: Option<Kept>,
    begun_before: Vec<Marker>,
    expiries: BTreeMap<i64, Vec<Subject>>,
}

/// What is kept of a marker beside its subject.
#[derive(Clone, Copy, Debug)]
struct Kept {
    sequence: u64,
    expires_at: Timestamp,
    reason: EndReason,
}

/// The markers of one user, as far as they can make a difference: the newest, and for the session that it spares the
/// newest that does not spare it.
#[derive(Clone, Copy, Debug)]
struct OfUser {
    newest: Kept,
    spares: Option<SessionId>,
    before: Option<Kept>,
}

/// Expired markers are forgotten in batches of this many milliseconds.
const BATCH: i64 = 60_000;

impl View {
    /// A view that has applied nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces everything by a snapshot.
    pub fn restore(&mut self, snapshot: Snapshot) {
        *self = Self { feed: Some(snapshot.head.feed), ..Self::default() };
        for marker in snapshot.markers {
            self.insert(marker);
        }
        self.sequence = snapshot.head.sequence;
    }

    /// Applies one marker. One that was applied before changes nothing.
    pub fn apply(&mut self, marker: Marker) {
        if marker.sequence > self.sequence {
            self.sequence = marker.sequence;
            self.insert(marker);
        }
    }

    /// Which feed it is a copy of; `None` before the first snapshot.
    #[must_use]
    pub const fn feed(&self) -> Option<FeedId> {
        self.feed
    }

    /// The number of the newest marker that was applied.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Whether deltas after [`Self::sequence`] would complete this view, or a snapshot is needed: the feed is another
    /// one, went back, or has forgotten what this view has not seen.
    #[must_use]
    pub fn can_follow(&self, head: &FeedHead) -> bool {
        self.feed == Some(head.feed) && self.sequence >= head.forgotten && self.sequence <= head.sequence
    }

    /// How many markers are held.
    #[must_use]
    pub fn len(&self) -> usize {
        let all = usize::from(self.all.is_some());
        self.tokens.len()
            + self.sessions.len()
            + self.users.len()
            + self.clients.len()
            + self.begun_before.len()
            + all
    }

    /// Whether no marker is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Why a credential is revoked, or `None` when it is not.
    #[must_use]
    pub fn covers(&self, issued: &Issued<'_>) -> Option<EndReason> {
        let of_many = |kept: &&Kept| issued.generation < kept.sequence;
        let token = issued.token.and_then(|token| self.tokens.get(&token));
        token
            .or_else(|| self.sessions.get(&issued.session))
            .or_else(|| self.users.get(&issued.user)?.for_session(issued.session).filter(of_many))
            .or_else(|| self.clients.get(issued.client).filter(of_many))
            .or_else(|| self.all.as_ref().filter(of_many))
            .map(|kept| kept.reason)
            .or_else(|| {
                self.begun_before.iter().find(|marker| marker.covers(issued)).map(|marker| marker.reason)
            })
    }

    /// Forgets the markers that can cover nothing any more.
    pub fn forget_expired(&mut self, now: Timestamp) {
        let over = now.millis().div_euclid(BATCH);
        while let Some(entry) = self.expiries.first_entry() {
            if *entry.key() >= over {
                break;
            }
            for subject in entry.remove() {
                self.remove_expired(&subject, now);
            }
        }
    }

    fn remove_expired(&mut self, subject: &Subject, now: Timestamp) {
        fn drop_one<K: Hash + Eq>(map: &mut HashMap<K, Kept>, key: &K, now: Timestamp) {
            if map.get(key).is_some_and(|kept| kept.expires_at <= now) {
                map.remove(key);
            }
        }
        match subject {
            Subject::Token { token } => drop_one(&mut self.tokens, token, now),
            Subject::Session { session } => drop_one(&mut self.sessions, session, now),
            Subject::User { user, .. } => {
                let until = self.users.get(user).map(OfUser::until);
                if until.is_some_and(|until| until <= now) {
                    self.users.remove(user);
                }
            }
            Subject::Client { client } => drop_one(&mut self.clients, client, now),
            Subject::All => self.all = self.all.filter(|kept| kept.expires_at > now),
            Subject::BegunBefore { .. } => self.begun_before.retain(|marker| marker.expires_at > now),
        }
    }

    fn insert(&mut self, marker: Marker) {
        fn keep<K: Hash + Eq>(map: &mut HashMap<K, Kept>, key: K, kept: Kept) {
            map.entry(key).and_modify(|before| *before = before.followed_by(kept)).or_insert(kept);
        }
        let Marker { sequence, reason, expires_at, .. } = marker;
        let kept = Kept { sequence, expires_at, reason };
        let batch = expires_at.millis().div_euclid(BATCH);
        self.expiries.entry(batch).or_default().push(marker.subject.clone());
        match &marker.subject {
            Subject::Token { token } => keep(&mut self.tokens, *token, kept),
            Subject::Session { session } => keep(&mut self.sessions, *session, kept),
            Subject::User { user, except } => {
                let first = OfUser { newest: kept, spares: *except, before: None };
                self.users.entry(*user).and_modify(|of_user| of_user.add(kept, *except)).or_insert(first);
            }
            Subject::Client { client } => keep(&mut self.clients, client.clone(), kept),
            Subject::All => {
                self.all = Some(self.all.map_or(kept, |before| before.followed_by(kept)));
            }
            Subject::BegunBefore { .. } => self.begun_before.push(marker),
        }
    }
}

impl Kept {
    /// A later marker of the same subject has the higher number; the later expiry of the two holds.
    fn followed_by(self, later: Self) -> Self {
        Self { expires_at: self.expires_at.max(later.expires_at), ..later }
    }
}

impl OfUser {
    fn for_session(&self, session: SessionId) -> Option<&Kept> {
        if self.spares == Some(session) { self.before.as_ref() } else { Some(&self.newest) }
    }

    fn add(&mut self, kept: Kept, spares: Option<SessionId>) {
        if self.spares != spares {
            self.before = Some(self.newest);
            self.spares = spares;
        }
        self.newest = self.newest.followed_by(kept);
    }

    fn until(&self) -> Timestamp {
        let newest = self.newest.expires_at;
        self.before.map_or(newest, |before| before.expires_at.max(newest))
    }
}

/// How old a view may be before a verifier must not trust it alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// The limit.
    pub limit: Duration,
    /// When the feed last said that the view was complete, on the verifier's own clock.
    pub confirmed_at: Option<Timestamp>,
}

/// Whoever asks may have read the clock a moment before the view was confirmed.
const RACE: Duration = Duration::from_millis(500);

impl Freshness {
    /// Whether the view can be trusted at `now`. A view that was never confirmed cannot, nor one confirmed in the
    /// future: then the clock was set back and its age is unknown.
    #[must_use]
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        self.confirmed_at.is_some_and(|at| at <= now + RACE && now.since(at) <= self.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn subjects() -> impl Strategy<Value = Subject> {
        // Few of each, so that markers meet.
        let id = || (0_u8..3).prop_map(|n| [n; 16]);
        let client = || (0_u8..2).prop_map(|n| format!("c{n}").parse::<ClientId>().unwrap());
        prop_oneof![
            id().prop_map(|id| Subject::Token { token: TokenId::from_bytes(id) }),
            id().prop_map(|id| Subject::Session { session: SessionId::from_bytes(id) }),
            (id(), proptest::option::of(id())).prop_map(|(id, except)| Subject::User {
                user: UserId::from_bytes(id),
                except: except.map(SessionId::from_bytes),
            }),
            client().prop_map(|client| Subject::Client { client }),
            Just(Subject::All),
            (id(), proptest::option::of(client())).prop_map(|(id, client)| Subject::BegunBefore {
                before: SessionId::from_bytes(id).created_at() + Duration::from_millis(1),
                client
            }),
        ]
    }

    proptest! {
        /// The view answers as asking every marker that has not expired would.
        #[test]
        fn a_view_is_the_sum_of_its_markers(
            subjects in proptest::collection::vec((subjects(), 0_i64..400), 0..24),
            token in proptest::option::of(0_u8..3), session in 0_u8..3, user in 0_u8..3, client in 0_u8..2,
            generation in 0_u64..24, now in 0_i64..400,
        ) {
            let now = Timestamp::from_seconds(now);
            let markers: Vec<Marker> = subjects.into_iter().zip(1..).map(|((subject, expires), sequence)| Marker {
                sequence, subject, reason: EndReason::LoggedOut, created_at: Timestamp::EPOCH,
                expires_at: Timestamp::from_seconds(expires),
            }).collect();
            let mut view = View::new();
            markers.iter().cloned().for_each(|marker| view.apply(marker));
            markers.iter().cloned().for_each(|marker| view.apply(marker));
            view.forget_expired(now);
            let client: ClientId = format!("c{client}").parse().unwrap();
            let issued = Issued {
                token: token.map(|n| TokenId::from_bytes([n; 16])),
                session: SessionId::from_bytes([session; 16]),
                user: UserId::from_bytes([user; 16]),
                client: &client,
                generation,
            };
            let alive = markers.iter().any(|marker| marker.expires_at > now && marker.covers(&issued));
            let ever = markers.iter().any(|marker| marker.covers(&issued));
            let covered = view.covers(&issued).is_some();
            // Whatever is alive is refused; what expired may be refused a little longer, but nothing else is.
            prop_assert!(!alive || covered);
            prop_assert!(!covered || ever);
            view.forget_expired(Timestamp::MAX);
            prop_assert!(view.is_empty());
        }
    }

    #[test]
    fn a_lost_feed_is_noticed() {
        let head = |feed, sequence, forgotten| FeedHead {
            feed: FeedId::from_bytes([feed; 16]),
            sequence,
            forgotten,
        };
        let mut view = View::new();
        assert!(!view.can_follow(&head(1, 0, 0)));
        view.restore(Snapshot { head: head(1, 9, 2), markers: vec![] });
        assert!(view.can_follow(&head(1, 12, 9)));
        assert!(!view.can_follow(&head(1, 12, 10)), "deltas were forgotten");
        assert!(!view.can_follow(&head(1, 8, 0)), "the feed went back");
        assert!(!view.can_follow(&head(2, 12, 0)), "another feed");
    }

    #[test]
    fn an_unconfirmed_or_future_view_is_stale() {
        let freshness = |confirmed: Option<i64>| Freshness {
            limit: Duration::from_secs(5),
            confirmed_at: confirmed.map(Timestamp::from_seconds),
        };
        let now = Timestamp::from_seconds(100);
        assert!(freshness(Some(95)).is_fresh(now));
        assert!(!freshness(Some(94)).is_fresh(now));
        assert!(!freshness(Some(101)).is_fresh(now));
        assert!(
            freshness(Some(101)).is_fresh(now + Duration::from_millis(500)),
            "it was confirmed meanwhile"
        );
        assert!(!freshness(None).is_fresh(now));
    }
}
