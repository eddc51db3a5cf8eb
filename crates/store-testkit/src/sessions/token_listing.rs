//! Lists of token records: newest first, filtered, page by page.

use counterfoil_core::port::{SearchText, SessionStore, TokenFilter, TokenListing};
use counterfoil_core::revocation::Selection;
use counterfoil_core::session::Session;
use counterfoil_core::token::{TokenRecord, TokenState};
use counterfoil_core::{PageRequest, Timestamp, TokenId};

use super::{begin_recorded, first, of_client, revoke};
use crate::SessionNodes;
use crate::build::{self, at};

async fn all_pages(
    store: &dyn SessionStore,
    filter: &TokenFilter,
    limit: u16,
    now: Timestamp,
) -> Vec<TokenListing> {
    let mut found: Vec<TokenListing> = Vec::new();
    let mut after = None;
    for _ in 0..10_000 {
        let page = store.tokens(filter, PageRequest::new(limit, after), now).await.unwrap();
        assert!(page.items.len() <= usize::from(limit));
        found.extend(page.items);
        match page.next {
            None => return found,
            Some(next) => assert!(after.replace(next).is_none_or(|before| next < before), "it goes on"),
        }
    }
    panic!("a list comes to its end");
}

async fn ids(nodes: &SessionNodes, filter: &TokenFilter, now: Timestamp) -> Vec<TokenId> {
    all_pages(&*nodes.other, filter, 2, now).await.into_iter().map(|listing| listing.record.id).collect()
}

fn any() -> TokenFilter {
    TokenFilter::default()
}

/// Each of two users through each of two clients, refreshed twice: three tokens each.
async fn populate(nodes: &SessionNodes) -> Vec<(Session, Vec<TokenRecord>)> {
    let mut all = Vec::new();
    for user in [build::user_id(), build::user_id()] {
        for name in ["web", "app"] {
            let (session, token) = begin_recorded(&*nodes.one, user, &build::client(name), at(0)).await;
            let mut tokens = vec![token];
            for (presented, second) in [(0, 100), (1, 200)] {
                let command = build::refresh(&session, presented, at(second));
                nodes.one.rotate_refresh(command.clone()).await.unwrap();
                tokens.push(command.token);
            }
            all.push((session, tokens));
        }
    }
    all
}

/// The newest come first, in pages without gap or double, each with its session's generation.
pub async fn the_newest_come_first(nodes: SessionNodes) {
    revoke(&*nodes.one, Selection::user(build::user_id()), at(0)).await;
    let mut expected: Vec<TokenListing> = populate(&nodes)
        .await
        .into_iter()
        .flat_map(|(_, tokens)| tokens)
        .map(|record| TokenListing { record, generation: 1, session_end: None })
        .collect();
    expected.sort_by_key(|listing| std::cmp::Reverse(listing.record.id));
    for limit in [1, 5, 12, 200] {
        assert_eq!(all_pages(&*nodes.other, &any(), limit, at(300)).await, expected, "pages of {limit}");
    }
}

/// By user, by client, by session, by when they were given out, and by several of them.
pub async fn filters_select(nodes: SessionNodes) {
    let all = populate(&nodes).await;
    let (chosen, _) = &all[1];
    for user in [None, Some(chosen.user), Some(build::user_id())] {
        for client in [None, Some(chosen.client.clone())] {
            for session in [None, Some(chosen.id), Some(build::session_id(at(0)))] {
                for created_after in [None, Some(at(100)), Some(at(201))] {
                    let selected = |token: &&TokenRecord| {
                        user.is_none_or(|user| user == token.user)
                            && client.as_ref().is_none_or(|client| *client == token.client)
                            && session.is_none_or(|session| session == token.session)
                            && created_after.is_none_or(|after| token.issued_at >= after)
                    };
                    let tokens = all.iter().flat_map(|(_, tokens)| tokens);
                    let mut expected: Vec<TokenId> = tokens.filter(selected).map(|token| token.id).collect();
                    expected.sort_unstable_by(|a, b| b.cmp(a));
                    let filter =
                        TokenFilter { user, client: client.clone(), session, created_after, ..any() };
                    assert_eq!(ids(&nodes, &filter, at(300)).await, expected, "{filter:?}");
                }
            }
        }
    }
}

/// A token is revoked by its own end, or by its session's.
pub async fn states_are_those_of_the_present_handed_in(nodes: SessionNodes) {
    let all = populate(&nodes).await;
    let (session, tokens) = &all[0];
    revoke(&*nodes.one, Selection::Token(tokens[2].id), at(300)).await;
    let of =
        |session: &Session, state| TokenFilter { session: Some(session.id), state: Some(state), ..any() };
    assert_eq!(ids(&nodes, &of(session, TokenState::Revoked), at(300)).await, [tokens[2].id]);
    assert_eq!(ids(&nodes, &of(session, TokenState::Alive), at(300)).await, [tokens[1].id, tokens[0].id]);
    assert_eq!(ids(&nodes, &of(session, TokenState::Expired), at(1000)).await, [tokens[1].id, tokens[0].id]);
    assert_eq!(ids(&nodes, &of(session, TokenState::Revoked), at(1000)).await, [tokens[2].id]);
    let (session, tokens) = &all[1];
    revoke(&*nodes.one, of_client(&session.client), at(300)).await;
    let revoked: Vec<TokenId> = tokens.iter().rev().map(|token| token.id).collect();
    assert_eq!(ids(&nodes, &of(session, TokenState::Revoked), at(300)).await, revoked);
    assert_eq!(ids(&nodes, &of(session, TokenState::Alive), at(300)).await, []);
}

/// Words find the users named, and where a token was given out to.
pub async fn words_are_found(nodes: SessionNodes) {
    let all = populate(&nodes).await;
    let search = |users, text: &str| TokenFilter {
        search: Some(SearchText { users, text: text.to_owned() }),
        ..any()
    };
    assert_eq!(ids(&nodes, &search(vec![], "192.0.2."), at(300)).await.len(), 12);
    assert_eq!(ids(&nodes, &search(vec![], "FIREFOX"), at(300)).await.len(), 12);
    assert_eq!(ids(&nodes, &search(vec![all[0].0.user], "nothing"), at(300)).await.len(), 6);
    assert_eq!(ids(&nodes, &search(vec![], "fire_ox"), at(300)).await, []);
    let page = nodes.one.tokens(&search(vec![], "firefox"), first(200), at(300)).await.unwrap();
    assert_eq!(page.next, None);
}
