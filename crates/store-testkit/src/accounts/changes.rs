//! The log of changes, by which holders of copies learn what to drop.

use std::time::Duration;

use counterfoil_core::Mode;
use counterfoil_core::account::{Client, KeyState, PasswordHash, UserChange};
use counterfoil_core::port::{AccountChange, KeyTransition};

use crate::AccountNodes;
use crate::build::{self, application, at, signing_key, user};

/// Every change is told once, in order; creating a user is none.
pub async fn every_change_is_told_in_order(nodes: AccountNodes) {
    let store = &nodes.one;
    assert_eq!(store.change_head().await.unwrap(), 0);
    let ann = user("ann@example.test");
    store.create_user(ann.clone()).await.unwrap().unwrap();
    assert_eq!(store.change_head().await.unwrap(), 0);
    let web = application("web", Mode::Cookie);
    let app = Client { mode: Mode::Jwt, ..web.clone() };
    let key = signing_key("a", KeyState::Active, at(0));
    let disable = UserChange::Disabled(Some(at(1)));
    store.create_client(web.clone()).await.unwrap();
    store.change_user(ann.id, disable, at(1)).await.unwrap();
    store.change_signing_keys(KeyTransition { expected: vec![], replacement: vec![key] }).await.unwrap();
    store.replace_client(&web, app).await.unwrap();
    store.delete_client(&web.id).await.unwrap();
    let expected = [
        AccountChange::Client(web.id.clone()),
        AccountChange::User(ann.id),
        AccountChange::Keys,
        AccountChange::Client(web.id.clone()),
        AccountChange::Client(web.id),
    ];
    let changes = nodes.other.changes_after(0).await.unwrap().unwrap();
    assert!(changes.windows(2).all(|pair| pair[0].0 < pair[1].0));
    let head = nodes.other.change_head().await.unwrap();
    assert_eq!(changes.last().map(|(number, _)| *number), Some(head));
    let (from, _) = changes[2];
    assert_eq!(nodes.other.changes_after(from).await.unwrap().unwrap(), changes[3..]);
    assert_eq!(nodes.other.changes_after(head).await.unwrap().unwrap(), []);
    let told: Vec<_> = changes.into_iter().map(|(_, change)| change).collect();
    assert_eq!(told, expected);
}

/// What changed nothing is not told.
pub async fn what_changed_nothing_is_not_told(nodes: AccountNodes) {
    let store = &nodes.one;
    let ann = user("ann@example.test");
    store.create_user(ann.clone()).await.unwrap().unwrap();
    let web = application("web", Mode::Cookie);
    store.create_client(web.clone()).await.unwrap();
    let head = store.change_head().await.unwrap();
    let hash = PasswordHash::new("$argon2id$other".to_owned());
    assert_eq!(store.change_user(build::user_id(), UserChange::Admin(true), at(1)).await.unwrap(), None);
    let rehash = UserChange::Rehash(hash.clone(), hash);
    assert_eq!(store.change_user(ann.id, rehash, at(1)).await.unwrap(), None);
    assert!(!store.create_client(web.clone()).await.unwrap());
    let never = Client { name: "Never".to_owned(), ..web.clone() };
    assert!(!store.replace_client(&never, web).await.unwrap());
    assert!(!store.delete_client(&build::client("none")).await.unwrap());
    let key = signing_key("a", KeyState::Active, at(0));
    let stale = KeyTransition { expected: vec![key], replacement: vec![] };
    assert!(!store.change_signing_keys(stale).await.unwrap());
    assert_eq!(nodes.other.change_head().await.unwrap(), head);
}

/// Whoever knows of more than there is, or of less than is kept, is told to drop everything.
pub async fn who_cannot_follow_is_told_so(nodes: AccountNodes) {
    let ann = user("ann@example.test");
    nodes.one.create_user(ann.clone()).await.unwrap().unwrap();
    nodes.one.change_user(ann.id, UserChange::Admin(true), at(1)).await.unwrap();
    let head = nodes.one.change_head().await.unwrap();
    assert_eq!(nodes.one.changes_after(head + 1).await.unwrap(), None);
    assert_eq!(nodes.one.changes_after(u64::MAX).await.unwrap(), None);
}

/// At most a thousand are told at a time, and whoever goes on gets all of them.
pub async fn many_are_told_piece_by_piece(nodes: AccountNodes) {
    let ann = user("ann@example.test");
    nodes.one.create_user(ann.clone()).await.unwrap().unwrap();
    nodes
        .race(64, |_, store| async move {
            for admin in 0..20 {
                store.change_user(ann.id, UserChange::Admin(admin % 2 == 0), at(1)).await.unwrap();
            }
        })
        .await;
    let mut reached = 0;
    let mut told = 0;
    while reached < nodes.other.change_head().await.unwrap() {
        let changes = nodes.other.changes_after(reached).await.unwrap().unwrap();
        assert!((1..=1000).contains(&changes.len()));
        told += changes.len();
        reached = changes.last().unwrap().0;
    }
    assert_eq!(told, 64 * 20);
}

/// Whoever waits at any node learns of a change, and at once if it was made already.
pub async fn who_waits_learns_of_it(nodes: AccountNodes) {
    let ann = user("ann@example.test");
    nodes.one.create_user(ann.clone()).await.unwrap().unwrap();
    for (number, admin) in [true, false, true].into_iter().enumerate() {
        let before = nodes.one.change_head().await.unwrap();
        let waiting: Vec<_> = [&nodes.one, &nodes.other]
            .into_iter()
            .map(|store| {
                let store = store.clone();
                tokio::spawn(async move {
                    while store.change_head().await.unwrap() == before {
                        store.wait_for_change(before).await.unwrap();
                    }
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(20)).await;
        let node = if number == 1 { &nodes.other } else { &nodes.one };
        node.change_user(ann.id, UserChange::Admin(admin), at(1)).await.unwrap();
        for waiting in waiting {
            tokio::time::timeout(Duration::from_secs(5), waiting).await.expect("they learn of it").unwrap();
        }
        tokio::time::timeout(Duration::from_secs(5), nodes.one.wait_for_change(before))
            .await
            .unwrap()
            .unwrap();
    }
}
