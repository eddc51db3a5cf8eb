//! Giving out the next refresh token.

use counterfoil_core::audit::Actor;
use counterfoil_core::port::{RefreshOutcome, RotateRefresh, StoreResult};
use counterfoil_core::session::{Credential, End, EndReason, RefreshState, Session, SessionState};
use counterfoil_core::token::{RefreshVerdict, judge_refresh};
use futures_util::future::try_join;

use super::create::token_entry;
use super::standing::with_open;
use crate::RedisStore;
use crate::error::corrupt;
use crate::records::{Change, StoredSession, Tries, ttl};

impl RedisStore {
    pub(super) async fn refresh(&self, command: &RotateRefresh) -> StoreResult<RefreshOutcome> {
        let mut entered = false;
        let outcome = self.rotate(command, &mut entered).await;
        if entered && !matches!(outcome, Ok(RefreshOutcome::Rotated { .. }) | Err(_)) {
            // The token was not given out. What the index says of it would do no harm, and is swept in the end.
            self.index.remove(&[token_entry(&command.token)]).await?;
        }
        outcome
    }

    async fn rotate(&self, command: &RotateRefresh, entered: &mut bool) -> StoreResult<RefreshOutcome> {
        let now = command.now;
        let Some(user) = self.user_of(command.session).await? else { return Ok(RefreshOutcome::Unknown) };
        let mut marked = None;
        let mut tries = Tries::default();
        loop {
            let record = self.records.session(user, command.session);
            let (open, found) = try_join(self.feed.open(), record).await?;
            let Some(before) = found else { return Ok(RefreshOutcome::Unknown) };
            let session = with_open(&open, before.value.clone());
            let Credential::Recorded(state) = session.credential else {
                return Ok(RefreshOutcome::Unknown);
            };
            if session.is_revoked(now) {
                return Ok(RefreshOutcome::Over(session.ended));
            }
            if session.state(now) == SessionState::Expired {
                return Ok(RefreshOutcome::Over(None));
            }
            match judge_refresh(&state, command.presented, now) {
                RefreshVerdict::Rotate { next } => {
                    *entered = true;
                    if self.write_next(command, &before, rotated(&session, &state, command, next)).await? {
                        return Ok(RefreshOutcome::Rotated { counter: next });
                    }
                }
                RefreshVerdict::Converge => {
                    let token = self.records.token(user, session.id, state.token).await?;
                    if let Some((token, _)) = token {
                        let token = Box::new(token.value);
                        return Ok(RefreshOutcome::Converged { counter: state.counter, token });
                    }
                    let present = self.records.session(user, session.id).await?;
                    if present.is_some_and(|present| present.bytes == before.bytes) {
                        return Err(corrupt("a session's newest token is not there"));
                    }
                }
                RefreshVerdict::Replay => {
                    let (reason, by) = (EndReason::RefreshReused, Some(Actor::System));
                    let end = End { at: now, reason, by, note: None };
                    self.mark(&session, &end, &mut marked).await?;
                    if let Some((sequence, _)) = marked
                        && self.write_end(&before, session, &end, None).await?
                    {
                        return Ok(RefreshOutcome::Replayed { sequence });
                    }
                }
            }
            tries.again().await?;
        }
    }

    /// Records the token together with the session's next counter, and enters it in the index.
    async fn write_next(
        &self,
        command: &RotateRefresh,
        before: &StoredSession,
        session: Session,
    ) -> StoreResult<bool> {
        let token = &command.token;
        let ttl = ttl(session.expires_at, command.now);
        let entry = token_entry(token);
        let changes = [Change::session(Some(before), &session), Change::token(None, token, &session)];
        let enter = self.index.enter(&entry, token.expires_at, ttl);
        let ((), swapped) = try_join(enter, self.records.swap(session.user, ttl, &changes)).await?;
        if swapped {
            self.tokens.insert(entry.id, entry);
        }
        Ok(swapped)
    }
}

fn rotated(session: &Session, state: &RefreshState, command: &RotateRefresh, next: u32) -> Session {
    let state = RefreshState {
        counter: next,
        rotated_at: command.now,
        window: state.window,
        token: command.token.id,
        tokens_until: state.tokens_until.max(command.token.expires_at),
    };
    let last_seen_at = session.last_seen_at.max(command.now);
    Session { credential: Credential::Recorded(state), last_seen_at, ..session.clone() }
}
