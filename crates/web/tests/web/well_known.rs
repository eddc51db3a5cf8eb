//! `/.well-known`

use http::StatusCode;
use insta::assert_json_snapshot;

use crate::support::{World, get};

#[tokio::test]
async fn the_keys_are_published_and_cached() {
    let world = World::new().await;
    let answer = world.send(get("/.well-known/jwks.json")).await;
    assert_json_snapshot!("jwks", answer.seen());
    assert!(answer.header("cache-control").starts_with("public, max-age="));
    let again =
        world.send(get("/.well-known/jwks.json").header("if-none-match", answer.header("etag"))).await;
    assert_eq!((again.status, again.text()), (StatusCode::NOT_MODIFIED, ""));
    let other = world.send(get("/.well-known/jwks.json").header("if-none-match", "\"other\"")).await;
    assert_eq!(other.status, StatusCode::OK);
}

#[tokio::test]
async fn the_metadata_names_only_what_runs() {
    let world = World::new().await;
    let answer = world.send(get("/.well-known/oauth-authorization-server")).await;
    assert_json_snapshot!("metadata", answer.seen());
}
