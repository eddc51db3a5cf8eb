//! Signing keys: the whole set is replaced, or nothing is.

use counterfoil_core::account::{KeyState, StoredKey};
use counterfoil_core::port::KeyTransition;

use crate::AccountNodes;
use crate::build::{at, signing_key};

async fn change(nodes: &AccountNodes, expected: &[StoredKey], replacement: &[StoredKey]) -> bool {
    let transition = KeyTransition { expected: expected.to_vec(), replacement: replacement.to_vec() };
    nodes.one.change_signing_keys(transition).await.unwrap()
}

/// Keys are read back at every node as they were given, oldest first.
pub async fn keys_are_read_back_oldest_first(nodes: AccountNodes) {
    assert_eq!(nodes.one.signing_keys().await.unwrap(), []);
    let old = signing_key("b", KeyState::Active, at(0));
    let new = signing_key("a", KeyState::Next, at(10));
    assert!(change(&nodes, &[], &[new.clone(), old.clone()]).await);
    assert_eq!(nodes.other.signing_keys().await.unwrap(), [old, new]);
}

/// A change that was decided upon another set is not made.
pub async fn a_change_of_another_set_is_not_made(nodes: AccountNodes) {
    let active = signing_key("a", KeyState::Active, at(0));
    let next = signing_key("b", KeyState::Next, at(0));
    assert!(change(&nodes, &[], std::slice::from_ref(&active)).await);
    let retiring = StoredKey { state: KeyState::Retiring, ..active.clone() };
    let stale: [&[StoredKey]; 4] =
        [&[], std::slice::from_ref(&next), std::slice::from_ref(&retiring), &[active.clone(), next.clone()]];
    for expected in stale {
        assert!(!change(&nodes, expected, std::slice::from_ref(&next)).await, "{expected:?}");
    }
    assert_eq!(nodes.other.signing_keys().await.unwrap(), std::slice::from_ref(&active));
    // The order in which they are expected does not matter.
    assert!(change(&nodes, std::slice::from_ref(&active), &[active.clone(), next.clone()]).await);
    assert!(change(&nodes, &[next.clone(), active], std::slice::from_ref(&next)).await);
    assert_eq!(nodes.other.signing_keys().await.unwrap(), [next]);
}

/// Of many nodes that rotate at once, one does.
pub async fn exactly_one_of_many_rotates(nodes: AccountNodes) {
    let before = signing_key("before", KeyState::Active, at(0));
    assert!(change(&nodes, &[], std::slice::from_ref(&before)).await);
    let outcomes = nodes
        .race(64, |number, store| {
            let after = signing_key(&format!("key-{number}"), KeyState::Active, at(1));
            let transition =
                KeyTransition { expected: vec![before.clone()], replacement: vec![after.clone()] };
            async move { store.change_signing_keys(transition).await.unwrap().then_some(after) }
        })
        .await;
    let winners: Vec<StoredKey> = outcomes.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(nodes.one.signing_keys().await.unwrap(), winners);
}
