//! Everything at once, on few records, from two nodes: nobody waits in a circle, and no number is lost.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "these are tests")]

use std::sync::Arc;

use counterfoil_core::Mode;
use counterfoil_core::account::{KeyState, UserChange};
use counterfoil_core::port::{
    AccountStore as _, KeyTransition, RotateSecret, SessionStore as _, StoreResult,
};
use counterfoil_core::revocation::Selection;
use counterfoil_core::session::{End, EndReason, Session};
use counterfoil_store_postgres::{PostgresOptions, PostgresStore};
use counterfoil_store_testkit::build::{self, at};
use counterfoil_store_testkit::servers::postgres::Postgres;

const TASKS: usize = 16;
const COMMANDS: usize = 60;

/// What the commands meet on. Each session is there at the beginning, every second one with a refresh token.
struct Book {
    sessions: Vec<Session>,
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

async fn command(store: &PostgresStore, book: &Book, dice: &mut Dice) -> StoreResult<()> {
    let session = &book.sessions[dice.roll(book.sessions.len())];
    let now = at(100);
    match dice.roll(14) {
        0 | 1 => {
            let generation = store.feed_head().await?.sequence;
            let (new, token) = build::recorded(session.user, &session.client, now);
            store.create(Session { generation, ..new }, Some(token)).await.map(drop)
        }
        2..=4 => {
            let presented = u32::try_from(dice.roll(3)).unwrap();
            store.rotate_refresh(build::refresh(session, presented, now)).await.map(drop)
        }
        5 => {
            let command = RotateSecret {
                session: session.id,
                secret: build::digest(),
                previous_until: now,
                auth_time: now,
                now,
            };
            store.rotate_secret(command).await.map(drop)
        }
        6 | 7 => {
            // In another order each time, and some of them twice.
            let seen = |_| (book.sessions[dice.roll(book.sessions.len())].id, now);
            let seen: Vec<_> = (0..20).map(seen).collect();
            store.touch(&seen).await
        }
        8 => {
            let end = End { at: now, reason: EndReason::Superseded, by: None, note: None };
            store.supersede(session.id, end).await.map(drop)
        }
        9 => {
            let token =
                store.tokens(&Default::default(), counterfoil_core::PageRequest::new(1, None), now).await?;
            let token = token.items.first().map_or_else(|| build::token_id(now), |listing| listing.record.id);
            store.revoke(build::revoke(Selection::Token(token), now)).await.map(drop)
        }
        10 => {
            let client = (dice.roll(2) == 0).then(|| session.client.clone());
            let user = (dice.roll(3) > 0).then_some(session.user);
            let selection = match dice.roll(3) {
                0 => Selection::Session(session.id),
                _ => Selection::Sessions { user, client, begun_before: None, except: None },
            };
            store.revoke(build::revoke(selection, now)).await.map(drop)
        }
        11 => store.sweep(now, at(-1000), 7).await.map(drop),
        12 => store.count(&Selection::all(), now).await.map(drop),
        _ => {
            let key = build::signing_key(&session.id.to_string(), KeyState::Active, now);
            let expected = store.signing_keys().await?;
            store.change_signing_keys(KeyTransition { expected, replacement: vec![key] }).await?;
            store.change_user(session.user, UserChange::Admin(dice.roll(2) == 0), now).await.map(drop)
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_in_a_circle_and_numbers_have_no_gaps() {
    let server = Postgres::start();
    let url = server.create_database();
    let open = || async { Arc::new(PostgresStore::connect(&url, PostgresOptions::default()).await.unwrap()) };
    let nodes = [open().await, open().await];
    let clients = ["web", "app"].map(build::client);
    let mut sessions = Vec::new();
    for number in 0..4 {
        let user = build::user(&format!("user{number}@example.test"));
        nodes[0].create_user(user.clone()).await.unwrap().unwrap();
        for client in &clients {
            for second in 0..3 {
                let cookie = build::cookie(user.id, client, at(second));
                let (recorded, token) = build::recorded(user.id, client, at(second));
                nodes[0].create(cookie.clone(), None).await.unwrap();
                nodes[0].create(recorded.clone(), Some(token)).await.unwrap();
                sessions.extend([cookie, recorded]);
            }
        }
    }
    nodes[0].create_client(build::application("web", Mode::Recorded)).await.unwrap();
    let book = Arc::new(Book { sessions });
    let tasks: Vec<_> = (0..TASKS)
        .map(|number| {
            let (store, book) = (Arc::clone(&nodes[number % 2]), Arc::clone(&book));
            tokio::spawn(async move {
                let mut dice = Dice(u64::try_from(number).unwrap());
                for _ in 0..COMMANDS {
                    command(&store, &book, &mut dice).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let log = server.log();
    assert!(!log.contains("deadlock") && !log.contains("ERROR"), "{log}");
    let head = nodes[0].feed_head().await.unwrap();
    let numbers: Vec<u64> =
        nodes[1].markers_after(0, 10_000).await.unwrap().iter().map(|marker| marker.sequence).collect();
    assert_eq!(numbers, (1..=head.sequence).collect::<Vec<_>>());
    let changes = nodes[1].changes_after(0).await.unwrap().unwrap();
    let numbers: Vec<u64> = changes.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=nodes[0].change_head().await.unwrap()).collect::<Vec<_>>());
}
