//! What is fixed at the first start.

use counterfoil_core::account::Installation;

use crate::AccountNodes;
use crate::build::{self, at};

fn installation(issuer: &str) -> Installation {
    Installation { issuer: issuer.to_owned(), master_key_check: build::digest(), created_at: at(0) }
}

/// The first values hold, whoever comes later with others.
pub async fn the_first_values_hold(nodes: AccountNodes) {
    let first = installation("https://id.example.test");
    assert_eq!(nodes.one.install(first.clone()).await.unwrap(), first);
    assert_eq!(nodes.other.install(installation("https://other.example.test")).await.unwrap(), first);
}

/// Nodes that start at once agree.
pub async fn nodes_that_start_at_once_agree(nodes: AccountNodes) {
    let found = nodes
        .race(16, |number, store| async move {
            store.install(installation(&format!("https://{number}.example.test"))).await.unwrap()
        })
        .await;
    assert!(found.windows(2).all(|pair| pair[0] == pair[1]));
}

/// An operator can replace the issuer, and nothing else.
pub async fn the_issuer_can_be_replaced(nodes: AccountNodes) {
    let first = installation("https://id.example.test");
    nodes.one.install(first.clone()).await.unwrap();
    nodes.one.change_issuer("https://new.example.test").await.unwrap();
    let expected = Installation { issuer: "https://new.example.test".to_owned(), ..first.clone() };
    assert_eq!(nodes.other.install(first).await.unwrap(), expected);
}
