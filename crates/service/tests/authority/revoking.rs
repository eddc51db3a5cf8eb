//! Revocation by every selection, and logins that race it.

use counterfoil_core::revocation::Selection;
use counterfoil_core::session::Origin;
use counterfoil_core::{Clock as _, PageRequest};
use counterfoil_service::{BookQuery, CallerCredential, Error, FeedEvent, RevokeRequest, UserEdit};

use crate::support::{House, by, minutes};

#[tokio::test]
async fn a_token_dies_alone_and_a_session_takes_its_tokens_along() {
    let house = House::new().await;
    let (access, refresh) = house.recorded().await;
    let caller = house.check_bearer(&access.token).await.unwrap();
    let CallerCredential::Token(token) = &caller.credential else { panic!("a token") };
    let id = token.id;
    let report = house.revoke_selection(Selection::Token(id)).await;
    assert_eq!((report.revoked, report.sessions, report.tokens), (1, 0, 1));
    assert!(matches!(house.check_bearer(&access.token).await, Err(Error::Revoked { .. })));
    let next = house.refresh(&refresh, None, &Origin::default()).await.unwrap();
    assert!(house.check_bearer(&next.access.token).await.is_ok());
    let report = house.revoke_selection(Selection::Session(caller.session_id().unwrap())).await;
    assert_eq!((report.sessions, report.tokens), (1, 1));
    assert!(house.check_bearer(&next.access.token).await.is_err());
    let report = house.revoke_selection(Selection::Session(caller.session_id().unwrap())).await;
    assert_eq!(report.sessions, 0, "what is over is not revoked again");
}

