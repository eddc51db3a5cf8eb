//! The laws of the sessions port.

pub mod creation;
pub mod feed;
pub mod listing;
pub mod losing;
pub mod overtaking;
pub mod refresh;
pub mod refresh_races;
pub mod revocation;
pub mod revocation_of_many;
pub mod superseding;
pub mod sweeping;
pub mod token_listing;
pub mod touching;
pub mod waiting;

use counterfoil_core::port::{Counts, Created, RefreshOutcome, SessionStore, TokenListing};
use counterfoil_core::revocation::{Marker, Selection};
use counterfoil_core::session::{Credential, RefreshState, Session};
use counterfoil_core::token::TokenRecord;
use counterfoil_core::{ClientId, PageRequest, SessionId, Timestamp, TokenId, UserId};

use crate::build;

type Store = dyn SessionStore;

/// Begins a cookie session whose log-in knows the feed as it is.
async fn begin_cookie(store: &Store, user: UserId, client: &ClientId, begun: Timestamp) -> Session {
    let generation = head(store).await;
    let session = Session { generation, ..build::cookie(user, client, begun) };
    assert_eq!(store.create(session.clone(), None).await.unwrap(), Created::Done);
    session
}

/// Begins a recorded session whose log-in knows the feed as it is.
async fn begin_recorded(
    store: &Store,
    user: UserId,
    client: &ClientId,
    begun: Timestamp,
) -> (Session, TokenRecord) {
    let (session, token) = build::recorded(user, client, begun);
    let session = Session { generation: head(store).await, ..session };
    assert_eq!(store.create(session.clone(), Some(token.clone())).await.unwrap(), Created::Done);
    (session, token)
}

/// Presents the refresh token with that counter.
async fn refresh(store: &Store, session: &Session, presented: u32, now: Timestamp) -> RefreshOutcome {
    store.rotate_refresh(build::refresh(session, presented, now)).await.unwrap()
}

async fn head(store: &Store) -> u64 {
    store.feed_head().await.unwrap().sequence
}

async fn read(store: &Store, id: SessionId) -> Session {
    store.session(id).await.unwrap().expect("the session's record is there")
}

async fn read_token(store: &Store, id: TokenId) -> TokenListing {
    store.token(id).await.unwrap().expect("the token's record is there")
}

async fn markers(store: &Store) -> Vec<Marker> {
    store.markers_after(0, 10_000).await.unwrap()
}

/// Revokes, and holds against it what the dry run promised.
async fn revoke(store: &Store, selection: Selection, now: Timestamp) -> (Counts, u64) {
    let promised = store.count(&selection, now).await.unwrap();
    let done = store.revoke(build::revoke(selection, now)).await.unwrap();
    assert_eq!(done.counts, promised, "a dry run counts what the revocation counts");
    assert_eq!(done.sequence, head(store).await);
    (done.counts, done.sequence)
}

fn counts(sessions: u64, tokens: u64) -> Counts {
    Counts { sessions, tokens }
}

fn of_client(client: &ClientId) -> Selection {
    Selection::Sessions { user: None, client: Some(client.clone()), begun_before: None, except: None }
}

fn first<C>(limit: u16) -> PageRequest<C> {
    PageRequest::new(limit, None)
}

fn refresh_state(session: &Session) -> RefreshState {
    match session.credential {
        Credential::Recorded(state) => state,
        Credential::Cookie { .. } => panic!("a recorded session"),
    }
}

/// Sweeps until nothing is left to do.
async fn sweep_all(store: &Store, now: Timestamp, keep_after: Timestamp, limit: u32) {
    for _ in 0..10_000 {
        if !store.sweep(now, keep_after, limit).await.unwrap().more {
            return;
        }
    }
    panic!("sweeping comes to an end");
}
