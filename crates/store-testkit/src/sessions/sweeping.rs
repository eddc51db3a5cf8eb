//! Sweeping: what is over goes, what lives stays, and a marker of many is not forgotten before its work is done.

use counterfoil_core::account::Lifetimes;
use counterfoil_core::port::{RefreshOutcome, Swept};
use counterfoil_core::revocation::Selection;

use super::{begin_cookie, begin_recorded, markers, of_client, read, read_token, refresh, revoke, sweep_all};
use crate::SessionNodes;
use crate::build::{self, IDLE, at};

const DAY: i64 = 24 * 3600;

/// Nothing to do is said so.
pub async fn an_empty_store_has_nothing_to_do(nodes: SessionNodes) {
    assert_eq!(nodes.one.sweep(at(0), at(0), 100).await.unwrap(), Swept::default());
}

/// The living are left as they are.
pub async fn the_living_are_left_alone(nodes: SessionNodes) {
    let client = build::client("web");
    let cookie = begin_cookie(&*nodes.one, build::user_id(), &client, at(0)).await;
    let (recorded, token) = begin_recorded(&*nodes.one, build::user_id(), &client, at(0)).await;
    revoke(&*nodes.one, Selection::user(build::user_id()), at(0)).await;
    let before = markers(&*nodes.one).await;
    sweep_all(&*nodes.one, at(300), at(300), 100).await;
    assert_eq!(read(&*nodes.one, cookie.id).await, cookie);
    assert_eq!(read(&*nodes.one, recorded.id).await, recorded);
    assert_eq!(read_token(&*nodes.one, token.id).await.record, token);
    assert_eq!(markers(&*nodes.one).await, before);
}

/// What has been over since before the horizon goes, with its tokens; what was over later stays for now.
pub async fn what_is_long_over_goes(nodes: SessionNodes) {
    let (user, client) = (build::user_id(), build::client("web"));
    let expired = begin_cookie(&*nodes.one, user, &client, at(-DAY)).await;
    let (ended, token) = begin_recorded(&*nodes.one, user, &client, at(0)).await;
    let recent = begin_cookie(&*nodes.one, user, &client, at(0)).await;
    revoke(&*nodes.one, Selection::Session(ended.id), at(60)).await;
    revoke(&*nodes.one, Selection::Session(recent.id), at(DAY / 2)).await;
    sweep_all(&*nodes.other, at(DAY / 2), at(61), 100).await;
    assert_eq!(nodes.one.session(expired.id).await.unwrap(), None);
    assert_eq!(nodes.one.session(ended.id).await.unwrap(), None);
    assert_eq!(nodes.one.token(token.id).await.unwrap(), None);
    assert_eq!(read(&*nodes.one, recent.id).await.ended, Some(build::end(at(DAY / 2))));
}

/// Until the horizon the book tells what was.
pub async fn what_was_over_after_the_horizon_stays(nodes: SessionNodes) {
    let (session, token) = begin_recorded(&*nodes.one, build::user_id(), &build::client("web"), at(0)).await;
    revoke(&*nodes.one, Selection::Session(session.id), at(60)).await;
    let before = (read(&*nodes.one, session.id).await, read_token(&*nodes.one, token.id).await);
    sweep_all(&*nodes.one, at(DAY), at(60), 100).await;
    assert_eq!((read(&*nodes.one, session.id).await, read_token(&*nodes.one, token.id).await), before);
}

/// A session that goes on loses the records of tokens that expired long ago, and goes on.
pub async fn old_tokens_of_a_living_session_go(nodes: SessionNodes) {
    let (session, first) = begin_recorded(&*nodes.one, build::user_id(), &build::client("web"), at(0)).await;
    let command = build::refresh(&session, 0, at(7000));
    nodes.one.rotate_refresh(command.clone()).await.unwrap();
    sweep_all(&*nodes.one, at(7001), at(6000), 100).await;
    assert_eq!(nodes.one.token(first.id).await.unwrap(), None);
    assert_eq!(read_token(&*nodes.one, command.token.id).await.record, command.token);
    assert_eq!(refresh(&*nodes.one, &session, 1, at(7002)).await, RefreshOutcome::Rotated { counter: 2 });
}

/// Whatever the horizon, a repeat of a refresh within its window finds the token that it is to be given.
pub async fn a_repeat_finds_its_token_whatever_the_horizon(nodes: SessionNodes) {
    let (session, _) = begin_recorded(&*nodes.one, build::user_id(), &build::client("web"), at(0)).await;
    let mut command = build::refresh(&session, 0, at(60));
    // Access tokens may be as short as five seconds, and windows longer.
    command.token.expires_at = at(65);
    nodes.one.rotate_refresh(command.clone()).await.unwrap();
    sweep_all(&*nodes.one, at(80), at(80), 100).await;
    let outcome = refresh(&*nodes.one, &session, 0, at(81)).await;
    assert_eq!(outcome, RefreshOutcome::Converged { counter: 1, token: Box::new(command.token) });
}

