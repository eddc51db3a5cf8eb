//! One sequence of commands, given to the model and to the store, and what both say held against each other.

use std::time::Duration;

use counterfoil_core::port::{
    Created, RefreshOutcome, RotateSecret, SessionFilter, SessionStore, TokenFilter, TokenListing,
};
use counterfoil_core::revocation::{Selection, View};
use counterfoil_core::session::{Credential, End, EndReason, Session};
use counterfoil_core::token::TokenState;
use counterfoil_core::{ClientId, PageRequest, SessionId, Timestamp, TokenId, UserId};

use super::book::{Book, Kept};
use super::command::{Chosen, Command};
use crate::SessionNodes;
use crate::build::{self, at};

/// How long records of what is over are kept.
const KEPT: Duration = Duration::from_secs(1800);

pub(super) struct Contest {
    nodes: SessionNodes,
    book: Book,
    now: Timestamp,
    users: Vec<UserId>,
    clients: Vec<ClientId>,
    made: Vec<SessionId>,
    /// A verifier that has followed the feed from its beginning.
    follower: View,
    turn: usize,
}

impl Contest {
    pub(super) async fn new(nodes: SessionNodes) -> Self {
        let mut follower = View::new();
        follower.restore(nodes.one.snapshot(at(0)).await.unwrap());
        Self {
            nodes,
            follower,
            book: Book::default(),
            now: at(0),
            users: (0..3).map(|_| build::user_id()).collect(),
            clients: vec![build::client("web"), build::client("app")],
            made: Vec::new(),
            turn: 0,
        }
    }

    /// Each node in turn.
    fn store(&self) -> &dyn SessionStore {
        if self.turn.is_multiple_of(2) { &*self.nodes.one } else { &*self.nodes.other }
    }

    /// A session that was made, or one that never was.
    fn chosen_session(&self, number: u8) -> SessionId {
        let number = usize::from(number) % (self.made.len() + 1);
        self.made.get(number).copied().unwrap_or_else(|| build::session_id(self.now))
    }

    pub(super) async fn play(&mut self, command: Command) {
        self.turn += 1;
        let now = self.now;
        match command {
            Command::Pass { seconds } => self.now = now + Duration::from_secs(seconds.unsigned_abs()),
            Command::Create { user, client, recorded, behind } => {
                self.create(user, client, recorded, behind).await;
            }
            Command::Refresh { session, behind } => self.refresh(session, behind).await,
            Command::RotateSecret { session } => {
                let command = RotateSecret {
                    session: self.chosen_session(session),
                    secret: build::digest(),
                    previous_until: now + Duration::from_secs(10),
                    auth_time: now,
                    now,
                };
                let expected = self.book.rotate_secret(&command);
                let found = self.store().rotate_secret(command).await.unwrap();
                assert_eq!(found, expected);
            }
            Command::Touch { session, ago } => {
                let (id, seen) = (self.chosen_session(session), now - Duration::from_secs(ago));
                self.store().touch(&[(id, seen)]).await.unwrap();
                self.book.touch(id, seen);
            }
            Command::Supersede { session, ahead } => {
                let id = self.chosen_session(session);
                let at = now + Duration::from_secs(ahead);
                let end = End { at, reason: EndReason::Superseded, by: None, note: None };
                let found = self.store().supersede(id, end.clone()).await.unwrap();
                assert_eq!(found, self.book.supersede(id, end));
            }
            Command::Revoke(chosen) => self.revoke(&chosen).await,
            Command::Count(chosen) => {
                let selection = self.selection(&chosen);
                let counts = self.store().count(&selection, now).await.unwrap();
                assert_eq!(counts, self.book.expect(&selection, now).counts, "{selection:?}");
            }
            Command::Sweep { limit } => {
                self.store().sweep(now, now - KEPT, limit).await.unwrap();
                self.strike_out_what_was_removed().await;
            }
        }
        self.compare_records().await;
        self.compare_views().await;
    }

