//! The book as the contract has it: maps of records, all markers ever made, and each command in the plainest way.

use std::collections::BTreeMap;

use counterfoil_core::audit::Actor;
use counterfoil_core::port::{Counts, Created, Ended, RefreshOutcome, RotateRefresh, RotateSecret};
use counterfoil_core::revocation::{Issued, Marker, Selection};
use counterfoil_core::session::{Credential, End, EndReason, RefreshState, Session, SessionState};
use counterfoil_core::token::{RefreshVerdict, TokenRecord, TokenState, judge_refresh};
use counterfoil_core::{SessionId, Timestamp, TokenId};

/// What is recorded.
#[derive(Default)]
pub(super) struct Book {
    pub(super) sessions: BTreeMap<SessionId, Kept>,
    pub(super) tokens: BTreeMap<TokenId, TokenRecord>,
    pub(super) markers: Vec<Marker>,
}

/// A session, as far as the contract says what its record is.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) session: Session,
    /// It had expired when it was revoked: its record may tell the end, or not.
    pub(super) either: bool,
}

/// What a revocation has to do.
pub(super) struct Expected {
    pub(super) counts: Counts,
    /// Whether a marker must be appended (`Some(true)`), must not, or may.
    pub(super) marker: Option<bool>,
}

impl Kept {
    pub(super) fn issued(&self, token: Option<TokenId>) -> Issued<'_> {
        let Session { id, user, client, generation, .. } = &self.session;
        Issued { token, session: *id, user: *user, client, generation: *generation }
    }

    /// Since when it has been over, or will be as far as is known.
    pub(super) fn over_at(&self) -> Timestamp {
        let deadline = self.session.idle_deadline();
        self.session.ended.as_ref().map_or(deadline, |end| end.at.min(deadline))
    }
}

impl Book {
    pub(super) fn session(&self, id: SessionId) -> Option<Session> {
        self.sessions.get(&id).map(|kept| kept.session.clone())
    }

    /// Whether a log-in was overtaken by any marker there ever was.
    pub(super) fn overtaken(&self, session: &Session) -> bool {
        let kept = Kept { session: session.clone(), either: false };
        let newer = self.markers.iter().filter(|marker| marker.sequence > session.generation);
        newer.into_iter().any(|marker| marker.covers(&kept.issued(None)))
    }

    pub(super) fn create(&mut self, session: Session, token: Option<TokenRecord>) -> Created {
        if self.overtaken(&session) {
            return Created::Overtaken;
        }
        self.sessions.insert(session.id, Kept { session, either: false });
        self.tokens.extend(token.map(|token| (token.id, token)));
        Created::Done
    }

    /// `Replayed` tells no number here: the marker is the store's to number.
    pub(super) fn refresh(&mut self, command: &RotateRefresh) -> RefreshOutcome {
        let Some(Kept { session, .. }) = self.sessions.get_mut(&command.session) else {
            return RefreshOutcome::Unknown;
        };
        let Credential::Recorded(state) = &mut session.credential else { return RefreshOutcome::Unknown };
        let verdict = judge_refresh(state, command.presented, command.now);
        let before = *state;
        match session.state(command.now) {
            SessionState::Ended => return RefreshOutcome::Over(session.ended.clone()),
            SessionState::Expired => return RefreshOutcome::Over(None),
            SessionState::Alive => {}
        }
        match verdict {
            RefreshVerdict::Rotate { next } => {
                session.credential = Credential::Recorded(RefreshState {
                    counter: next,
                    rotated_at: command.now,
                    token: command.token.id,
                    tokens_until: before.tokens_until.max(command.token.expires_at),
                    ..before
                });
                session.last_seen_at = command.now;
                self.tokens.insert(command.token.id, command.token.clone());
                RefreshOutcome::Rotated { counter: next }
            }
            RefreshVerdict::Converge => {
                let token = Box::new(self.tokens[&before.token].clone());
                RefreshOutcome::Converged { counter: before.counter, token }
            }
            RefreshVerdict::Replay => {
                let (reason, by) = (EndReason::RefreshReused, Some(Actor::System));
                session.ended = Some(End { at: command.now, reason, by, note: None });
                RefreshOutcome::Replayed { sequence: 0 }
            }
        }
    }