/// The work of a marker of many is done in small pieces; at every moment all that it covers have ended.
pub async fn the_work_of_many_is_done_in_pieces(nodes: SessionNodes) {
    let client = build::client("web");
    let mut sessions = Vec::new();
    for _ in 0..25 {
        sessions.push(begin_cookie(&*nodes.one, build::user_id(), &client, at(0)).await.id);
        begin_cookie(&*nodes.one, build::user_id(), &build::client("app"), at(0)).await;
    }
    revoke(&*nodes.one, of_client(&client), at(60)).await;
    // Long after the marker expired: it must not be forgotten before its work is done.
    let late = at(60) + 2 * Lifetimes::MAX_ACCESS;
    let mut ended = 0;
    for _ in 0..1000 {
        let swept = nodes.one.sweep(late, at(-DAY), 3).await.unwrap();
        assert!(swept.ended <= 3);
        ended += swept.ended;
        for id in &sessions {
            assert_eq!(read(&*nodes.other, *id).await.ended, Some(build::end(at(60))));
        }
        if !swept.more {
            break;
        }
    }
    assert_eq!(ended, 25);
    assert_eq!(markers(&*nodes.one).await, []);
    assert_eq!(nodes.one.sweep(late, at(-DAY), 3).await.unwrap(), Swept::default());
}

/// As long as the work of one of several markers is not done, there is more to do.
pub async fn the_work_of_several_is_done(nodes: SessionNodes) {
    let clients = [build::client("web"), build::client("app")];
    for client in &clients {
        begin_cookie(&*nodes.one, build::user_id(), client, at(0)).await;
    }
    for client in &clients {
        revoke(&*nodes.one, of_client(client), at(60)).await;
    }
    let mut ended = 0;
    loop {
        let swept = nodes.one.sweep(at(61), at(-DAY), 100).await.unwrap();
        ended += swept.ended;
        if !swept.more {
            break;
        }
    }
    assert_eq!(ended, 2);
}

/// As long as there are records to remove, there is more to do, though all are of one session that lives.
pub async fn all_old_tokens_go_in_pieces(nodes: SessionNodes) {
    let (session, first) = begin_recorded(&*nodes.one, build::user_id(), &build::client("web"), at(0)).await;
    let mut old = vec![first.id];
    for presented in 0..10 {
        let command = build::refresh(&session, presented, at(i64::from(presented) + 1));
        old.push(command.token.id);
        nodes.one.rotate_refresh(command).await.unwrap();
    }
    assert_eq!(refresh(&*nodes.one, &session, 10, at(7000)).await, RefreshOutcome::Rotated { counter: 11 });
    sweep_all(&*nodes.one, at(7001), at(6000), 3).await;
    for id in old {
        assert_eq!(nodes.other.token(id).await.unwrap(), None);
    }
}

/// A small limit is kept, and everything is done in the end.
pub async fn a_limit_is_kept(nodes: SessionNodes) {
    let (user, client) = (build::user_id(), build::client("web"));
    for _ in 0..20 {
        begin_recorded(&*nodes.one, user, &client, at(-DAY)).await;
        revoke(&*nodes.one, Selection::user(build::user_id()), at(-DAY)).await;
    }
    let mut done = (0, 0);
    loop {
        let swept = nodes.one.sweep(at(DAY), at(0), 4).await.unwrap();
        assert!(swept.removed <= 8 && swept.markers <= 4, "{swept:?}");
        done = (done.0 + swept.removed, done.1 + swept.markers);
        if !swept.more {
            break;
        }
    }
    assert_eq!(done, (40, 20), "20 sessions, 20 tokens and 20 markers");
}

/// Nodes that sweep at once do no harm to each other, nor to who logs in meanwhile.
pub async fn nodes_may_sweep_at_once(nodes: SessionNodes) {
    let client = build::client("web");
    for _ in 0..40 {
        begin_cookie(&*nodes.one, build::user_id(), &client, at(0) - IDLE - IDLE).await;
    }
    revoke(&*nodes.one, Selection::all(), at(0)).await;
    let outcomes = nodes
        .race(16, |number, store| {
            let client = client.clone();
            async move {
                if number < 8 {
                    sweep_all(&*store, at(1), at(-600), 5).await;
                    None
                } else {
                    Some(begin_cookie(&*store, build::user_id(), &client, at(1)).await)
                }
            }
        })
        .await;
    for session in outcomes.into_iter().flatten() {
        assert_eq!(read(&*nodes.one, session.id).await, session);
    }
    let left = nodes.one.count(&Selection::all(), at(1)).await.unwrap();
    assert_eq!(left.sessions, 8);
}
