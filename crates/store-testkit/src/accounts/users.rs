//! Users: one for each address, changed one thing at a time, listed newest first.

use counterfoil_core::PageRequest;
use counterfoil_core::account::{PasswordHash, User, UserChange};
use counterfoil_core::port::{AccountStore, EmailTaken, UserFilter};

use crate::AccountNodes;
use crate::build::{self, at, user};

async fn create(nodes: &AccountNodes, user: &User) {
    nodes.one.create_user(user.clone()).await.unwrap().unwrap();
}

async fn listed(store: &dyn AccountStore, filter: &UserFilter, limit: u16) -> Vec<User> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = store.users(filter, PageRequest::new(limit, after)).await.unwrap();
        assert!(page.items.len() <= usize::from(limit));
        found.extend(page.items);
        match page.next {
            None => return found,
            next => after = next,
        }
    }
}

/// A user is read back at every node as it was given, by id and by address.
pub async fn a_user_is_read_back_as_it_was_given(nodes: AccountNodes) {
    let full = User { admin: true, disabled_at: Some(at(5)), updated_at: at(6), ..user("ann@example.test") };
    let bare = User { name: None, password: None, ..user("bob@example.test") };
    for user in [full, bare] {
        create(&nodes, &user).await;
        assert_eq!(nodes.other.user(user.id).await.unwrap(), Some(user.clone()));
        assert_eq!(nodes.other.user_by_email(&user.email).await.unwrap(), Some(user));
    }
    assert_eq!(nodes.one.user(build::user_id()).await.unwrap(), None);
    assert_eq!(nodes.one.user_by_email(&"eve@example.test".parse().unwrap()).await.unwrap(), None);
}

/// An address belongs to one user.
pub async fn a_taken_address_is_refused(nodes: AccountNodes) {
    let first = user("ann@example.test");
    create(&nodes, &first).await;
    let second = user("ann@example.test");
    assert_eq!(nodes.other.create_user(second.clone()).await.unwrap(), Err(EmailTaken));
    assert_eq!(nodes.one.user(second.id).await.unwrap(), None);
    assert_eq!(nodes.one.user_by_email(&first.email).await.unwrap(), Some(first));
}

/// Of many that sign up with one address at once, one does.
pub async fn exactly_one_of_many_gets_an_address(nodes: AccountNodes) {
    let outcomes = nodes
        .race(64, |_, store| async move {
            let user = user("ann@example.test");
            store.create_user(user.clone()).await.unwrap().ok().map(|()| user)
        })
        .await;
    let winners: Vec<User> = outcomes.into_iter().flatten().collect();
    let [winner] = &winners[..] else { panic!("{} winners", winners.len()) };
    assert_eq!(nodes.one.user_by_email(&winner.email).await.unwrap().as_ref(), Some(winner));
}

/// A change changes what it says, and when the user was changed; it returns the user as it is then.
pub async fn a_change_changes_what_it_says(nodes: AccountNodes) {
    let mut user = user("ann@example.test");
    create(&nodes, &user).await;
    let hash = |text: &str| PasswordHash::new(text.to_owned());
    let name = || Some("Ånn".parse().unwrap());
    type Expected = fn(&mut User);
    let steps: [(UserChange, Expected); 7] = [
        (UserChange::Name(name()), |user| user.name = Some("Ånn".parse().unwrap())),
        (UserChange::Name(None), |user| user.name = None),
        (UserChange::Password(hash("one")), |user| user.password = Some(PasswordHash::new("one".to_owned()))),
        (UserChange::Rehash(hash("one"), hash("two")), |user| {
            user.password = Some(PasswordHash::new("two".to_owned()));
        }),
        (UserChange::Admin(true), |user| user.admin = true),
        (UserChange::Disabled(Some(at(3))), |user| user.disabled_at = Some(at(3))),
        (UserChange::Disabled(None), |user| user.disabled_at = None),
    ];
    for (second, (change, expected)) in (10..).zip(steps) {
        expected(&mut user);
        user.updated_at = at(second);
        let changed = nodes.one.change_user(user.id, change.clone(), at(second)).await.unwrap();
        assert_eq!(changed.as_ref(), Some(&user), "{change:?}");
        assert_eq!(nodes.other.user(user.id).await.unwrap().as_ref(), Some(&user));
    }
}