    pub(super) fn rotate_secret(&mut self, command: &RotateSecret) -> Option<Session> {
        let session = &mut self.sessions.get_mut(&command.session)?.session;
        if session.state(command.now) != SessionState::Alive {
            return None;
        }
        let Credential::Cookie { secret, previous } = &mut session.credential else { return None };
        *previous = Some((*secret, command.previous_until));
        *secret = command.secret;
        session.auth_time = command.auth_time;
        session.last_seen_at = command.now;
        Some(session.clone())
    }

    pub(super) fn touch(&mut self, id: SessionId, at: Timestamp) {
        let Some(Kept { session, .. }) = self.sessions.get_mut(&id) else { return };
        let superseded = |end: &End| end.reason == EndReason::Superseded;
        let revoked = session.ended.as_ref().is_some_and(|end| !superseded(end));
        if session.state(at) == SessionState::Alive && !revoked {
            session.last_seen_at = session.last_seen_at.max(at);
        }
    }

    pub(super) fn supersede(&mut self, id: SessionId, end: End) -> Ended {
        match self.sessions.get_mut(&id) {
            Some(Kept { session, .. }) if session.ended.is_none() && session.idle_deadline() > end.at => {
                session.ended = Some(end);
                Ended::Done
            }
            _ => Ended::Unchanged,
        }
    }

    /// What a revocation will count, and whether it leaves a marker.
    pub(super) fn expect(&self, selection: &Selection, now: Timestamp) -> Expected {
        if let Selection::Token(id) = selection {
            let alive = self.token_state(*id, now) == Some(TokenState::Alive);
            let counts = Counts { sessions: 0, tokens: alive.into() };
            return Expected { counts, marker: Some(alive) };
        }
        let mut counts = Counts::default();
        let mut expired = false;
        for Kept { session, .. } in self.sessions.values() {
            if !selection.selects(session.id, session.user, &session.client) {
                continue;
            }
            match session.state(now) {
                SessionState::Alive => {
                    counts.sessions += 1;
                    let tokens = self.tokens.values().filter(|token| token.session == session.id);
                    let alive =
                        tokens.filter(|token| self.token_state(token.id, now) == Some(TokenState::Alive));
                    counts.tokens += u64::try_from(alive.count()).unwrap();
                }
                SessionState::Expired => expired = true,
                SessionState::Ended => {}
            }
        }
        let one_marker_for_many = match selection {
            Selection::Sessions { user: Some(_), client, begun_before, .. } => {
                client.is_none() && begun_before.is_none()
            }
            Selection::Sessions { .. } => true,
            _ => false,
        };
        let marker = if one_marker_for_many || counts.sessions > 0 {
            Some(true)
        } else if expired {
            None
        } else {
            Some(false)
        };
        Expected { counts, marker }
    }

    /// Enters a revocation: what is selected has ended, unless it ended before.
    pub(super) fn revoke(&mut self, selection: &Selection, end: &End) {
        if let Selection::Token(id) = selection {
            if self.token_state(*id, end.at) == Some(TokenState::Alive) {
                self.tokens.get_mut(id).unwrap().revoked = Some(end.clone());
            }
            return;
        }
        for kept in self.sessions.values_mut() {
            let session = &mut kept.session;
            if selection.selects(session.id, session.user, &session.client) {
                match session.state(end.at) {
                    SessionState::Alive => session.ended = Some(end.clone()),
                    SessionState::Expired => kept.either = true,
                    SessionState::Ended => {}
                }
            }
        }
    }

    pub(super) fn token_state(&self, id: TokenId, now: Timestamp) -> Option<TokenState> {
        let token = self.tokens.get(&id)?;
        let session = self.sessions.get(&token.session)?;
        Some(token.state(session.session.ended.as_ref(), now))
    }
}
