//! Clients: created once, replaced only as they were known, removed.

use counterfoil_core::Mode;
use counterfoil_core::account::Client;

use crate::AccountNodes;
use crate::build::{application, at, service};

/// Clients are read back at every node as they were given, by id.
pub async fn clients_are_read_back_by_id(nodes: AccountNodes) {
    let clients = [application("app", Mode::Jwt), application("web", Mode::Cookie), service("z-orders")];
    for client in clients.iter().rev() {
        assert!(nodes.one.create_client(client.clone()).await.unwrap());
    }
    assert_eq!(nodes.other.clients().await.unwrap(), clients);
}

/// An id that is taken stays with whom it belongs to.
pub async fn a_taken_id_is_refused(nodes: AccountNodes) {
    let first = application("web", Mode::Cookie);
    assert!(nodes.one.create_client(first.clone()).await.unwrap());
    assert!(!nodes.other.create_client(service("web")).await.unwrap());
    assert_eq!(nodes.one.clients().await.unwrap(), [first]);
}

/// Of many that create the same client at once, one does.
pub async fn exactly_one_of_many_creates_it(nodes: AccountNodes) {
    let created =
        nodes.race(64, |_, store| async move { store.create_client(service("web")).await.unwrap() }).await;
    assert_eq!(created.into_iter().filter(|created| *created).count(), 1);
}

/// A client is replaced only if it is still as the caller knew it.
pub async fn it_is_replaced_as_it_was_known(nodes: AccountNodes) {
    let first = application("web", Mode::Cookie);
    nodes.one.create_client(first.clone()).await.unwrap();
    let second = Client { mode: Mode::Recorded, updated_at: at(1), ..first.clone() };
    assert!(nodes.other.replace_client(&first, second.clone()).await.unwrap());
    assert!(!nodes.one.replace_client(&first, application("web", Mode::Jwt)).await.unwrap());
    assert_eq!(nodes.one.clients().await.unwrap(), [second]);
    let stranger = service("stranger");
    assert!(!nodes.one.replace_client(&stranger, stranger.clone()).await.unwrap());
    assert_eq!(nodes.one.clients().await.unwrap().len(), 1);
}

/// Of many that replace what they knew at once, one does.
pub async fn exactly_one_of_many_replaces_it(nodes: AccountNodes) {
    let first = application("web", Mode::Cookie);
    nodes.one.create_client(first.clone()).await.unwrap();
    let replaced = nodes
        .race(64, |number, store| {
            let first = first.clone();
            let next = Client { name: format!("Shop {number}"), ..first.clone() };
            async move { store.replace_client(&first, next.clone()).await.unwrap().then_some(next) }
        })
        .await;
    let winners: Vec<Client> = replaced.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(nodes.one.clients().await.unwrap(), winners);
}

/// A client is removed once.
pub async fn it_is_removed_once(nodes: AccountNodes) {
    let client = service("orders");
    nodes.one.create_client(client.clone()).await.unwrap();
    assert!(nodes.other.delete_client(&client.id).await.unwrap());
    assert!(!nodes.one.delete_client(&client.id).await.unwrap());
    assert_eq!(nodes.one.clients().await.unwrap(), []);
}
