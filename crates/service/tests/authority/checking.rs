//! Checking credentials: from memory, over time, and when the view is too old.

use std::time::Duration;

use counterfoil_core::Clock as _;
use counterfoil_core::revocation::Selection;
use counterfoil_core::session::EndReason;
use counterfoil_service::{Error, PastLimit, Settings, UserEdit, ViewSettings};
use zeroize::Zeroizing;

use crate::support::{House, by, minutes, settings};

#[tokio::test]
async fn a_session_lives_while_it_is_used_and_ends_in_any_case() {
    let house = House::new().await;
    let (used, unused) = (house.cookie().await, house.cookie().await);
    for _ in 0..11 {
        house.pass(minutes(20)).await;
        assert!(house.check_cookie(&used).await.is_ok());
    }
    assert!(matches!(house.check_cookie(&unused).await, Err(Error::Expired)));
    house.pass(minutes(20)).await;
    assert!(matches!(house.check_cookie(&used).await, Err(Error::Expired)), "240 minutes are the limit");
}

#[tokio::test]
async fn uses_are_noted_in_batches() {
    let house = House::new().await;
    let cookie = house.cookie().await;
    let session = house.check_cookie(&cookie).await.unwrap().session_id().unwrap();
    house.pass(minutes(25)).await;
    house.check_cookie(&cookie).await.unwrap();
    house.note_last_uses().await;
    // Another node, that has never seen it, knows that it was used.
    let other = house.another(house.settings.clone()).await.unwrap();
    house.clock.forward(minutes(20));
    other.synchronise().await.unwrap();
    assert!(other.check(counterfoil_service::Presented::Cookie(&cookie)).await.is_ok());
    let page =
        house.book_sessions(Default::default(), counterfoil_core::PageRequest::new(1, None)).await.unwrap();
    assert_eq!(page.items[0].id, session);
    assert!(page.items[0].last_seen_at > page.items[0].created_at);
}

#[tokio::test]
async fn a_token_expires_on_time() {
    let house = House::new().await;
    let token = house.stateless().await;
    house.clock.forward(token.expires_in - Duration::from_secs(2));
    assert!(house.check_bearer(&token.token).await.is_ok());
    house.clock.forward(Duration::from_secs(3));
    assert!(matches!(house.check_bearer(&token.token).await, Err(Error::Expired)));
}

#[tokio::test]
async fn a_view_that_is_too_old_asks_the_store_and_then_refuses() {
    let house = House::new().await;
    let cookie = house.cookie().await;
    let (access, _) = house.recorded().await;
    let stateless = house.stateless().await;
    // Another node revokes while this one follows nothing.
    let other = house.another(house.settings.clone()).await.unwrap();
    assert!(house.check_cookie(&cookie).await.is_ok());
    house.clock.forward(Duration::from_secs(6));
    assert!(!house.readiness().ready);
    assert!(house.check_cookie(&cookie).await.is_ok(), "asked, and fine");
    other
        .revoke(
            counterfoil_service::RevokeRequest {
                selection: Selection::user(house.user.id),
                note: None,
                dry_run: false,
            },
            &by(),
        )
        .await
        .unwrap();
    assert!(matches!(house.check_cookie(&cookie).await, Err(Error::Revoked { .. })), "asked, and revoked");
    assert!(matches!(house.check_bearer(&access.token).await, Err(Error::Revoked { .. })));
    house.store.close().await;
    assert!(house.check_bearer(&stateless.token).await.is_ok(), "a stateless token needs no view");
}

#[tokio::test]
async fn a_view_that_is_too_old_refuses_if_configured_so() {
    let view = ViewSettings { limit: Duration::from_secs(5), past_limit: PastLimit::Refuse };
    let house = House::with(Settings { view, ..settings() }).await;
    let cookie = house.cookie().await;
    assert!(house.check_cookie(&cookie).await.is_ok());
    house.clock.forward(Duration::from_secs(6));
    assert!(matches!(house.check_cookie(&cookie).await, Err(Error::Stale)));
    house.pass(Duration::ZERO).await;
    assert!(house.check_cookie(&cookie).await.is_ok(), "and goes on when the view is good again");
}

