//! The audit log: appended to, read newest first, trimmed at its old end.

use counterfoil_core::PageRequest;
use counterfoil_core::audit::{Action, Actor, Entry, Event};
use counterfoil_core::port::{AccountStore, AuditFilter};
use serde_json::Value;

use crate::AccountNodes;
use crate::build::{at, audit_event, user_id};

fn is_of(entry: &Entry, event: &Event) -> bool {
    entry.at == event.at
        && entry.actor == event.actor.to_string()
        && entry.action == event.action.as_str()
        && entry.target == event.target
        && entry.detail == event.detail
        && entry.address == event.address
}

async fn all(store: &dyn AccountStore, filter: &AuditFilter, limit: u16) -> Vec<Entry> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = store.audit(filter, PageRequest::new(limit, after)).await.unwrap();
        assert!(page.items.len() <= usize::from(limit));
        found.extend(page.items);
        match page.next {
            None => return found,
            next => after = next,
        }
    }
}

/// Entries are told as they were appended, the newest first, in pages without gap or double.
pub async fn the_newest_come_first(nodes: AccountNodes) {
    let mut events = Vec::new();
    for number in 0..13 {
        let mut event = audit_event(Action::LoggedIn, &format!("usr_{number}"), at(number));
        if number == 7 {
            event = Event { target: None, detail: Value::Null, address: None, ..event };
        }
        nodes.one.append_audit(event.clone()).await.unwrap();
        events.insert(0, event);
    }
    for limit in [1, 5, 13, 200] {
        let entries = all(&*nodes.other, &AuditFilter::default(), limit).await;
        assert_eq!(entries.len(), 13);
        assert!(entries.iter().zip(&events).all(|(entry, event)| is_of(entry, event)), "{entries:?}");
        assert!(entries.windows(2).all(|pair| pair[0].sequence > pair[1].sequence));
    }
}

/// By actor, by action, by target and by time, and by all of them.
pub async fn filters_select(nodes: AccountNodes) {
    let actor = Actor::User(user_id());
    for number in 0..4 {
        let event = audit_event(Action::Revoked, "web", at(number));
        nodes.one.append_audit(Event { actor: actor.clone(), ..event.clone() }).await.unwrap();
        nodes.one.append_audit(event.clone()).await.unwrap();
        nodes.one.append_audit(Event { action: Action::KeysRotated, target: None, ..event }).await.unwrap();
    }
    let count = |filter: AuditFilter| {
        let store = nodes.other.clone();
        async move { all(&*store, &filter, 2).await.len() }
    };
    let any = AuditFilter::default();
    assert_eq!(count(AuditFilter { actor: Some(actor.to_string()), ..any.clone() }).await, 4);
    assert_eq!(count(AuditFilter { action: Some("keys_rotated".to_owned()), ..any.clone() }).await, 4);
    assert_eq!(count(AuditFilter { target: Some("web".to_owned()), ..any.clone() }).await, 8);
    assert_eq!(count(AuditFilter { target: Some("we".to_owned()), ..any.clone() }).await, 0);
    assert_eq!(count(AuditFilter { since: Some(at(2)), ..any.clone() }).await, 6);
    let everything = AuditFilter {
        actor: Some(actor.to_string()),
        action: Some("revoked".to_owned()),
        target: Some("web".to_owned()),
        since: Some(at(3)),
    };
    assert_eq!(count(everything).await, 1);
}

/// Nothing is lost when many append at once.
pub async fn nothing_is_lost_when_many_append(nodes: AccountNodes) {
    nodes
        .race(64, |number, store| async move {
            let event = audit_event(Action::LoggedIn, &number.to_string(), at(0));
            store.append_audit(event).await.unwrap();
        })
        .await;
    let mut targets: Vec<String> = all(&*nodes.one, &AuditFilter::default(), 50)
        .await
        .into_iter()
        .filter_map(|entry| entry.target)
        .collect();
    targets.sort();
    targets.dedup();
    assert_eq!(targets.len(), 64);
}

/// The oldest go first, no more than asked for, and numbers are not given again.
pub async fn the_oldest_are_trimmed(nodes: AccountNodes) {
    for number in 0..10 {
        nodes.one.append_audit(audit_event(Action::LoggedIn, "a", at(number))).await.unwrap();
    }
    let newest = all(&*nodes.one, &AuditFilter::default(), 50).await[0].sequence;
    assert_eq!(nodes.one.trim_audit(at(8), 5).await.unwrap(), 5);
    assert_eq!(nodes.other.trim_audit(at(8), 5).await.unwrap(), 3);
    assert_eq!(nodes.one.trim_audit(at(8), 5).await.unwrap(), 0);
    let left: Vec<_> =
        all(&*nodes.other, &AuditFilter::default(), 50).await.iter().map(|entry| entry.at).collect();
    assert_eq!(left, [at(9), at(8)]);
    assert_eq!(nodes.one.trim_audit(at(100), 5).await.unwrap(), 2);
    nodes.one.append_audit(audit_event(Action::LoggedIn, "a", at(200))).await.unwrap();
    assert!(all(&*nodes.one, &AuditFilter::default(), 50).await[0].sequence > newest);
}

/// One that tells a time ahead of its own, by a clock that was wrong, does not keep those after it.
pub async fn a_wrong_clock_keeps_nothing(nodes: AccountNodes) {
    for second in [1_000_000, 1, 2, 1_000_000, 3, 200] {
        nodes.one.append_audit(audit_event(Action::LoggedIn, "a", at(second))).await.unwrap();
    }
    assert_eq!(nodes.other.trim_audit(at(100), 2).await.unwrap(), 2);
    assert_eq!(nodes.other.trim_audit(at(100), 2).await.unwrap(), 1);
    assert_eq!(nodes.other.trim_audit(at(100), 2).await.unwrap(), 0);
    let left: Vec<_> =
        all(&*nodes.one, &AuditFilter::default(), 50).await.iter().map(|entry| entry.at).collect();
    assert_eq!(left, [at(200), at(1_000_000), at(1_000_000)]);
}
