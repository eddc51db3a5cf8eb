//! Noting when sessions were seen, and replacing a cookie's secret.

use std::time::Duration;

use counterfoil_core::Timestamp;
use counterfoil_core::port::RotateSecret;
use counterfoil_core::revocation::Selection;
use counterfoil_core::session::{Credential, Session};

use super::{begin_cookie, begin_recorded, of_client, read, revoke};
use crate::SessionNodes;
use crate::build::{self, IDLE, at};

fn new_secret(session: &Session, now: Timestamp) -> RotateSecret {
    RotateSecret {
        session: session.id,
        secret: build::digest(),
        previous_until: now + Duration::from_secs(10),
        auth_time: now,
        now,
    }
}

/// The last-seen time moves on, and nothing else changes.
pub async fn a_session_that_was_seen_says_so(nodes: SessionNodes) {
    let client = build::client("web");
    let cookie = begin_cookie(&*nodes.one, build::user_id(), &client, at(0)).await;
    let (recorded, _) = begin_recorded(&*nodes.one, build::user_id(), &client, at(0)).await;
    nodes.other.touch(&[(cookie.id, at(60)), (recorded.id, at(61))]).await.unwrap();
    assert_eq!(read(&*nodes.one, cookie.id).await, Session { last_seen_at: at(60), ..cookie });
    assert_eq!(read(&*nodes.one, recorded.id).await, Session { last_seen_at: at(61), ..recorded });
}

/// A time is never moved back.
pub async fn a_time_never_moves_back(nodes: SessionNodes) {
    let session = begin_cookie(&*nodes.one, build::user_id(), &build::client("web"), at(0)).await;
    nodes.one.touch(&[(session.id, at(60)), (session.id, at(50))]).await.unwrap();
    nodes.other.touch(&[(session.id, at(40))]).await.unwrap();
    assert_eq!(read(&*nodes.one, session.id).await.last_seen_at, at(60));
}

/// Many are noted at once, and those that are not there are left out and not created.
pub async fn many_are_noted_at_once(nodes: SessionNodes) {
    let (user, client) = (build::user_id(), build::client("web"));
    let mut seen = Vec::new();
    for _ in 0..60 {
        let session = begin_cookie(&*nodes.one, user, &client, at(0)).await;
        seen.push((session.id, at(60)));
        seen.extend((0..20).map(|_| (build::session_id(at(0)), at(60))));
    }
    nodes.one.touch(&seen).await.unwrap();
    nodes.one.touch(&[]).await.unwrap();
    for (number, (id, _)) in seen.into_iter().enumerate() {
        let session = nodes.one.session(id).await.unwrap();
        assert_eq!(session.map(|session| session.last_seen_at), (number % 21 == 0).then_some(at(60)));
    }
}

/// Use keeps a cookie alive; what was not used for too long stays over.
pub async fn use_keeps_alive_and_does_not_bring_back(nodes: SessionNodes) {
    let session = begin_cookie(&*nodes.one, build::user_id(), &build::client("web"), at(0)).await;
    let late = at(0) + IDLE - Duration::from_millis(1);
    nodes.one.touch(&[(session.id, late)]).await.unwrap();
    let kept = read(&*nodes.one, session.id).await;
    assert_eq!(kept.idle_deadline(), late + IDLE);
    nodes.one.touch(&[(session.id, late + IDLE)]).await.unwrap();
    assert_eq!(read(&*nodes.one, session.id).await, kept, "it was over by then");
}

/// A session that was ended is neither touched nor given a new secret, whatever ended it.
pub async fn what_was_ended_is_left_alone(nodes: SessionNodes) {
    let (user, client) = (build::user_id(), build::client("web"));
    for selection in [None, Some(Selection::user(user)), Some(of_client(&client)), Some(Selection::all())] {
        let session = begin_cookie(&*nodes.one, user, &client, at(0)).await;
        revoke(&*nodes.one, selection.unwrap_or(Selection::Session(session.id)), at(60)).await;
        let ended = Session { ended: Some(build::end(at(60))), ..session.clone() };
        // The second one was seen before the end, and is noted too late.
        nodes.other.touch(&[(session.id, at(70)), (session.id, at(30))]).await.unwrap();
        assert_eq!(nodes.other.rotate_secret(new_secret(&session, at(60))).await.unwrap(), None);
        assert_eq!(read(&*nodes.one, session.id).await, ended);
    }
}

