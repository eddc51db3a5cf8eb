//! Giving out the next refresh token.

use std::time::Duration;

use counterfoil_core::audit::Actor;
use counterfoil_core::port::RefreshOutcome;
use counterfoil_core::revocation::{Selection, Subject};
use counterfoil_core::session::{Credential, End, EndReason, RefreshState, Session};
use counterfoil_core::{ClientId, Timestamp};

use super::{begin_cookie, begin_recorded, head, markers, of_client, read, read_token, refresh, revoke};
use crate::SessionNodes;
use crate::build::{self, ACCESS, REFRESH, WINDOW, at};

fn web() -> ClientId {
    build::client("web")
}

fn rotated(counter: u32) -> RefreshOutcome {
    RefreshOutcome::Rotated { counter }
}

/// The newest refresh token buys the next: the session has the next counter, and the new token is recorded.
pub async fn the_newest_buys_the_next(nodes: SessionNodes) {
    let (session, _) = begin_recorded(&*nodes.one, build::user_id(), &web(), at(0)).await;
    let command = build::refresh(&session, 0, at(60));
    assert_eq!(nodes.other.rotate_refresh(command.clone()).await.unwrap(), rotated(1));
    let state = RefreshState {
        counter: 1,
        rotated_at: at(60),
        window: WINDOW,
        token: command.token.id,
        tokens_until: command.token.expires_at,
    };
    let expected =
        Session { credential: Credential::Recorded(state), last_seen_at: at(60), ..session.clone() };
    assert_eq!(read(&*nodes.one, session.id).await, expected);
    assert_eq!(read_token(&*nodes.one, command.token.id).await.record, command.token);
    assert_eq!(refresh(&*nodes.one, &session, 1, at(70)).await, rotated(2));
}

/// A session remembers its longest token, whatever the newest one's lifetime is.
pub async fn a_shorter_token_does_not_hide_a_longer_one(nodes: SessionNodes) {
    let (session, token) = begin_recorded(&*nodes.one, build::user_id(), &web(), at(0)).await;
    let mut command = build::refresh(&session, 0, at(1));
    command.token.expires_at = at(6);
    nodes.one.rotate_refresh(command).await.unwrap();
    let Credential::Recorded(state) = read(&*nodes.one, session.id).await.credential else { unreachable!() };
    assert_eq!(state.tokens_until, token.expires_at);
}

/// A repeat within the window gets the same answer again, to the window's last moment.
pub async fn a_repeat_within_the_window_converges(nodes: SessionNodes) {
    let (session, _) = begin_recorded(&*nodes.one, build::user_id(), &web(), at(0)).await;
    let winner = build::refresh(&session, 0, at(60));
    nodes.one.rotate_refresh(winner.clone()).await.unwrap();
    let after = read(&*nodes.one, session.id).await;
    for now in [at(60), at(61), at(60) + WINDOW] {
        let command = build::refresh(&session, 0, now);
        let converged = nodes.other.rotate_refresh(command.clone()).await.unwrap();
        let token = Box::new(winner.token.clone());
        assert_eq!(converged, RefreshOutcome::Converged { counter: 1, token });
        assert_eq!(
            nodes.one.token(command.token.id).await.unwrap(),
            None,
            "the repeat's own is not recorded"
        );
    }
    assert_eq!(read(&*nodes.one, session.id).await, after, "nothing changed");
    assert_eq!(head(&*nodes.one).await, 0);
}

/// A repeat after the window is theft: it ends the session, and the marker is in the feed.
pub async fn a_replay_after_the_window_ends_the_session(nodes: SessionNodes) {
    let (session, first) = begin_recorded(&*nodes.one, build::user_id(), &web(), at(0)).await;
    refresh(&*nodes.one, &session, 0, at(60)).await;
    let now = at(60) + WINDOW + Duration::from_millis(1);
    let command = build::refresh(&session, 0, now);
    let replayed = nodes.one.rotate_refresh(command.clone()).await.unwrap();
    assert_eq!(replayed, RefreshOutcome::Replayed { sequence: 1 });
    let end = End { at: now, reason: EndReason::RefreshReused, by: Some(Actor::System), note: None };
    assert_eq!(read(&*nodes.other, session.id).await.ended, Some(end.clone()));
    assert_eq!(read_token(&*nodes.one, first.id).await.session_end, Some(end.clone()));
    assert_eq!(nodes.one.token(command.token.id).await.unwrap(), None);
    let [marker] = &markers(&*nodes.other).await[..] else { panic!("one marker") };
    assert_eq!(marker.subject, Subject::Session { session: session.id });
    assert_eq!(marker.reason, EndReason::RefreshReused);
    assert!(marker.expires_at >= at(60) + ACCESS, "it outlives the newest token");
    // Whichever of the two parties comes next is told why it is over, and nothing more happens.
    assert_eq!(refresh(&*nodes.one, &session, 1, now).await, RefreshOutcome::Over(Some(end)));
    assert_eq!(head(&*nodes.one).await, 1);
}

