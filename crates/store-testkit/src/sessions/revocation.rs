//! Revoking one token, one session, or one user's.

use std::collections::BTreeSet;
use std::time::Duration;

use counterfoil_core::account::Lifetimes;
use counterfoil_core::revocation::{Selection, Subject};
use counterfoil_core::session::{EndReason, SessionState};
use counterfoil_core::token::TokenState;
use counterfoil_core::{ClientId, SessionId, Timestamp, UserId};

use super::{begin_cookie, begin_recorded, counts, head, markers, read, read_token, refresh, revoke};
use crate::SessionNodes;
use crate::build::{self, IDLE, at};

/// Verifiers may hold a copy of a cookie's session for some minutes: its marker must live at least so long.
const AT_LEAST: Duration = Duration::from_secs(600);

fn some_of(user: UserId) -> (Option<UserId>, Option<ClientId>, Option<Timestamp>, Option<SessionId>) {
    (Some(user), None, None, None)
}

fn selection(
    (user, client, begun_before, except): (
        Option<UserId>,
        Option<ClientId>,
        Option<Timestamp>,
        Option<SessionId>,
    ),
) -> Selection {
    Selection::Sessions { user, client, begun_before, except }
}

/// A session that is revoked has ended at every node, with everything that was said about it; its tokens with it.
pub async fn a_session_ends_with_its_tokens(nodes: SessionNodes) {
    let (user, client) = (build::user_id(), build::client("web"));
    let (session, first) = begin_recorded(&*nodes.one, user, &client, at(0)).await;
    let (spared, _) = begin_recorded(&*nodes.one, user, &client, at(0)).await;
    refresh(&*nodes.one, &session, 0, at(60)).await;
    assert_eq!(revoke(&*nodes.one, Selection::Session(session.id), at(70)).await, (counts(1, 2), 1));
    let ended = read(&*nodes.other, session.id).await;
    assert_eq!(ended.ended, Some(build::end(at(70))));
    let listing = read_token(&*nodes.other, first.id).await;
    assert_eq!(listing.record.state(listing.session_end.as_ref(), at(70)), TokenState::Revoked);
    assert_eq!(read(&*nodes.one, spared.id).await, spared);
    let [marker] = &markers(&*nodes.other).await[..] else { panic!("one marker") };
    assert_eq!(marker.subject, Subject::Session { session: session.id });
    assert_eq!((marker.reason, marker.created_at), (EndReason::RevokedByAdministrator, at(70)));
    assert!(marker.expires_at >= at(60) + build::ACCESS, "it outlives the longest token");
}

/// A token that is revoked alone leaves its session alive.
pub async fn a_token_ends_alone(nodes: SessionNodes) {
    let (session, token) = begin_recorded(&*nodes.one, build::user_id(), &build::client("web"), at(0)).await;
    assert_eq!(revoke(&*nodes.one, Selection::Token(token.id), at(60)).await, (counts(0, 1), 1));
    let listing = read_token(&*nodes.other, token.id).await;
    assert_eq!(listing.record.revoked, Some(build::end(at(60))));
    assert_eq!(listing.session_end, None);
    assert_eq!(read(&*nodes.other, session.id).await, session);
    let [marker] = &markers(&*nodes.other).await[..] else { panic!("one marker") };
    assert_eq!(marker.subject, Subject::Token { token: token.id });
    assert!(marker.expires_at >= token.expires_at);
    // It is not counted again, neither with everything nor with its session.
    assert_eq!(nodes.one.count(&Selection::all(), at(61)).await.unwrap(), counts(1, 0));
    assert_eq!(revoke(&*nodes.one, Selection::Session(session.id), at(61)).await, (counts(1, 0), 2));
}

