//! Changes of a session that goes on, and of one that is about to end. None of them brings one back.

use std::collections::HashMap;

use counterfoil_core::port::{Ended, RotateSecret, StoreResult};
use counterfoil_core::session::{Credential, End, Session};
use counterfoil_core::{SessionId, Timestamp};
use futures_util::future::{try_join, try_join_all};

use super::AT_ONCE;
use super::standing::with_open;
use crate::RedisStore;
use crate::records::{Change, Tries, ttl};

impl RedisStore {
    pub(super) async fn note_seen(&self, seen: &[(SessionId, Timestamp)]) -> StoreResult<()> {
        let mut of_each: HashMap<SessionId, Vec<Timestamp>> = HashMap::new();
        for (id, at) in seen {
            of_each.entry(*id).or_default().push(*at);
        }
        let of_each: Vec<_> = of_each.into_iter().collect();
        for piece in of_each.chunks(AT_ONCE) {
            let changes = piece.iter().map(|(id, times)| {
                self.change(*id, move |session| {
                    let mut moved = None;
                    for at in times {
                        let before = moved.as_ref().unwrap_or(session);
                        // Seen at a time when it was over already: a use that was noted too late changes nothing.
                        if before.goes_on(*at) && before.last_seen_at < *at {
                            moved = Some(Session { last_seen_at: *at, ..before.clone() });
                        }
                    }
                    moved
                })
            });
            try_join_all(changes).await?;
        }
        Ok(())
    }

    pub(super) async fn replace_secret(&self, command: RotateSecret) -> StoreResult<Option<Session>> {
        let RotateSecret { session, secret: new, previous_until, auth_time, now } = command;
        self.change(session, |session| {
            let Credential::Cookie { secret, .. } = session.credential else { return None };
            session.goes_on(now).then(|| Session {
                credential: Credential::Cookie { secret: new, previous: Some((secret, previous_until)) },
                auth_time,
                last_seen_at: session.last_seen_at.max(now),
                ..session.clone()
            })
        })
        .await
    }

    pub(super) async fn end_ahead(&self, id: SessionId, end: &End) -> StoreResult<Ended> {
        let ended = self
            .change(id, |session| {
                let goes_on = session.ended.is_none() && session.idle_deadline() > end.at;
                goes_on.then(|| Session { ended: Some(end.clone()), ..session.clone() })
            })
            .await?;
        Ok(if ended.is_some() { Ended::Done } else { Ended::Unchanged })
    }

    /// Changes a session as is decided upon what it is; returns what it became, or nothing when it stays as it is.
    async fn change(
        &self,
        id: SessionId,
        decide: impl Fn(&Session) -> Option<Session>,
    ) -> StoreResult<Option<Session>> {
        let Some(user) = self.user_of(id).await? else { return Ok(None) };
        let mut tries = Tries::default();
        loop {
            let (open, found) = try_join(self.feed.open(), self.records.session(user, id)).await?;
            let Some(before) = found else { return Ok(None) };
            let Some(session) = decide(&with_open(&open, before.value.clone())) else { return Ok(None) };
            let change = [Change::session(Some(&before), &session)];
            let swap = self.records.swap(user, 0, &change);
            let swapped = if session.over_at() < before.value.over_at() {
                let over_at = session.over_at();
                let due = self.index.due_earlier(id, over_at, ttl(session.expires_at, over_at));
                try_join(due, swap).await?.1
            } else {
                swap.await?
            };
            if swapped {
                return Ok(Some(session));
            }
            tries.again().await?;
        }
    }
}
