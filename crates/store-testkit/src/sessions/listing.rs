//! Lists of sessions: newest first, filtered, page by page.

use counterfoil_core::port::{SearchText, SessionFilter, SessionStore};
use counterfoil_core::revocation::Selection;
use counterfoil_core::session::{Credential, Origin, Session, SessionState};
use counterfoil_core::{Mode, PageRequest, Timestamp, UserId};

use super::{begin_cookie, begin_recorded, first, refresh, revoke};
use crate::SessionNodes;
use crate::build::{self, IDLE, at};

/// All pages of a list, and how many there were. A page may be short of its limit, and still go on.
async fn all_pages(
    store: &dyn SessionStore,
    filter: &SessionFilter,
    limit: u16,
    now: Timestamp,
) -> Vec<Session> {
    let mut found: Vec<Session> = Vec::new();
    let mut after = None;
    for _ in 0..10_000 {
        let page = store.sessions(filter, PageRequest::new(limit, after), now).await.unwrap();
        assert!(page.items.len() <= usize::from(limit));
        found.extend(page.items);
        match page.next {
            None => return found,
            Some(next) => assert!(after.replace(next).is_none_or(|before| next < before), "it goes on"),
        }
    }
    panic!("a list comes to its end");
}

async fn listed(nodes: &SessionNodes, filter: SessionFilter, now: Timestamp) -> Vec<Session> {
    all_pages(&*nodes.other, &filter, 2, now).await
}

fn newest_first(mut sessions: Vec<Session>) -> Vec<Session> {
    sessions.sort_by_key(|session| std::cmp::Reverse(session.id));
    sessions
}

fn any() -> SessionFilter {
    SessionFilter::default()
}

/// A list begins with the newest, whatever order they were recorded in, and tells each session as it is.
pub async fn the_newest_come_first(nodes: SessionNodes) {
    let mut sessions = Vec::new();
    for second in [5, 1, 9, 9, 3] {
        sessions.push(begin_cookie(&*nodes.one, build::user_id(), &build::client("web"), at(second)).await);
    }
    let page = nodes.other.sessions(&any(), first(100), at(10)).await.unwrap();
    assert_eq!(page.items, newest_first(sessions));
    assert_eq!(page.next, None);
}

/// Pages of any size follow each other without gap or double.
pub async fn pages_follow_without_gap_or_double(nodes: SessionNodes) {
    let mut sessions = Vec::new();
    for second in 0..23 {
        let session =
            begin_cookie(&*nodes.one, build::user_id(), &build::client("web"), at(second / 3)).await;
        sessions.push(session);
    }
    let sessions = newest_first(sessions);
    for limit in [1, 2, 7, 22, 23, 24, 200] {
        assert_eq!(all_pages(&*nodes.one, &any(), limit, at(10)).await, sessions, "pages of {limit}");
    }
}

/// Who logs in while a list is read does not disturb it.
pub async fn newcomers_do_not_disturb_a_list(nodes: SessionNodes) {
    let (user, client) = (build::user_id(), build::client("web"));
    let mut sessions = Vec::new();
    for second in 0..6 {
        sessions.push(begin_cookie(&*nodes.one, user, &client, at(second)).await);
    }
    let one = nodes.one.sessions(&any(), first(3), at(10)).await.unwrap();
    begin_cookie(&*nodes.one, user, &client, at(9)).await;
    let rest = nodes.one.sessions(&any(), PageRequest::new(100, one.next), at(10)).await.unwrap();
    let found: Vec<_> = one.items.into_iter().chain(rest.items).collect();
    assert_eq!(found, newest_first(sessions));
}

/// By user, by client, by mode, and by several of them.
pub async fn filters_select(nodes: SessionNodes) {
    let users = [build::user_id(), build::user_id()];
    let clients = [build::client("web"), build::client("app")];
    let mut sessions = Vec::new();
    for second in 0..3 {
        for user in users {
            for client in &clients {
                sessions.push(begin_cookie(&*nodes.one, user, client, at(second)).await);
                sessions.push(begin_recorded(&*nodes.one, user, client, at(second)).await.0);
            }
        }
    }
    for user in [None, Some(users[0]), Some(build::user_id())] {
        for client in [None, Some(clients[1].clone()), Some(build::client("none"))] {
            for mode in [None, Some(Mode::Cookie), Some(Mode::Recorded), Some(Mode::Jwt)] {
                for created_after in [None, Some(at(1)), Some(at(9))] {
                    let selected = |session: &Session| {
                        user.is_none_or(|user| user == session.user)
                            && client.as_ref().is_none_or(|client| *client == session.client)
                            && mode.is_none_or(|mode| mode == session.mode())
                            && created_after.is_none_or(|after| session.id.created_at() >= after)
                    };
                    let expected = newest_first(sessions.iter().filter(|s| selected(s)).cloned().collect());
                    let filter = SessionFilter { user, client: client.clone(), mode, created_after, ..any() };
                    assert_eq!(listed(&nodes, filter.clone(), at(5)).await, expected, "{filter:?}");
                }
            }
        }
    }
}

