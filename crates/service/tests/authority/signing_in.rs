//! Logging in and out.

use std::time::{Duration, Instant};

use counterfoil_core::account::ClientChange;
use counterfoil_core::port::SessionStore as _;
use counterfoil_core::revocation::Selection;
use counterfoil_core::session::Origin;
use counterfoil_core::{Clock as _, Mode};
use counterfoil_service::{Error, HashingSettings, Presented, Settings, SignIn, SignUp, SignedIn, UserEdit};
use zeroize::Zeroizing;

use crate::support::{House, PASSWORD, by, minutes, settings};

#[tokio::test]
async fn every_mode_tells_the_same_principal() {
    let house = House::new().await;
    let cookie = house.check_cookie(&house.cookie().await).await.unwrap().principal;
    let recorded = house.check_bearer(&house.recorded().await.0.token).await.unwrap().principal;
    let jwt = house.check_bearer(&house.stateless().await.token).await.unwrap().principal;
    for (principal, mode) in [(&cookie, Mode::Cookie), (&recorded, Mode::Recorded), (&jwt, Mode::Jwt)] {
        assert_eq!((principal.mode, principal.user.id), (mode, house.user.id));
        assert_eq!(principal.client_id.as_str(), mode.as_str());
        assert_eq!(principal.session.is_none(), mode == Mode::Jwt);
    }
}