#[tokio::test]
async fn every_selection_is_counted_first_and_then_refused_at_once() {
    let house = House::new().await;
    let client = |name: &str| Some(name.parse().unwrap());
    let user = Some(house.user.id);
    for (selection, cookie_dies) in [
        (Selection::user(house.user.id), true),
        (
            Selection::Sessions { user: None, client: client("recorded"), begun_before: None, except: None },
            false,
        ),
        (Selection::Sessions { user, client: client("cookie"), begun_before: None, except: None }, true),
        (Selection::all(), true),
        (
            Selection::Sessions {
                user: None,
                client: None,
                begun_before: Some(house.clock.now() + minutes(600)),
                except: None,
            },
            true,
        ),
    ] {
        house.pass(minutes(1)).await;
        let cookie = house.cookie().await;
        let (access, _) = house.recorded().await;
        assert!(house.check_cookie(&cookie).await.is_ok() && house.check_bearer(&access.token).await.is_ok());
        let dry = RevokeRequest { selection: selection.clone(), note: None, dry_run: true };
        let counted = house.revoke(dry, &by()).await.unwrap();
        assert!(house.check_cookie(&cookie).await.is_ok(), "counting revokes nothing");
        let report = house.revoke_selection(selection.clone()).await;
        assert_eq!((report.sessions, report.tokens), (counted.sessions, counted.tokens), "{selection:?}");
        assert_eq!(house.check_cookie(&cookie).await.is_err(), cookie_dies, "{selection:?}");
        let recorded_dies =
            !matches!(&selection, Selection::Sessions { client: Some(c), .. } if c.as_str() == "cookie");
        assert_eq!(house.check_bearer(&access.token).await.is_err(), recorded_dies, "{selection:?}");
        // Whoever logs in afterwards is not covered, unless the selection says so.
        if !matches!(selection, Selection::Sessions { begun_before: Some(_), .. }) {
            assert!(house.check_cookie(&house.cookie().await).await.is_ok(), "{selection:?}");
        }
        house.revoke_selection(Selection::all()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_logs_in_through_a_door_that_is_being_closed() {
    let house = House::new().await;
    for _ in 0..20 {
        let logins: Vec<_> = (0..8)
            .map(|_| {
                let authority = house.authority.clone();
                tokio::spawn(async move {
                    let sign_in = counterfoil_service::SignIn {
                        email: "ann@example.test",
                        password: crate::support::PASSWORD,
                        client: Some("recorded"),
                        replaces: None,
                    };
                    authority.sign_in(sign_in, &Origin::default()).await
                })
            })
            .collect();
        house.edit_user(house.user.id, UserEdit::Disabled(true), &by()).await.unwrap();
        for login in logins {
            if let Ok(counterfoil_service::SignedIn::Recorded { access, refresh_token, .. }) =
                login.await.unwrap()
            {
                assert!(house.check_bearer(&access.token).await.is_err());
                assert!(house.refresh(&refresh_token, None, &Origin::default()).await.is_err());
            }
        }
        house.edit_user(house.user.id, UserEdit::Disabled(false), &by()).await.unwrap();
        let alive = BookQuery { state: Some("alive".to_owned()), ..BookQuery::default() };
        assert!(house.book_sessions(alive, PageRequest::new(1, None)).await.unwrap().items.is_empty());
    }
}

#[tokio::test]
async fn the_book_tells_why_a_token_is_dead() {
    let house = House::new().await;
    let (access, _) = house.recorded().await;
    let caller = house.check_bearer(&access.token).await.unwrap();
    let page = |state: &str| BookQuery { state: Some(state.to_owned()), ..BookQuery::default() };
    let alive = house.book_tokens(page("alive"), PageRequest::new(10, None)).await.unwrap();
    assert_eq!(alive.items.len(), 1);
    assert_eq!(alive.items[0].user.email.as_deref(), Some("ann@example.test"));
    house.end_my_session(&caller, caller.session_id().unwrap(), &Origin::default()).await.unwrap();
    let revoked = house.book_tokens(page("revoked"), PageRequest::new(10, None)).await.unwrap();
    assert_eq!(revoked.items[0].ended.as_ref().unwrap().reason.as_str(), "revoked_by_user");
    assert!(house.book_tokens(page("alive"), PageRequest::new(10, None)).await.unwrap().items.is_empty());
    let nonsense = house.book_tokens(page("asleep"), PageRequest::new(10, None)).await;
    assert!(matches!(nonsense, Err(Error::BadQuery(_))));
    for q in ["ann@", "ANN", &caller.principal.user.id.to_string()] {
        let query = BookQuery { q: Some(q.to_owned()), ..BookQuery::default() };
        assert_eq!(
            house.book_sessions(query, PageRequest::new(10, None)).await.unwrap().items.len(),
            1,
            "{q}"
        );
    }
}

#[tokio::test]
async fn other_peoples_sessions_are_not_there() {
    let house = House::new().await;
    let caller = house.check_cookie(&house.cookie().await).await.unwrap();
    let new = counterfoil_service::NewUser {
        email: "bob@example.test".to_owned(),
        password: Some(zeroize::Zeroizing::new(crate::support::PASSWORD.to_owned())),
        name: None,
        admin: false,
    };
    house.add_user(new, &by()).await.unwrap();
    let sign_in = counterfoil_service::SignIn {
        email: "bob@example.test",
        password: crate::support::PASSWORD,
        client: Some("recorded"),
        replaces: None,
    };
    let signed_in = house.sign_in(sign_in, &Origin::default()).await.unwrap();
    let counterfoil_service::SignedIn::Recorded { access, session_id, .. } = signed_in else {
        panic!("tokens")
    };
    let refused = house.end_my_session(&caller, session_id, &Origin::default()).await;
    assert!(matches!(refused, Err(Error::NotFound)));
    house.end_my_other_sessions(&caller, &Origin::default()).await.unwrap();
    assert!(house.check_bearer(&access.token).await.is_ok());
}

#[tokio::test]
async fn a_busy_feed_has_heartbeats_and_none_before_all_was_told() {
    let house = House::new().await;
    let client = "api".parse().unwrap();
    let mut feed = house.subscribe(&client, None, None).await.unwrap();
    let Some(FeedEvent::Snapshot { id, .. }) = feed.next().await else { panic!("a snapshot") };
    drop(feed);
    for _ in 0..1100 {
        house.revoke_selection(Selection::all()).await;
    }
    let mut feed = house.subscribe(&client, None, Some(&id)).await.unwrap();
    let mut told = 0;
    while told < 1100 {
        match feed.next().await.unwrap() {
            FeedEvent::Delta { .. } => told += 1,
            other => panic!("{other:?} after {told}"),
        }
    }
    // Revocations that follow one another within a second, each waiting for a confirmation that does not come, leave the
    // heartbeats in between.
    let mut heartbeats = 0;
    for _ in 0..10 {
        house.revoke_selection(Selection::all()).await;
        while let FeedEvent::Heartbeat { .. } = feed.next().await.unwrap() {
            heartbeats += 1;
        }
    }
    assert!((2..=3).contains(&heartbeats), "{heartbeats}");
}

#[tokio::test]
async fn a_verifier_gets_a_snapshot_and_then_resumes_without_a_gap() {
    let house = House::new().await;
    let client = "api".parse().unwrap();
    house.revoke_selection(Selection::all()).await;
    let mut feed = house.subscribe(&client, Some("api 1".to_owned()), None).await.unwrap();
    let Some(FeedEvent::Snapshot { id, data }) = feed.next().await else { panic!("a snapshot") };
    let snapshot: serde_json::Value = serde_json::from_str(&data).unwrap();
    assert_eq!(
        (snapshot["complete"].as_bool(), snapshot["markers"].as_array().unwrap().len()),
        (Some(true), 1)
    );
    drop(feed);
    let two =
        [house.revoke_selection(Selection::all()).await, house.revoke_selection(Selection::all()).await];
    let mut feed = house.subscribe(&client, None, Some(&id)).await.unwrap();
    for report in two {
        let Some(FeedEvent::Delta { data, .. }) = feed.next().await else { panic!("a delta") };
        let delta: serde_json::Value = serde_json::from_str(&data).unwrap();
        assert_eq!(
            (delta["after"].as_u64(), delta["sequence"].as_u64()),
            (Some(report.sequence - 1), Some(report.sequence))
        );
    }
    assert!(matches!(feed.next().await, Some(FeedEvent::Heartbeat { .. })));
    // What it confirms is counted in the answer.
    let verifier = feed.verifier().to_owned();
    let authority = house.authority.clone();
    let revoking = tokio::spawn(async move {
        let request = RevokeRequest { selection: Selection::all(), note: None, dry_run: false };
        authority.revoke(request, &by()).await.unwrap()
    });
    let Some(FeedEvent::Delta { data, .. }) = feed.next().await else { panic!("a delta") };
    let delta: serde_json::Value = serde_json::from_str(&data).unwrap();
    house.acknowledge(&client, &verifier, delta["sequence"].as_u64().unwrap()).await.unwrap();
    let report = revoking.await.unwrap();
    assert_eq!((report.verifiers.connected, report.verifiers.confirmed), (1, 1));
    assert!(house.acknowledge(&"other".parse().unwrap(), &verifier, 1).await.is_err());
    let ahead = house.acknowledge(&client, &verifier, u64::MAX).await;
    assert!(matches!(ahead, Err(Error::BadQuery(_))), "nobody applied what was never told");
    // A place in another feed, or ahead of this one, is no place to go on from.
    for stranger in
        ["fed_00000000000000000000000000:1", &format!("{}:999", id.split(':').next().unwrap()), "x", ""]
    {
        let mut feed = house.subscribe(&client, None, Some(stranger)).await.unwrap();
        assert!(matches!(feed.next().await, Some(FeedEvent::Snapshot { .. })), "{stranger}");
    }
}

#[tokio::test]
async fn a_feed_that_went_back_ends_what_was_given_out_before() {
    let house = House::new().await;
    let (revoked, _) = house.recorded().await;
    let (alive, refresh) = house.recorded().await;
    let caller = house.check_bearer(&revoked.token).await.unwrap();
    let older = tempfile::tempdir().unwrap();
    let copy = older.path().join("copy.db");
    house.copy_store(&copy);
    house.revoke_selection(Selection::Session(caller.session_id().unwrap())).await;
    // An operator puts the older copy back, and the running server meets it.
    house.put_store_back(&copy).await;
    for token in [&revoked.token, &alive.token] {
        let refused = house.check_bearer(token).await;
        assert!(matches!(refused, Err(Error::Revoked { .. })), "{refused:?}");
    }
    assert!(house.refresh(&refresh, None, &Origin::default()).await.is_err());
    let (new, _) = house.recorded().await;
    assert!(house.check_bearer(&new.token).await.is_ok());
}