/// A state is that of the present which is handed in.
pub async fn states_are_those_of_the_present_handed_in(nodes: SessionNodes) {
    let (user, client) = (build::user_id(), build::client("web"));
    let used = begin_cookie(&*nodes.one, user, &client, at(0)).await;
    nodes.one.touch(&[(used.id, at(3000))]).await.unwrap();
    let (refreshed, _) = begin_recorded(&*nodes.one, user, &client, at(1)).await;
    refresh(&*nodes.one, &refreshed, 0, at(7000)).await;
    let unused = begin_cookie(&*nodes.one, user, &client, at(2)).await;
    let ended = begin_cookie(&*nodes.one, user, &client, at(3)).await;
    revoke(&*nodes.one, Selection::Session(ended.id), at(60)).await;
    let ids = |state: SessionState, now: Timestamp| {
        let filter = SessionFilter { state: Some(state), ..any() };
        let listed = listed(&nodes, filter, now);
        async move { listed.await.into_iter().map(|session| session.id).collect::<Vec<_>>() }
    };
    assert_eq!(ids(SessionState::Alive, at(61)).await, [unused.id, refreshed.id, used.id]);
    assert_eq!(ids(SessionState::Expired, at(61)).await, []);
    assert_eq!(ids(SessionState::Ended, at(61)).await, [ended.id]);
    let later = at(2) + IDLE;
    assert_eq!(ids(SessionState::Alive, later).await, [refreshed.id, used.id]);
    assert_eq!(ids(SessionState::Expired, later).await, [unused.id]);
    assert_eq!(ids(SessionState::Alive, at(7001)).await, [refreshed.id]);
    assert_eq!(ids(SessionState::Expired, at(7001)).await, [unused.id, used.id]);
    assert_eq!(ids(SessionState::Ended, at(7001)).await, [ended.id]);
}

/// Words find the users named, the beginning of an address, and any part of a user agent, whatever the case.
pub async fn words_are_found(nodes: SessionNodes) {
    let client = build::client("web");
    let wanted = build::user_id();
    let log_in = async |user: UserId, address: &str, agent: &str| {
        let origin = Origin::new(Some(address.parse().unwrap()), Some(agent));
        let session = Session { origin, ..build::cookie(user, &client, at(0)) };
        nodes.one.create(session.clone(), None).await.unwrap();
        session.id
    };
    let phone = log_in(build::user_id(), "192.0.2.7", "Mobile SAFARI/18").await;
    let desk = log_in(build::user_id(), "198.51.100.192", "Firefox_100%").await;
    let six = log_in(build::user_id(), "2001:db8::192", "curl").await;
    let named = log_in(wanted, "203.0.113.1", "curl").await;
    let found = |users: Vec<UserId>, text: &str| {
        let search = Some(SearchText { users, text: text.to_owned() });
        let listed = listed(&nodes, SessionFilter { search, ..any() }, at(1));
        async move { listed.await.into_iter().map(|session| session.id).collect::<Vec<_>>() }
    };
    assert_eq!(found(vec![], "192.0").await, [phone]);
    assert_eq!(found(vec![], "2001:DB8").await, [six]);
    assert_eq!(found(vec![], "safari").await, [phone]);
    assert_eq!(found(vec![], "CURL").await, [named, six]);
    assert_eq!(found(vec![wanted], "firefox").await, [named, desk]);
    assert_eq!(found(vec![], "firefox_100%").await, [desk]);
    for nothing in ["s_fari", "%", "192.0.2.7'", "\\", "192%"] {
        let expected: &[_] = if nothing == "%" { &[desk] } else { &[] };
        assert_eq!(found(vec![], nothing).await, expected, "{nothing}");
    }
}

/// A cookie that was replaced is listed as it is.
pub async fn a_list_tells_what_the_record_tells(nodes: SessionNodes) {
    let session = Session {
        credential: Credential::Cookie { secret: build::digest(), previous: Some((build::digest(), at(3))) },
        ..build::cookie(build::user_id(), &build::client("web"), at(0))
    };
    nodes.one.create(session.clone(), None).await.unwrap();
    assert_eq!(listed(&nodes, any(), at(1)).await, [session]);
}

/// Far more sessions than fit a page: a filter that few of them meet finds these few.
pub async fn a_rare_one_is_found_among_many(nodes: SessionNodes) {
    let client = build::client("web");
    let rare = begin_recorded(&*nodes.one, build::user_id(), &client, at(0)).await.0;
    nodes
        .race(64, |_, store| {
            let client = client.clone();
            async move {
                for _ in 0..20 {
                    let session = build::cookie(build::user_id(), &client, at(1));
                    store.create(session, None).await.unwrap();
                }
            }
        })
        .await;
    let filter = SessionFilter { mode: Some(Mode::Recorded), ..any() };
    assert_eq!(all_pages(&*nodes.one, &filter, 50, at(2)).await, [rare]);
    assert_eq!(all_pages(&*nodes.one, &any(), 200, at(2)).await.len(), 1281);
}