    async fn create(&mut self, user: u8, client: u8, recorded: bool, behind: u64) {
        let user = self.users[usize::from(user)];
        let client = &self.clients[usize::from(client)];
        let (session, token) = if recorded {
            let (session, token) = build::recorded(user, client, self.now);
            (session, Some(token))
        } else {
            (build::cookie(user, client, self.now), None)
        };
        let head = self.store().feed_head().await.unwrap();
        let session = Session { generation: head.sequence.saturating_sub(behind), ..session };
        let created = self.store().create(session.clone(), token.clone()).await.unwrap();
        // Who began before markers that were forgotten may be sent back to look again.
        if created == Created::Overtaken && session.generation < head.forgotten {
            return;
        }
        self.made.push(session.id);
        assert_eq!(created, self.book.create(session, token));
    }

    async fn refresh(&mut self, session: u8, behind: i64) {
        let id = self.chosen_session(session);
        let stranger = || build::recorded(self.users[0], &self.clients[0], self.now).0;
        let session = self.book.session(id).unwrap_or_else(|| Session { id, ..stranger() });
        let counter = match session.credential {
            Credential::Recorded(state) => i64::from(state.counter),
            Credential::Cookie { .. } => 0,
        };
        let command = build::refresh(&session, u32::try_from(counter - behind).unwrap_or(0), self.now);
        let before = self.store().feed_head().await.unwrap().sequence;
        let outcome = self.store().rotate_refresh(command.clone()).await.unwrap();
        let either = self.book.sessions.get(&id).is_some_and(|kept| kept.either);
        match (self.book.refresh(&command), outcome) {
            (RefreshOutcome::Replayed { .. }, RefreshOutcome::Replayed { sequence }) => {
                assert!(sequence > before);
                self.learn_of_markers(before).await;
            }
            (RefreshOutcome::Over(None), RefreshOutcome::Over(Some(_))) if either => {}
            (expected, outcome) => assert_eq!(outcome, expected),
        }
    }

    fn selection(&self, chosen: &Chosen) -> Selection {
        match *chosen {
            Chosen::Token { token } => {
                let number = usize::from(token) % (self.book.tokens.len() + 1);
                let token = self.book.tokens.keys().nth(number).copied();
                Selection::Token(token.unwrap_or_else(|| build::token_id(self.now)))
            }
            Chosen::Session { session } => Selection::Session(self.chosen_session(session)),
            Chosen::Sessions { user, client, ago, but } => Selection::Sessions {
                user: user.map(|user| self.users[usize::from(user)]),
                client: client.map(|client| self.clients[usize::from(client)].clone()),
                begun_before: ago.map(|ago| self.now - Duration::from_secs(ago.unsigned_abs())),
                except: but.map(|session| self.chosen_session(session)),
            },
        }
    }

    async fn revoke(&mut self, chosen: &Chosen) {
        let selection = self.selection(chosen);
        let before = self.store().feed_head().await.unwrap().sequence;
        let command = build::revoke(selection.clone(), self.now);
        let expected = self.book.expect(&selection, self.now);
        let done = self.store().revoke(command).await.unwrap();
        assert_eq!(done.counts, expected.counts, "{selection:?}");
        let head = self.store().feed_head().await.unwrap().sequence;
        assert_eq!(done.sequence, head);
        if let Some(marker) = expected.marker {
            assert_eq!(head > before, marker, "a marker for {selection:?}");
        }
        self.book.revoke(&selection, &build::end(self.now));
        self.learn_of_markers(before).await;
    }

    async fn learn_of_markers(&mut self, before: u64) {
        let new = self.store().markers_after(before, 1000).await.unwrap();
        assert!(new.iter().all(|marker| marker.expires_at > self.now));
        new.iter().for_each(|marker| self.follower.apply(marker.clone()));
        self.book.markers.extend(new);
        assert!(self.book.markers.windows(2).all(|pair| pair[0].sequence < pair[1].sequence));
    }