/// Nobody is made by a change.
pub async fn a_change_makes_nobody(nodes: AccountNodes) {
    let id = build::user_id();
    assert_eq!(nodes.one.change_user(id, UserChange::Admin(true), at(1)).await.unwrap(), None);
    assert_eq!(nodes.one.user(id).await.unwrap(), None);
}

/// A newer hash of the same password does not undo a change of the password.
pub async fn a_rehash_does_not_undo_a_change(nodes: AccountNodes) {
    let user = user("ann@example.test");
    create(&nodes, &user).await;
    let before = user.password.clone().unwrap();
    let changed = PasswordHash::new("changed".to_owned());
    nodes.one.change_user(user.id, UserChange::Password(changed.clone()), at(1)).await.unwrap();
    let rehash = UserChange::Rehash(before, PasswordHash::new("rehashed".to_owned()));
    assert_eq!(nodes.other.change_user(user.id, rehash, at(2)).await.unwrap(), None);
    assert_eq!(nodes.one.user(user.id).await.unwrap().unwrap().password, Some(changed));
}

/// Of many that rehash at once, one does.
pub async fn exactly_one_of_many_rehashes(nodes: AccountNodes) {
    let user = user("ann@example.test");
    create(&nodes, &user).await;
    let outcomes = nodes
        .race(64, |number, store| {
            let new = PasswordHash::new(format!("new {number}"));
            let rehash = UserChange::Rehash(user.password.clone().unwrap(), new);
            async move { store.change_user(user.id, rehash, at(1)).await.unwrap().is_some() }
        })
        .await;
    assert_eq!(outcomes.into_iter().filter(|done| *done).count(), 1);
}

/// The newest come first, in pages without gap or double.
pub async fn the_newest_come_first(nodes: AccountNodes) {
    let mut users = Vec::new();
    for number in 0..13 {
        let user = user(&format!("user{number}@example.test"));
        create(&nodes, &user).await;
        users.insert(0, user);
    }
    for limit in [1, 5, 13, 200] {
        assert_eq!(listed(&*nodes.other, &UserFilter::default(), limit).await, users, "pages of {limit}");
    }
}

/// Words are found in address and name whatever the case, and are no patterns.
pub async fn words_are_found(nodes: AccountNodes) {
    let ann = User { name: Some("Renée 100%".parse().unwrap()), ..user("ann@example.test") };
    let bob = User { name: None, ..user("bob_b@example.test") };
    let eve = User { name: Some("Bobette".parse().unwrap()), ..user("eve@other.test") };
    for user in [&ann, &bob, &eve] {
        create(&nodes, user).await;
    }
    let found = |text: &str| {
        let filter = UserFilter { text: Some(text.to_owned()), ..UserFilter::default() };
        let store = nodes.other.clone();
        async move { listed(&*store, &filter, 2).await.into_iter().map(|user| user.id).collect::<Vec<_>>() }
    };
    assert_eq!(found("EXAMPLE").await, [bob.id, ann.id]);
    assert_eq!(found("bob").await, [eve.id, bob.id]);
    assert_eq!(found("renée").await, [ann.id]);
    assert_eq!(found("RENÉE").await, [ann.id]);
    assert_eq!(found("%").await, [ann.id]);
    assert_eq!(found("b_b").await, [bob.id]);
    assert_eq!(found("e_e").await, []);
    assert_eq!(found("\\").await, []);
    assert_eq!(found("'").await, []);
}

/// Only administrators, only disabled ones, or only others.
pub async fn filters_select(nodes: AccountNodes) {
    let mut users = Vec::new();
    for number in 0..8 {
        let mut user = user(&format!("user{number}@example.test"));
        user.admin = number % 2 == 0;
        user.disabled_at = (number % 3 == 0).then_some(at(0));
        create(&nodes, &user).await;
        users.insert(0, user);
    }
    for admin in [None, Some(true), Some(false)] {
        for disabled in [None, Some(true), Some(false)] {
            for text in [None, Some("USER3".to_owned())] {
                let filter = UserFilter { text: text.clone(), admin, disabled };
                let selected = |user: &&User| {
                    admin.is_none_or(|admin| admin == user.admin)
                        && disabled.is_none_or(|disabled| disabled == user.disabled_at.is_some())
                        && (text.is_none() || user.email.as_str().starts_with("user3"))
                };
                let expected: Vec<User> = users.iter().filter(selected).cloned().collect();
                assert_eq!(listed(&*nodes.one, &filter, 2).await, expected, "{filter:?}");
            }
        }
    }
}