/// One that is older than the one before the newest is theft at once.
pub async fn an_older_one_is_theft_at_once(nodes: SessionNodes) {
    let (session, _) = begin_recorded(&*nodes.one, build::user_id(), &web(), at(0)).await;
    refresh(&*nodes.one, &session, 0, at(60)).await;
    refresh(&*nodes.one, &session, 1, at(61)).await;
    let outcome = refresh(&*nodes.one, &session, 0, at(62)).await;
    assert_eq!(outcome, RefreshOutcome::Replayed { sequence: 1 });
}

/// A counter ahead of the record makes nobody a thief: the record catches up.
pub async fn a_record_that_is_behind_catches_up(nodes: SessionNodes) {
    let (session, _) = begin_recorded(&*nodes.one, build::user_id(), &web(), at(0)).await;
    assert_eq!(refresh(&*nodes.one, &session, 7, at(60)).await, rotated(8));
    assert_eq!(refresh(&*nodes.one, &session, 8, at(61)).await, rotated(9));
}

/// A refresh keeps a session from going unused, and its absolute end stays where it is.
pub async fn a_refresh_counts_as_use(nodes: SessionNodes) {
    let (session, _) = begin_recorded(&*nodes.one, build::user_id(), &web(), at(0)).await;
    let mut now = at(0);
    let mut counter = 0;
    while now + REFRESH - Duration::from_secs(1) < session.expires_at {
        now = now + REFRESH - Duration::from_secs(1);
        assert_eq!(refresh(&*nodes.one, &session, counter, now).await, rotated(counter + 1));
        counter += 1;
    }
    assert_eq!(refresh(&*nodes.one, &session, counter, session.expires_at).await, RefreshOutcome::Over(None));
}

/// A session that went unused is over, and nothing is recorded.
pub async fn an_expired_session_gives_out_nothing(nodes: SessionNodes) {
    let (session, _) = begin_recorded(&*nodes.one, build::user_id(), &web(), at(0)).await;
    let command = build::refresh(&session, 0, at(0) + REFRESH);
    assert_eq!(nodes.one.rotate_refresh(command.clone()).await.unwrap(), RefreshOutcome::Over(None));
    assert_eq!(nodes.one.token(command.token.id).await.unwrap(), None);
    assert_eq!(read(&*nodes.one, session.id).await, session);
}

/// A session that was ended is over, and the answer says why.
pub async fn an_ended_session_gives_out_nothing(nodes: SessionNodes) {
    let (user, client) = (build::user_id(), web());
    let before = Selection::Sessions { user: None, client: None, begun_before: Some(at(1)), except: None };
    for selection in [None, Some(Selection::user(user)), Some(of_client(&client)), Some(before)] {
        let (session, _) = begin_recorded(&*nodes.one, user, &client, at(0)).await;
        let selection = selection.unwrap_or(Selection::Session(session.id));
        revoke(&*nodes.one, selection.clone(), at(5)).await;
        let ended = read(&*nodes.other, session.id).await;
        for presented in [0, 1] {
            let command = build::refresh(&session, presented, at(6));
            let outcome = nodes.other.rotate_refresh(command.clone()).await.unwrap();
            assert_eq!(outcome, RefreshOutcome::Over(Some(build::end(at(5)))), "{selection:?}");
            assert_eq!(nodes.one.token(command.token.id).await.unwrap(), None);
        }
        assert_eq!(read(&*nodes.one, session.id).await, ended);
    }
}

/// A revocation counts from when it was made, though the clock of the node that made it is ahead of this one's.
pub async fn a_revocation_by_a_clock_that_is_ahead_counts_at_once(nodes: SessionNodes) {
    let user = build::user_id();
    let (session, _) = begin_recorded(&*nodes.one, user, &web(), at(0)).await;
    let ahead: Timestamp = at(65);
    revoke(&*nodes.other, Selection::user(user), ahead).await;
    let outcome = refresh(&*nodes.one, &session, 0, at(60)).await;
    assert_eq!(outcome, RefreshOutcome::Over(Some(build::end(ahead))));
}

/// What is not there, or has no refresh tokens, is unknown.
pub async fn what_has_no_refresh_tokens_is_unknown(nodes: SessionNodes) {
    let cookie = begin_cookie(&*nodes.one, build::user_id(), &web(), at(0)).await;
    let stranger = build::recorded(build::user_id(), &web(), at(0)).0;
    for session in [cookie, stranger.clone()] {
        let command = build::refresh(&session, 0, at(1));
        assert_eq!(nodes.one.rotate_refresh(command.clone()).await.unwrap(), RefreshOutcome::Unknown);
        assert_eq!(nodes.one.token(command.token.id).await.unwrap(), None);
    }
    assert_eq!(nodes.one.session(stranger.id).await.unwrap(), None, "no command but create makes one");
}
