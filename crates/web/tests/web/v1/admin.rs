//! `/v1/admin`

use http::StatusCode;
use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::support::{Login, World, call, get, post};

async fn world() -> (World, Login, String) {
    let world = World::new().await;
    world.clients().await;
    world.user("root@example.test", true).await;
    let user = world.user("ada@example.test", false).await;
    let admin = world.log_in("root@example.test", "app").await;
    (world, admin, user)
}

#[tokio::test]
async fn the_book_lists_sessions_and_tokens() {
    let (world, admin, user) = world().await;
    let login = world.log_in("ada@example.test", "app").await;
    world.log_in("ada@example.test", "default").await;
    let list = |path: String| world.send(get(&path).by(&admin));
    assert_json_snapshot!("sessions", list(format!("/v1/admin/sessions?user={user}")).await.seen());
    assert_json_snapshot!("tokens", list(format!("/v1/admin/tokens?user={user}")).await.seen());
    world.send(post("/v1/logout").by(&login)).await;
    let alive = list(format!("/v1/admin/tokens?user={user}&state=alive")).await;
    assert_eq!(alive.body["items"], json!([]));
    for query in ["mode=cookies", "user=ada", "created_after=yesterday", "state=undead", "who=ada"] {
        let answer = list(format!("/v1/admin/sessions?{query}")).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::BAD_REQUEST, "bad_query"), "{query}");
    }
}

#[tokio::test]
async fn a_revocation_is_counted_first_and_then_made() {
    let (world, admin, user) = world().await;
    let login = world.log_in("ada@example.test", "app").await;
    let body =
        |dry_run: bool| json!({"select": {"user": user}, "reason": "lost telephone", "dry_run": dry_run});
    let counted = world.send(post("/v1/admin/revocations").by(&admin).json(&body(true))).await;
    assert_json_snapshot!("counted", counted.seen());
    assert_eq!(world.send(get("/v1/me").by(&login)).await.status, StatusCode::OK);
    let revoked = world.send(post("/v1/admin/revocations").by(&admin).json(&body(false))).await;
    assert_json_snapshot!("revoked", revoked.seen());
    assert_json_snapshot!("refused", world.send(get("/v1/me").by(&login)).await.seen());
    for select in [json!({}), json!({"all": true, "user": user}), json!({"all": false})] {
        let answer =
            world.send(post("/v1/admin/revocations").by(&admin).json(&json!({"select": select}))).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::UNPROCESSABLE_ENTITY, "bad_selection"));
    }
}

#[tokio::test]
async fn users_are_made_listed_and_changed() {
    let (world, admin, _) = world().await;
    let new = json!({"email": "bob@example.test", "name": "Bob", "admin": false});
    let made = world.send(post("/v1/admin/users").by(&admin).json(&new)).await;
    assert_json_snapshot!("made", made.seen());
    let path = format!("/v1/admin/users/{}", made.body["id"].as_str().unwrap());
    assert_eq!(world.send(get(&path).by(&admin)).await.body, made.body);
    let changes = json!({"name": null, "disabled": true, "admin": true});
    assert_json_snapshot!("changed", world.send(call("PATCH", &path).by(&admin).json(&changes)).await.seen());
    let nothing = world.send(call("PATCH", &path).by(&admin).json(&json!({"password": "short"}))).await;
    assert_eq!(nothing.code(), "password_too_short");
    let found = world.send(get("/v1/admin/users?q=ada&admin=false&disabled=false").by(&admin)).await;
    assert_json_snapshot!("found", found.seen());
}

#[tokio::test]
async fn clients_are_made_listed_changed_and_removed() {
    let (world, admin, _) = world().await;
    let new = json!({
        "id": "shop", "name": "Web shop", "mode": "recorded", "audience": ["api"], "algorithm": "EdDSA",
        "lifetimes": {"access": 300}, "claims": {"mail": {"user": "email"}, "tier": {"value": 3}},
    });
    let made = world.send(post("/v1/admin/clients").by(&admin).json(&new)).await;
    assert_json_snapshot!("client_made", made.seen());
    let taken = world.send(post("/v1/admin/clients").by(&admin).json(&new)).await;
    assert_eq!((taken.status, taken.code()), (StatusCode::CONFLICT, "client_taken"));
    let changes = json!({"mode": "cookie", "lifetimes": {"idle": 600}});
    let changed = world.send(call("PATCH", "/v1/admin/clients/shop").by(&admin).json(&changes)).await;
    assert_json_snapshot!("client_changed", changed.seen());
    let shown = world.send(get("/v1/admin/clients/shop").by(&admin)).await;
    assert_eq!(shown.body, changed.body);
    let all = world.send(get("/v1/admin/clients").by(&admin)).await.body;
    let ids: Vec<_> = all["items"].as_array().unwrap().iter().map(|client| &client["id"]).collect();
    assert_eq!(ids, ["api1", "app", "default", "shop", "stateless"]);
    assert_json_snapshot!(
        "client_removed",
        world.send(call("DELETE", "/v1/admin/clients/shop").by(&admin)).await.seen()
    );
    for method in ["GET", "DELETE"] {
        assert_eq!(
            world.send(call(method, "/v1/admin/clients/shop").by(&admin)).await.status,
            StatusCode::NOT_FOUND
        );
    }
}

