//! What comes between the marker and the records.

use std::sync::Arc;

use counterfoil_core::port::SessionStore;
use counterfoil_core::revocation::{Selection, Subject};
use counterfoil_core::session::Credential;
use counterfoil_store_testkit::build::{self, at};
use counterfoil_store_testkit::run;
use counterfoil_store_testkit::servers::redis::Redis;

use super::{log_in, open};

#[test]
fn the_marker_outlives_what_a_racing_refresh_gave_out() {
    run(async {
        let redis = Redis::start();
        let store = Arc::new(open(&redis).await);
        for _ in 0..40 {
            let (session, _) = log_in(&store, at(0)).await;
            let refreshes = (0..8).map(|presented| {
                let mut command = build::refresh(&session, presented, at(60));
                // Each token lives an hour longer than the one before.
                command.token.expires_at = at(3600 * (i64::from(presented) + 1));
                let store = Arc::clone(&store);
                tokio::spawn(async move { store.rotate_refresh(command).await.unwrap() })
            });
            let refreshes: Vec<_> = refreshes.collect();
            let revoked = store.revoke(build::revoke(Selection::Session(session.id), at(60))).await.unwrap();
            for refresh in refreshes {
                refresh.await.unwrap();
            }
            let session = store.session(session.id).await.unwrap().unwrap();
            assert!(session.ended.is_some() && revoked.counts.sessions <= 1, "{session:?}");
            let Credential::Recorded(state) = session.credential else { panic!("it is recorded") };
            let markers = store.markers_after(0, 10_000).await.unwrap().into_iter();
            let of_it = markers.filter(|marker| marker.subject == Subject::Session { session: session.id });
            assert!(of_it.map(|marker| marker.expires_at).max() >= Some(state.tokens_until));
        }
    });
}

#[test]
fn what_a_sweep_ends_while_it_is_counted_is_counted() {
    const SESSIONS: u64 = 1500;
    run(async {
        let redis = Redis::start();
        let (store, other) = (open(&redis).await, open(&redis).await);
        for _ in 0..SESSIONS {
            log_in(&store, at(0)).await;
        }
        let revoke = async {
            let revoked = store.revoke(build::revoke(Selection::all(), at(60))).await.unwrap();
            (revoked.counts.sessions, revoked.counts.tokens)
        };
        let sweep = async {
            let mut ended = 0;
            while ended < SESSIONS {
                ended += u64::from(other.sweep(at(60), at(-60), 100).await.unwrap().ended);
            }
            ended
        };
        assert_eq!(tokio::join!(revoke, sweep), ((SESSIONS, SESSIONS), SESSIONS));
    });
}