    /// Sweeping removes only what has been over since before the horizon.
    async fn strike_out_what_was_removed(&mut self) {
        let horizon = self.now - KEPT;
        for id in self.book.sessions.keys().copied().collect::<Vec<_>>() {
            if self.store().session(id).await.unwrap().is_none() {
                let Kept { session, .. } = self.book.sessions[&id].clone();
                assert!(self.book.sessions[&id].over_at() < horizon, "{session:?} was removed");
                self.book.sessions.remove(&id);
                let left: Vec<TokenId> =
                    self.book.tokens.values().filter(|token| token.session == id).map(|t| t.id).collect();
                for token in left {
                    assert_eq!(self.store().token(token).await.unwrap(), None, "it goes before its session");
                    self.book.tokens.remove(&token);
                }
            }
        }
        for id in self.book.tokens.keys().copied().collect::<Vec<_>>() {
            if self.store().token(id).await.unwrap().is_none() {
                let token = self.book.tokens.remove(&id).unwrap();
                let session = &self.book.sessions[&token.session];
                let over = token.expires_at.min(token.revoked.map_or(Timestamp::MAX, |end| end.at));
                assert!(over < horizon || session.over_at() < horizon, "{id} was removed");
            }
        }
    }

    async fn compare_records(&self) {
        for (id, kept) in &self.book.sessions {
            let mut found = self.store().session(*id).await.unwrap().expect("it is there");
            if kept.either {
                found.ended.clone_from(&kept.session.ended);
            }
            assert_eq!(found, kept.session);
        }
        for (id, token) in &self.book.tokens {
            let kept = &self.book.sessions[&token.session];
            let mut found = self.store().token(*id).await.unwrap().expect("it is there");
            if kept.either {
                found.session_end.clone_from(&kept.session.ended);
            }
            let Session { generation, ended, .. } = kept.session.clone();
            assert_eq!(found, TokenListing { record: token.clone(), generation, session_end: ended });
        }
    }

    /// At the end: the lists tell all there is, the feed covers exactly what was revoked, and sweeping leaves nothing.
    pub(super) async fn finish(mut self) {
        self.compare_lists().await;
        let late = self.now + Duration::from_secs(400 * 86_400);
        while self.store().sweep(late, late - KEPT, 7).await.unwrap().more {}
        let none = SessionFilter::default();
        assert!(
            self.store().sessions(&none, PageRequest::new(1, None), late).await.unwrap().items.is_empty()
        );
        let none = TokenFilter::default();
        assert!(self.store().tokens(&none, PageRequest::new(1, None), late).await.unwrap().items.is_empty());
        assert!(self.store().markers_after(0, 1000).await.unwrap().is_empty());
        self.now = late;
    }

    async fn compare_lists(&self) {
        let page = PageRequest::new(200, None);
        let sessions = self.store().sessions(&SessionFilter::default(), page, self.now).await.unwrap();
        let ids = sessions.items.iter().map(|session| session.id);
        assert!(ids.eq(self.book.sessions.keys().rev().copied()));
        let page = PageRequest::new(200, None);
        let tokens = self.store().tokens(&TokenFilter::default(), page, self.now).await.unwrap();
        assert!(
            tokens.items.iter().map(|listing| listing.record.id).eq(self.book.tokens.keys().rev().copied())
        );
    }

    /// A verifier that takes a snapshot now, and one that has followed all along, refuse every token that was revoked and
    /// has not expired, and no other.
    async fn compare_views(&self) {
        let head = self.store().feed_head().await.unwrap();
        assert!(self.follower.can_follow(&head) && self.follower.sequence() == head.sequence);
        let mut newcomer = View::new();
        newcomer.restore(self.store().snapshot(self.now).await.unwrap());
        for (id, token) in &self.book.tokens {
            let kept = &self.book.sessions[&token.session];
            let superseded =
                kept.session.ended.as_ref().is_some_and(|end| end.reason == EndReason::Superseded);
            if kept.either || superseded || token.expires_at <= self.now {
                continue;
            }
            let revoked = self.book.token_state(*id, self.now) == Some(TokenState::Revoked);
            for view in [&self.follower, &newcomer] {
                assert_eq!(view.covers(&kept.issued(Some(*id))).is_some(), revoked, "{token:?}");
            }
        }
    }
}
