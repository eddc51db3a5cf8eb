//! The set-up link: one at a time, for one use.

use crate::AccountNodes;
use crate::build::{self, at};

/// Without a link nothing is good.
pub async fn without_a_link_nothing_is_good(nodes: AccountNodes) {
    assert!(!nodes.one.has_setup_link(build::digest(), at(0)).await.unwrap());
    assert!(!nodes.one.take_setup_link(build::digest(), at(0)).await.unwrap());
}

/// The link is good until it expires, and a wrong one neither is nor uses it up.
pub async fn it_is_good_until_it_expires(nodes: AccountNodes) {
    let link = build::digest();
    nodes.one.put_setup_link(link, at(60)).await.unwrap();
    assert!(nodes.other.has_setup_link(link, at(59)).await.unwrap());
    assert!(!nodes.other.has_setup_link(link, at(60)).await.unwrap());
    assert!(!nodes.other.has_setup_link(build::digest(), at(0)).await.unwrap());
    assert!(!nodes.other.take_setup_link(build::digest(), at(0)).await.unwrap());
    assert!(!nodes.other.take_setup_link(link, at(60)).await.unwrap());
    assert!(nodes.other.take_setup_link(link, at(59)).await.unwrap());
    assert!(!nodes.one.has_setup_link(link, at(59)).await.unwrap());
}

/// A new link takes the old one's place.
pub async fn a_new_one_replaces_the_old_one(nodes: AccountNodes) {
    let (old, new) = (build::digest(), build::digest());
    nodes.one.put_setup_link(old, at(60)).await.unwrap();
    nodes.one.put_setup_link(new, at(60)).await.unwrap();
    assert!(!nodes.other.take_setup_link(old, at(0)).await.unwrap());
    assert!(nodes.other.take_setup_link(new, at(0)).await.unwrap());
}

/// Of many that use it at once, exactly one does.
pub async fn exactly_one_of_many_uses_it(nodes: AccountNodes) {
    let link = build::digest();
    nodes.one.put_setup_link(link, at(60)).await.unwrap();
    let taken =
        nodes.race(64, |_, store| async move { store.take_setup_link(link, at(0)).await.unwrap() }).await;
    assert_eq!(taken.into_iter().filter(|taken| *taken).count(), 1);
}