#[tokio::test]
async fn garbage_asks_no_store() {
    let house = House::new().await;
    let cookie = house.cookie().await;
    let (access, refresh) = house.recorded().await;
    let flip = |text: &str| {
        let mut bytes = text.as_bytes().to_vec();
        let last = bytes.last_mut().unwrap();
        *last = if *last == b'A' { b'Q' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    };
    // With the store closed, whatever asked it would fail in another way.
    house.store.close().await;
    for bad in [flip(&cookie), String::new(), "cfs_".to_owned(), access.token.clone()] {
        assert!(matches!(house.check_cookie(&bad).await, Err(Error::BadCredential { .. })), "{bad}");
    }
    for bad in [flip(&access.token), cookie, "a.b.c".to_owned(), "x".repeat(100_000)] {
        assert!(matches!(house.check_bearer(&bad).await, Err(Error::BadCredential { .. })), "{bad:.80}");
    }
    let refused = house.refresh(&flip(&refresh), None, &Default::default()).await;
    assert!(matches!(refused, Err(Error::InvalidGrant { cause: "unknown_token" })));
}

#[tokio::test]
async fn changes_of_an_account_show_at_once() {
    let house = House::new().await;
    assert!(!house.check_cookie(&house.cookie().await).await.unwrap().is_admin());
    house.edit_user(house.user.id, UserEdit::Admin(true), &by()).await.unwrap();
    let cookie = house.cookie().await;
    let (access, _) = house.recorded().await;
    house.edit_user(house.user.id, UserEdit::Admin(true), &by()).await.unwrap();
    house.edit_user(house.user.id, UserEdit::Name(Some("Ann B.".to_owned())), &by()).await.unwrap();
    for caller in
        [house.check_cookie(&cookie).await.unwrap(), house.check_bearer(&access.token).await.unwrap()]
    {
        assert!(caller.is_admin());
        assert_eq!(caller.principal.user.name.as_deref(), Some("Ann B."));
    }
    let new = Zeroizing::new("another good password".to_owned());
    house.edit_user(house.user.id, UserEdit::Password(new), &by()).await.unwrap();
    let refused = house.check_cookie(&cookie).await;
    assert!(matches!(refused, Err(Error::Revoked { reason: EndReason::PasswordChanged })));
}

#[tokio::test]
async fn nobody_rises_by_a_login_that_was_there_before() {
    let house = House::new().await;
    let cookie = house.cookie().await;
    let (access, stateless) = (house.recorded().await.0, house.stateless().await);
    house.edit_user(house.user.id, UserEdit::Admin(true), &by()).await.unwrap();
    for refused in [house.check_cookie(&cookie).await, house.check_bearer(&access.token).await] {
        assert!(matches!(refused, Err(Error::Revoked { reason: EndReason::PrivilegeRaised })));
    }
    // Nothing takes a stateless token back; but it administers nothing and is not renewed.
    let caller = house.check_bearer(&stateless.token).await.unwrap();
    assert!(matches!(house.require_administrator(&caller), Err(Error::Revoked { .. })));
    assert!(house.renew(&stateless.token, &Default::default()).await.is_err());
    let caller = house.check_bearer(&house.stateless().await.token).await.unwrap();
    house.require_administrator(&caller).unwrap();
    house.revoke_selection(Selection::user(house.user.id)).await;
    assert!(matches!(house.require_administrator(&caller), Err(Error::Revoked { .. })));
    house.edit_user(house.user.id, UserEdit::Admin(false), &by()).await.unwrap();
    let caller = house.check_bearer(&house.stateless().await.token).await.unwrap();
    assert!(matches!(house.require_administrator(&caller), Err(Error::Forbidden)));
}

#[tokio::test]
async fn ending_all_others_stops_stolen_stateless_tokens_from_being_renewed() {
    let house = House::new().await;
    let (mut here, origin) = (house.cookie().await, Default::default());
    for by_password in [false, true] {
        let stolen = house.stateless().await;
        house.renew(&stolen.token, &origin).await.unwrap();
        let caller = house.check_cookie(&here).await.unwrap();
        if by_password {
            let (old, new) = (crate::support::PASSWORD, "another good password");
            let changed = house.change_password(&caller, old, new, &origin).await.unwrap();
            here = changed.cookie.unwrap().value.to_string();
        } else {
            house.end_my_other_sessions(&caller, &origin).await.unwrap();
        }
        assert!(matches!(house.renew(&stolen.token, &origin).await, Err(Error::Revoked { .. })));
        assert!(house.check_cookie(&here).await.is_ok());
    }
}

#[tokio::test]
async fn changing_ones_password_ends_the_other_sessions() {
    let house = House::new().await;
    let (here, there) = (house.cookie().await, house.cookie().await);
    let caller = house.check_cookie(&here).await.unwrap();
    let origin = Default::default();
    let changed = house
        .change_password(&caller, crate::support::PASSWORD, "another good password", &origin)
        .await
        .unwrap();
    assert_eq!(changed.report.sessions, 1);
    let next = changed.cookie.unwrap().value;
    assert!(house.check_cookie(&here).await.is_err(), "somebody else may have it");
    assert!(house.check_cookie(&there).await.is_err());
    assert_eq!(
        house.check_cookie(&next).await.unwrap().principal.session.unwrap().auth_time,
        house.clock.now()
    );
}
