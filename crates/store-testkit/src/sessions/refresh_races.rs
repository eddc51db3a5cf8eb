//! Many who present refresh tokens of one session at once.

use counterfoil_core::port::RefreshOutcome;
use counterfoil_core::revocation::{Selection, Subject};
use counterfoil_core::session::{EndReason, SessionState};

use super::{begin_recorded, markers, read, refresh, refresh_state};
use crate::SessionNodes;
use crate::build::{self, WINDOW, at};

/// Of 64 that present the same one, exactly one is told that it rotated; the others are told what that one was given.
pub async fn exactly_one_of_many_rotates(nodes: SessionNodes) {
    let (session, _) = begin_recorded(&*nodes.one, build::user_id(), &build::client("web"), at(0)).await;
    let outcomes = nodes
        .race(64, |_, store| {
            let command = build::refresh(&session, 0, at(60));
            async move { (command.token.id, store.rotate_refresh(command).await.unwrap()) }
        })
        .await;
    let winners: Vec<_> = outcomes
        .iter()
        .filter(|(_, outcome)| matches!(outcome, RefreshOutcome::Rotated { counter: 1 }))
        .collect();
    let [(winner, _)] = &winners[..] else { panic!("{} winners", winners.len()) };
    for (own, outcome) in &outcomes {
        match outcome {
            RefreshOutcome::Rotated { .. } => {}
            RefreshOutcome::Converged { counter: 1, token } => {
                assert_eq!(token.id, *winner);
                assert_eq!(nodes.one.token(*own).await.unwrap(), None, "a loser's token is not recorded");
            }
            other => panic!("{other:?}"),
        }
    }
    let state = refresh_state(&read(&*nodes.other, session.id).await);
    assert_eq!((state.counter, state.token), (1, *winner));
}

/// Of many that replay one, exactly one is told a marker's number; the others are told that it is over. There is a marker
/// then, of that session. Each may leave one: where the feed and the records are on different nodes of a store, the marker
/// comes first, and a second one of an ended session changes nothing.
pub async fn many_replays_leave_one_marker(nodes: SessionNodes) {
    let (session, _) = begin_recorded(&*nodes.one, build::user_id(), &build::client("web"), at(0)).await;
    refresh(&*nodes.one, &session, 0, at(60)).await;
    let outcomes = nodes
        .race(64, |_, store| {
            let command = build::refresh(&session, 0, at(61) + WINDOW);
            async move { store.rotate_refresh(command).await.unwrap() }
        })
        .await;
    let markers = markers(&*nodes.one).await;
    assert!(markers.iter().all(|marker| marker.subject == Subject::Session { session: session.id }));
    let numbers: Vec<u64> = markers.iter().map(|marker| marker.sequence).collect();
    let replayed = outcomes.iter().filter(
        |outcome| matches!(outcome, RefreshOutcome::Replayed { sequence } if numbers.contains(sequence)),
    );
    assert_eq!(replayed.count(), 1);
    let over = outcomes.iter().filter(
        |outcome| matches!(outcome, RefreshOutcome::Over(Some(end)) if end.reason == EndReason::RefreshReused),
    );
    assert_eq!(over.count(), 63);
}

/// Whatever races with a revocation, the session has ended after it, and no token of it is alive.
pub async fn a_refresh_that_races_with_a_revocation_saves_nothing(nodes: SessionNodes) {
    let user = build::user_id();
    let (session, _) = begin_recorded(&*nodes.one, user, &build::client("web"), at(0)).await;
    let outcomes = nodes
        .race(64, |number, store| {
            let session = session.clone();
            async move {
                if number == 32 {
                    store.revoke(build::revoke(Selection::user(user), at(60))).await.unwrap();
                    return None;
                }
                let presented = u32::try_from(number / 8).unwrap();
                let command = build::refresh(&session, presented, at(60));
                let token = command.token.id;
                match store.rotate_refresh(command).await.unwrap() {
                    RefreshOutcome::Rotated { .. } => Some(token),
                    _ => None,
                }
            }
        })
        .await;
    assert_eq!(read(&*nodes.one, session.id).await.state(at(60)), SessionState::Ended);
    for token in outcomes.into_iter().flatten() {
        let listing = nodes.other.token(token).await.unwrap().unwrap();
        assert!(listing.session_end.is_some());
    }
}