/// One marker ends everything of a user, and nothing of another.
pub async fn one_marker_ends_everything_of_a_user(nodes: SessionNodes) {
    let user = build::user_id();
    let mut mine = Vec::new();
    for name in ["web", "app"] {
        mine.push(begin_recorded(&*nodes.one, user, &build::client(name), at(0)).await.0);
        mine.push(begin_cookie(&*nodes.one, user, &build::client(name), at(0)).await);
    }
    let spared = begin_cookie(&*nodes.one, build::user_id(), &build::client("web"), at(0)).await;
    assert_eq!(revoke(&*nodes.one, Selection::user(user), at(60)).await, (counts(4, 2), 1));
    for session in mine {
        assert_eq!(read(&*nodes.other, session.id).await.ended, Some(build::end(at(60))));
    }
    assert_eq!(read(&*nodes.one, spared.id).await, spared);
    let [marker] = &markers(&*nodes.one).await[..] else { panic!("one marker") };
    assert_eq!(marker.subject, Subject::User { user, except: None });
    assert!(marker.expires_at >= at(0) + build::ACCESS);
    // A log-in after it begins a session that is alive.
    let next = begin_cookie(&*nodes.one, user, &build::client("web"), at(61)).await;
    assert_eq!(read(&*nodes.other, next.id).await.state(at(61)), SessionState::Alive);
}

/// All of a user's but one: one marker, which covers what is not recorded too.
pub async fn one_session_is_spared(nodes: SessionNodes) {
    let (user, client) = (build::user_id(), build::client("web"));
    let kept = begin_cookie(&*nodes.one, user, &client, at(0)).await;
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(begin_cookie(&*nodes.one, user, &client, at(0)).await.id);
    }
    let but_one = selection((Some(user), None, None, Some(kept.id)));
    assert_eq!(revoke(&*nodes.one, but_one, at(60)).await, (counts(3, 0), 1));
    assert_eq!(read(&*nodes.other, kept.id).await, kept);
    for other in others {
        assert_eq!(read(&*nodes.other, other).await.ended, Some(build::end(at(60))));
    }
    let [marker] = &markers(&*nodes.other).await[..] else { panic!("one marker") };
    assert_eq!(marker.subject, Subject::User { user, except: Some(kept.id) });
    assert!(marker.expires_at >= at(60) + Lifetimes::MAX_ACCESS, "stateless tokens may live so long");
}

/// All conditions must be met.
pub async fn all_conditions_must_be_met(nodes: SessionNodes) {
    let user = build::user_id();
    let (web, app) = (build::client("web"), build::client("app"));
    let old = begin_cookie(&*nodes.one, user, &web, at(0)).await;
    let new = begin_cookie(&*nodes.one, user, &web, at(10)).await;
    let elsewhere = begin_cookie(&*nodes.one, user, &app, at(0)).await;
    let (of_user, ..) = some_of(user);
    let chosen = selection((of_user, Some(web), Some(at(10)), None));
    assert_eq!(revoke(&*nodes.one, chosen, at(60)).await, (counts(1, 0), 1));
    assert_eq!(read(&*nodes.one, old.id).await.state(at(60)), SessionState::Ended);
    assert_eq!(read(&*nodes.one, new.id).await, new);
    assert_eq!(read(&*nodes.one, elsewhere.id).await, elsewhere);
}

/// Revoking what is over counts nothing, and the first end stays.
pub async fn the_second_time_counts_nothing(nodes: SessionNodes) {
    let (user, client) = (build::user_id(), build::client("web"));
    let (session, token) = begin_recorded(&*nodes.one, user, &client, at(0)).await;
    revoke(&*nodes.one, Selection::Token(token.id), at(60)).await;
    assert_eq!(revoke(&*nodes.other, Selection::Token(token.id), at(61)).await, (counts(0, 0), 1));
    revoke(&*nodes.one, Selection::Session(session.id), at(62)).await;
    assert_eq!(revoke(&*nodes.other, Selection::Session(session.id), at(63)).await, (counts(0, 0), 2));
    assert_eq!(revoke(&*nodes.other, Selection::user(user), at(64)).await.0, counts(0, 0));
    assert_eq!(read(&*nodes.one, session.id).await.ended, Some(build::end(at(62))));
    assert_eq!(read_token(&*nodes.one, token.id).await.record.revoked, Some(build::end(at(60))));
}