#[tokio::test]
async fn claims_that_shadow_or_look_like_secrets_are_refused() {
    let (world, admin, _) = world().await;
    for claims in
        [json!({"sub": {"value": "x"}}), json!({"password": {"value": "x"}}), json!({"a": {"user": "hash"}})]
    {
        let new = json!({"name": "x", "claims": claims});
        let answer = world.send(post("/v1/admin/clients").by(&admin).json(&new)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
    }
}

#[tokio::test]
async fn a_services_secret_is_shown_once_and_replaced() {
    let (world, admin, _) = world().await;
    let made = world
        .send(post("/v1/admin/clients").by(&admin).json(&json!({"id": "api2", "name": "x", "service": true})))
        .await;
    let old = made.body["secret"].as_str().unwrap();
    let rotated = world.send(post("/v1/admin/clients/api2/secret").by(&admin)).await;
    assert_json_snapshot!("secret", rotated.seen());
    let introspect = |secret: &str| {
        world.send(post("/oauth/introspect").form(&[
            ("token", "x"),
            ("client_id", "api2"),
            ("client_secret", secret),
        ]))
    };
    assert_eq!(introspect(old).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(introspect(rotated.body["secret"].as_str().unwrap()).await.status, StatusCode::OK);
    assert!(world.send(get("/v1/admin/clients/api2").by(&admin)).await.body.get("secret").is_none());
}

#[tokio::test]
async fn keys_audit_and_verifiers_are_shown() {
    let (world, admin, _) = world().await;
    assert_json_snapshot!("keys", by_state(world.send(get("/v1/admin/keys").by(&admin)).await.seen()));
    let rotated = world.send(post("/v1/admin/keys/rotate").by(&admin).json(&json!({}))).await;
    assert_json_snapshot!("rotated", by_state(rotated.seen()));
    assert_eq!(
        world.send(get("/v1/me").by(&admin)).await.status,
        StatusCode::OK,
        "a rotation logs nobody out"
    );
    assert_json_snapshot!(
        "audit",
        world.send(get("/v1/admin/audit?action=keys_rotated").by(&admin)).await.seen()
    );
    assert_json_snapshot!("verifiers", world.send(get("/v1/admin/verifiers").by(&admin)).await.seen());
}

#[tokio::test]
async fn administrators_alone_with_any_mode_and_with_proof() {
    let (world, _, _) = world().await;
    for client in ["default", "stateless", "app"] {
        let admin = world.log_in("root@example.test", client).await;
        let rotate = post("/v1/admin/keys/rotate").json(&json!({}));
        assert_eq!(world.send(rotate.by(&admin)).await.status, StatusCode::OK, "{client}");
        let user = world.log_in("ada@example.test", client).await;
        let answer = world.send(get("/v1/admin/users").by(&user)).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::FORBIDDEN, "forbidden"), "{client}");
    }
    let admin = world.log_in("root@example.test", "default").await;
    let forged = world.send(post("/v1/admin/keys/rotate").foreign_cookie(&admin).json(&json!({}))).await;
    assert_eq!((forged.status, forged.code()), (StatusCode::FORBIDDEN, "cross_site"));
    assert_eq!(
        world.send(get("/v1/admin/users").foreign_cookie(&admin)).await.status,
        StatusCode::OK,
        "reading is safe"
    );
}

#[tokio::test]
async fn answers_have_the_members_that_the_document_describes() {
    let (world, admin, _) = world().await;
    let document: Value = serde_json::from_str(&counterfoil_web::openapi()).unwrap();
    for path in ["sessions", "tokens", "users", "clients", "keys", "audit"] {
        let answer = world.send(get(&format!("/v1/admin/{path}")).by(&admin)).await;
        let list = &document["paths"][format!("/v1/admin/{path}")]["get"]["responses"]["200"];
        let schema = resolve(&document, &list["content"]["application/json"]["schema"]);
        let item = resolve(&document, &schema["properties"]["items"]["items"]);
        assert_eq!(members(&answer.body["items"][0]), members(&item["properties"]), "{path}");
    }
    let me = world.send(get("/v1/me").by(&admin)).await.body;
    assert_eq!(members(&me), members(&document["components"]["schemas"]["Principal"]["properties"]));
    let report = world
        .send(
            post("/v1/admin/revocations").by(&admin).json(&json!({"select": {"all": true}, "dry_run": true})),
        )
        .await;
    assert_eq!(
        members(&report.body),
        members(&document["components"]["schemas"]["RevocationReport"]["properties"])
    );
}

/// Keys that were made in one millisecond have no order.
fn by_state(mut seen: Value) -> Value {
    seen["body"]["items"].as_array_mut().unwrap().sort_by_key(|key| key["state"].to_string());
    seen
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

fn members(object: &Value) -> Vec<String> {
    let mut names: Vec<_> = object.as_object().unwrap().keys().cloned().collect();
    names.sort();
    names
}