/// A revocation counts from when it was made, though the clock of the node that made it is ahead of this one's.
pub async fn a_revocation_by_a_clock_that_is_ahead_counts_at_once(nodes: SessionNodes) {
    let session = begin_cookie(&*nodes.one, build::user_id(), &build::client("web"), at(0)).await;
    revoke(&*nodes.one, Selection::Session(session.id), at(65)).await;
    assert_eq!(nodes.other.rotate_secret(new_secret(&session, at(60))).await.unwrap(), None);
    nodes.other.touch(&[(session.id, at(60))]).await.unwrap();
    let ended = Session { ended: Some(build::end(at(65))), ..session };
    assert_eq!(read(&*nodes.one, ended.id).await, ended);
}

/// A new secret takes the old one's place, which is honoured until the instant given.
pub async fn a_new_secret_replaces_the_old_one(nodes: SessionNodes) {
    let session = begin_cookie(&*nodes.one, build::user_id(), &build::client("web"), at(0)).await;
    let Credential::Cookie { secret: first, .. } = session.credential else { unreachable!() };
    let command = new_secret(&session, at(60));
    let changed = nodes.one.rotate_secret(command).await.unwrap().unwrap();
    assert_eq!(read(&*nodes.other, session.id).await, changed);
    assert_eq!(changed.auth_time, at(60));
    assert_eq!(changed.last_seen_at, at(60), "it is a use");
    assert!(changed.honours(command.secret, at(3000)));
    assert!(changed.honours(first, at(69)) && !changed.honours(first, at(70)));
    let again = new_secret(&session, at(61));
    let changed = nodes.other.rotate_secret(again).await.unwrap().unwrap();
    assert!(changed.honours(again.secret, at(61)) && changed.honours(command.secret, at(61)));
    assert!(!changed.honours(first, at(61)), "only one before the present is honoured");
}

/// Of many that replace a secret at once, each takes the place of the one before: the last is the session's.
pub async fn secrets_replaced_at_once_follow_one_another(nodes: SessionNodes) {
    let session = begin_cookie(&*nodes.one, build::user_id(), &build::client("web"), at(0)).await;
    let changed = nodes
        .race(64, |_, store| {
            let command = new_secret(&session, at(60));
            async move { store.rotate_secret(command).await.unwrap().unwrap() }
        })
        .await;
    let last = read(&*nodes.one, session.id).await;
    assert!(changed.contains(&last));
    let Credential::Cookie { previous: Some((previous, _)), .. } = last.credential else {
        panic!("{last:?}")
    };
    let is_previous = |session: &Session| matches!(session.credential, Credential::Cookie { secret, .. } if secret == previous);
    assert_eq!(changed.iter().filter(|session| is_previous(session)).count(), 1);
}

/// Only what is alive and has a cookie gets a new secret.
pub async fn what_has_no_cookie_gets_no_secret(nodes: SessionNodes) {
    let client = build::client("web");
    let expired = begin_cookie(&*nodes.one, build::user_id(), &client, at(0) - IDLE).await;
    let (recorded, _) = begin_recorded(&*nodes.one, build::user_id(), &client, at(0)).await;
    for session in [&expired, &recorded] {
        assert_eq!(nodes.one.rotate_secret(new_secret(session, at(0))).await.unwrap(), None);
        assert_eq!(read(&*nodes.one, session.id).await, *session);
    }
    let stranger = build::cookie(build::user_id(), &client, at(0));
    assert_eq!(nodes.one.rotate_secret(new_secret(&stranger, at(0))).await.unwrap(), None);
    assert_eq!(nodes.one.session(stranger.id).await.unwrap(), None);
}