#[tokio::test]
async fn one_answer_for_unknown_users_wrong_passwords_and_disabled_accounts() {
    let house = House::new().await;
    let attempt = |email: &'static str, password: &'static str| {
        let house = &house;
        async move {
            let sign_in = SignIn { email, password, client: None, replaces: None };
            house.sign_in(sign_in, &Origin::default()).await
        }
    };
    for (email, password) in
        [("nobody@example.test", PASSWORD), ("ann@example.test", "wrong"), ("no address", "x")]
    {
        assert!(matches!(attempt(email, password).await, Err(Error::InvalidCredentials)), "{email}");
    }
    house.edit_user(house.user.id, UserEdit::Disabled(true), &by()).await.unwrap();
    assert!(matches!(attempt("ann@example.test", PASSWORD).await, Err(Error::InvalidCredentials)));
    house.edit_user(house.user.id, UserEdit::Disabled(false), &by()).await.unwrap();
    assert!(attempt("ann@example.test", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn an_unknown_user_takes_as_long_as_a_wrong_password() {
    let hashing = HashingSettings { memory_kib: 19_456, iterations: 1, parallelism: 1, workers: 1, queue: 8 };
    let house = House::with(Settings { hashing, ..settings() }).await;
    let huge = "x".repeat(1 << 20);
    let cases = [
        ("ann@example.test", "wrong"),
        ("nobody@example.test", "wrong"),
        ("ann@example.test", huge.as_str()),
    ];
    let mut fastest = [Duration::MAX; 3];
    // On a machine that is busy the fastest of each takes some rounds to come out. If they differed, they never would agree.
    for round in 0..60 {
        for ((email, password), fastest) in cases.iter().zip(&mut fastest) {
            let started = Instant::now();
            let sign_in = SignIn { email, password, client: None, replaces: None };
            house.sign_in(sign_in, &Origin::default()).await.unwrap_err();
            *fastest = started.elapsed().min(*fastest);
        }
        let (low, high) = (fastest.iter().min().unwrap(), fastest.iter().max().unwrap());
        if round >= 7 && *high < *low * 3 / 2 {
            return;
        }
    }
    panic!("{fastest:?}");
}

#[tokio::test]
async fn hashes_are_upgraded_at_the_next_log_in() {
    let house = House::new().await;
    let stronger = HashingSettings { iterations: 3, ..house.settings.hashing };
    let upgraded = house.another(Settings { hashing: stronger, ..house.settings.clone() }).await.unwrap();
    let sign_in = SignIn { email: "ann@example.test", password: PASSWORD, client: None, replaces: None };
    upgraded.sign_in(sign_in, &Origin::default()).await.unwrap();
    let user = house.user(house.user.id).await.unwrap();
    assert!(user.password.unwrap().expose().contains("t=3"));
    assert!(upgraded.sign_in(sign_in, &Origin::default()).await.is_ok());
}

#[tokio::test]
async fn a_browser_that_logs_in_again_gets_a_new_session_and_the_old_one_ends_soon() {
    let house = House::new().await;
    let first = house.cookie().await;
    let again = SignIn {
        email: "ann@example.test",
        password: PASSWORD,
        client: Some("cookie"),
        replaces: Some(&first),
    };
    let SignedIn::Cookie { cookie: second, .. } = house.sign_in(again, &Origin::default()).await.unwrap()
    else {
        panic!("a cookie")
    };
    assert!(house.check_cookie(&first).await.is_ok(), "requests that are under way go on");
    house.pass(Duration::from_secs(11)).await;
    assert!(house.check_cookie(&first).await.is_err());
    assert!(house.check_cookie(&second.value).await.is_ok());
}

#[tokio::test]
async fn proving_again_replaces_the_cookie_of_the_same_session() {
    let house = House::new().await;
    let before = house.cookie().await;
    let caller = house.check_cookie(&before).await.unwrap();
    let wrong = house.reauthenticate(&caller, "wrong", &Origin::default()).await;
    assert!(matches!(wrong, Err(Error::InvalidCredentials)));
    house.pass(minutes(5)).await;
    let after = house.reauthenticate(&caller, PASSWORD, &Origin::default()).await.unwrap().value;
    let renewed = house.check_cookie(&after).await.unwrap();
    assert_eq!(renewed.session_id(), caller.session_id());
    assert_eq!(renewed.principal.session.unwrap().auth_time, house.clock.now());
    assert!(house.check_cookie(&before).await.is_ok());
    house.pass(Duration::from_secs(11)).await;
    assert!(house.check_cookie(&before).await.is_err());
    assert!(house.check_cookie(&after).await.is_ok());
}

#[tokio::test]
async fn logging_out_is_honest() {
    let house = House::new().await;
    let origin = Origin::default();
    let cookie = house.cookie().await;
    assert!(house.sign_out(Presented::Cookie(&cookie), &origin).await.unwrap().revoked);
    assert!(matches!(house.check_cookie(&cookie).await, Err(Error::Revoked { .. })));
    assert!(!house.sign_out(Presented::Cookie(&cookie), &origin).await.unwrap().revoked);

    let token = house.stateless().await;
    let out = house.sign_out(Presented::Bearer(&token.token), &origin).await.unwrap();
    assert_eq!((out.revoked, out.valid_until), (false, Some(token.expires_at)));
    assert!(house.check_bearer(&token.token).await.is_ok());

    // An access token that has expired still ends its session.
    let (access, refresh) = house.recorded().await;
    house.pass(minutes(11)).await;
    assert!(house.sign_out(Presented::Bearer(&access.token), &origin).await.unwrap().revoked);
    let refused = house.refresh(&refresh, None, &origin).await;
    assert!(matches!(refused, Err(Error::InvalidGrant { cause: "session_ended" })));
}

#[tokio::test]
async fn a_client_changes_its_mode_and_nobody_is_logged_out() {
    let house = House::new().await;
    let cookie = house.cookie().await;
    let stateless = house.stateless().await.token;
    let change = |mode| ClientChange { mode: Some(mode), ..ClientChange::default() };
    house.edit_client(&"cookie".parse().unwrap(), change(Mode::Recorded), &by()).await.unwrap();
    house.edit_client(&"jwt".parse().unwrap(), change(Mode::Recorded), &by()).await.unwrap();
    assert_eq!(house.check_cookie(&cookie).await.unwrap().principal.mode, Mode::Cookie);
    assert!(matches!(house.log_in("cookie").await, SignedIn::Recorded { .. }));
    // A stateless login of a client that is recorded now gets its session at its next renewal.
    assert!(house.check_bearer(&stateless).await.is_ok());
    let SignedIn::Recorded { access, .. } = house.renew(&stateless, &Origin::default()).await.unwrap() else {
        panic!("a session")
    };
    assert_eq!(house.check_bearer(&access.token).await.unwrap().principal.mode, Mode::Recorded);
}

#[tokio::test]
async fn stateless_logins_are_renewed_up_to_the_absolute_limit_and_leave_no_trace() {
    let house = House::new().await;
    let origin = Origin::default();
    let mut token = house.stateless().await.token;
    let mut renewals = 0;
    let refused = loop {
        house.pass(minutes(9)).await;
        match house.renew(&token, &origin).await {
            Ok(SignedIn::Jwt(access)) => token = access.token,
            Ok(other) => panic!("{other:?}"),
            Err(error) => break error,
        }
        renewals += 1;
    };
    assert_eq!(renewals, 26, "240 minutes in steps of nine");
    assert!(matches!(refused, Error::Expired | Error::RenewalOver), "{refused}");
    let page =
        house.book_sessions(Default::default(), counterfoil_core::PageRequest::new(10, None)).await.unwrap();
    assert!(page.items.is_empty());
}

#[tokio::test]
async fn what_is_revoked_is_not_renewed() {
    let house = House::new().await;
    let token = house.stateless().await.token;
    let report = house.revoke_selection(Selection::user(house.user.id)).await;
    assert!(report.stateless_until.is_some(), "the answer says what cannot be taken back");
    assert!(house.check_bearer(&token).await.is_ok());
    assert!(matches!(house.renew(&token, &Origin::default()).await, Err(Error::Revoked { .. })));
}

#[tokio::test]
async fn sign_up_checks_what_it_is_given() {
    let house = House::new().await;
    let sign_up = |email: &str, password: &str| SignUp {
        email: email.to_owned(),
        password: Zeroizing::new(password.to_owned()),
        name: None,
    };
    let origin = Origin::default();
    assert!(matches!(
        house.sign_up(sign_up("ANN@example.test", PASSWORD), &origin).await,
        Err(Error::EmailTaken)
    ));
    assert!(matches!(house.sign_up(sign_up("bob", PASSWORD), &origin).await, Err(Error::InvalidEmail(_))));
    assert!(matches!(
        house.sign_up(sign_up("bob@b.test", "password"), &origin).await,
        Err(Error::Password(_))
    ));
    assert!(house.sign_up(sign_up("bob@b.test", PASSWORD), &origin).await.is_ok());
    let closed = house.another(Settings { sign_up_open: false, ..house.settings.clone() }).await.unwrap();
    assert!(matches!(closed.sign_up(sign_up("c@c.test", PASSWORD), &origin).await, Err(Error::SignUpClosed)));
}

#[tokio::test]
async fn a_renewal_that_a_revocation_overtakes_opens_nothing() {
    let house = House::new().await;
    let token = house.stateless().await.token;
    let change = ClientChange { mode: Some(Mode::Recorded), ..ClientChange::default() };
    house.edit_client(&"jwt".parse().unwrap(), change, &by()).await.unwrap();
    // Another node revokes, and this one has not heard of it yet.
    let other = house.another(house.settings.clone()).await.unwrap();
    let selection = Selection::user(house.user.id);
    let request = counterfoil_service::RevokeRequest { selection, note: None, dry_run: false };
    other.revoke(request, &by()).await.unwrap();
    assert!(matches!(house.renew(&token, &Origin::default()).await, Err(Error::Overtaken)));
    house.synchronise().await.unwrap();
    assert!(matches!(house.renew(&token, &Origin::default()).await, Err(Error::Revoked { .. })));
    // Nor when its marker might have been forgotten, were it not kept as long as any token can live.
    house.pass(minutes(9)).await;
    assert!(house.renew(&token, &Origin::default()).await.is_err());
}

#[tokio::test]
async fn a_renewal_is_not_stopped_by_what_others_revoked_and_the_feed_forgot() {
    let house = House::new().await;
    let token = house.stateless().await.token;
    let cookie = house.cookie().await;
    let caller = house.check_cookie(&cookie).await.unwrap();
    house.revoke_selection(Selection::Session(caller.session_id().unwrap())).await;
    let change = ClientChange { mode: Some(Mode::Recorded), ..ClientChange::default() };
    house.edit_client(&"jwt".parse().unwrap(), change, &by()).await.unwrap();
    // Long enough for the marker to be forgotten; the token is kept alive by a longer life.
    let sweep = house.clock_now() + minutes(11);
    house.store.sweep(sweep, sweep - minutes(60), 100).await.unwrap();
    assert!(house.store.feed_head().await.unwrap().forgotten > 0);
    let signed_in = house.renew(&token, &Origin::default()).await.unwrap();
    assert!(matches!(signed_in, SignedIn::Recorded { .. }));
}

#[tokio::test]
async fn a_refused_set_up_leaves_the_link_as_it_is() {
    let house = House::new().await;
    let link = house.new_setup_link(&by()).await.unwrap();
    let token = link.split_once("token=").unwrap().1;
    let set_up = |email: &str, password: &str, name: Option<String>| SignUp {
        email: email.to_owned(),
        password: Zeroizing::new(password.to_owned()),
        name,
    };
    let origin = Origin::default();
    for refused in [
        set_up("root@example.test", PASSWORD, Some("x".repeat(5000))),
        set_up("root@example.test", "password", None),
        set_up("no address", PASSWORD, None),
        set_up("ann@example.test", PASSWORD, None),
    ] {
        assert!(house.set_up(token, refused, &origin).await.is_err());
        assert!(house.setup_link_is_good(token).await.unwrap());
    }
    let user = house.set_up(token, set_up("root@example.test", PASSWORD, None), &origin).await.unwrap();
    assert!(user.admin);
    assert!(!house.setup_link_is_good(token).await.unwrap());
    // A link that is out ends when an administrator comes to be in another way.
    let link = house.new_setup_link(&by()).await.unwrap();
    house.edit_user(house.user.id, UserEdit::Admin(true), &by()).await.unwrap();
    assert!(!house.setup_link_is_good(link.split_once("token=").unwrap().1).await.unwrap());
}