/// Revoking what was never there counts nothing and appends nothing.
pub async fn what_was_never_there_leaves_no_marker(nodes: SessionNodes) {
    let user = build::user_id();
    begin_cookie(&*nodes.one, user, &build::client("web"), at(0)).await;
    revoke(&*nodes.one, Selection::user(build::user_id()), at(0)).await;
    let nothing = [
        Selection::Token(build::token_id(at(0))),
        Selection::Session(build::session_id(at(0))),
        selection((Some(user), Some(build::client("app")), None, None)),
    ];
    for selection in nothing {
        assert_eq!(revoke(&*nodes.one, selection, at(60)).await, (counts(0, 0), 1));
    }
}

/// What has expired is not counted.
pub async fn what_has_expired_is_not_counted(nodes: SessionNodes) {
    let (user, client) = (build::user_id(), build::client("web"));
    begin_cookie(&*nodes.one, user, &client, at(0) - IDLE).await;
    let (session, _) = begin_recorded(&*nodes.one, user, &client, at(0)).await;
    refresh(&*nodes.one, &session, 0, at(800)).await;
    // By now the first of the session's two tokens has expired.
    assert_eq!(revoke(&*nodes.one, Selection::user(user), at(900)).await.0, counts(1, 1));
}

/// A cookie's marker lives as long as copies of its session may.
pub async fn a_cookies_marker_lives_some_minutes(nodes: SessionNodes) {
    let session = begin_cookie(&*nodes.one, build::user_id(), &build::client("web"), at(0)).await;
    revoke(&*nodes.one, Selection::Session(session.id), at(60)).await;
    revoke(&*nodes.one, Selection::user(session.user), at(60)).await;
    for marker in markers(&*nodes.one).await {
        assert!(marker.expires_at >= at(60) + AT_LEAST, "{marker:?}");
    }
}

/// Of many that revoke one session at once, one counts it. Each may leave a marker: where the feed and the records are on
/// different nodes of a store, the marker comes first, and a second one of an ended session changes nothing.
pub async fn exactly_one_of_many_counts_a_session(nodes: SessionNodes) {
    let session = begin_cookie(&*nodes.one, build::user_id(), &build::client("web"), at(0)).await;
    let id = session.id;
    let outcomes = nodes
        .race(64, |_, store| async move {
            store.revoke(build::revoke(Selection::Session(id), at(60))).await.unwrap()
        })
        .await;
    assert_eq!(outcomes.iter().map(|revocation| revocation.counts.sessions).sum::<u64>(), 1);
    let markers = markers(&*nodes.one).await;
    assert!(
        !markers.is_empty()
            && markers.iter().all(|marker| marker.subject == Subject::Session { session: id })
    );
}

/// Numbers are given once and rise, however many revoke at once.
pub async fn numbers_are_given_once(nodes: SessionNodes) {
    let (user, client) = (build::user_id(), build::client("web"));
    let mut sessions = Vec::new();
    for _ in 0..64 {
        sessions.push(begin_cookie(&*nodes.one, user, &client, at(0)).await.id);
    }
    let outcomes = nodes
        .race(64, |number, store| {
            let session = sessions[number];
            async move { store.revoke(build::revoke(Selection::Session(session), at(60))).await.unwrap() }
        })
        .await;
    let numbers: BTreeSet<u64> = outcomes.iter().map(|revocation| revocation.sequence).collect();
    assert!(numbers.iter().copied().eq(1..=64), "{numbers:?}");
    let in_feed: Vec<u64> = markers(&*nodes.other).await.into_iter().map(|marker| marker.sequence).collect();
    assert_eq!(in_feed, numbers.into_iter().collect::<Vec<_>>());
    assert_eq!(in_feed.last(), Some(&head(&*nodes.other).await));
}
