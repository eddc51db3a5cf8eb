//! What the checks are measured against: a bare handler, the limit, and what an axum user would pick instead.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use clap::ValueEnum;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::{Deserialize, Serialize};
use tower::ServiceExt as _;
use tower_sessions::{MemoryStore, Session, SessionManagerLayer};

/// A server that answers `GET /me` with a principal of the same size.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Yardstick {
    /// Nothing but the HTTP stack and the JSON.
    Bare,
    /// tower-sessions with its memory store.
    Sessions,
    /// jsonwebtoken with HS256.
    Jwt,
}

#[derive(Clone, Serialize, Deserialize)]
struct Me {
    mode: String,
    user: User,
    session: Card,
    client_id: String,
    claims: serde_json::Map<String, serde_json::Value>,
}

#[derive(Clone, Serialize, Deserialize)]
struct User {
    id: String,
    email: String,
    name: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Card {
    id: String,
    auth_time: String,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    exp: u64,
    #[serde(flatten)]
    me: Me,
}

fn me() -> Me {
    Me {
        mode: "cookie".to_owned(),
        user: User {
            id: "usr_01m84h28abemvv190z7zgjnp6e".to_owned(),
            email: "bench@example.test".to_owned(),
            name: None,
        },
        session: Card {
            id: "ses_01m84h29hgef0smr949atnn59g".to_owned(),
            auth_time: "2026-11-23T15:40:48.56Z".to_owned(),
        },
        client_id: "default".to_owned(),
        claims: serde_json::Map::new(),
    }
}

/// Serves until killed, on the same HTTP stack and runtime as the server on one processor.
pub(crate) fn serve(yardstick: Yardstick, port: u16) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let router = router(yardstick)?;
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let router = router.clone();
            let service = hyper::service::service_fn(move |request: Request<hyper::body::Incoming>| {
                router.clone().oneshot(request)
            });
            tokio::spawn(
                http1::Builder::new()
                    .timer(TokioTimer::new())
                    .serve_connection(TokioIo::new(stream), service),
            );
        }
    })
}

fn router(yardstick: Yardstick) -> anyhow::Result<Router> {
    Ok(match yardstick {
        Yardstick::Bare => Router::new().route("/me", get(async || Json(me()))),
        Yardstick::Sessions => Router::new()
            .route(
                "/login",
                get(async |session: Session| {
                    session.insert("me", me()).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
                }),
            )
            .route("/me", get(from_session))
            .layer(SessionManagerLayer::new(MemoryStore::default()).with_secure(false)),
        Yardstick::Jwt => {
            let secret = [7; 32];
            let claims = Claims {
                iss: "https://id.example.test".to_owned(),
                aud: "api".to_owned(),
                exp: 4_102_444_800,
                me: me(),
            };
            let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
            let token =
                jsonwebtoken::encode(&header, &claims, &jsonwebtoken::EncodingKey::from_secret(&secret))?;
            let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::HS256);
            validation.set_audience(&["api"]);
            validation.set_issuer(&["https://id.example.test"]);
            let checks = Arc::new((jsonwebtoken::DecodingKey::from_secret(&secret), validation));
            let check = move |headers: HeaderMap| {
                let checks = Arc::clone(&checks);
                async move { from_token(&headers, &checks.0, &checks.1) }
            };
            Router::new().route("/login", get(async move || token)).route("/me", get(check))
        }
    })
}

async fn from_session(session: Session) -> impl IntoResponse {
    match session.get::<Me>("me").await {
        Ok(Some(me)) => Json(me).into_response(),
        _ => StatusCode::UNAUTHORIZED.into_response(),
    }
}

fn from_token(
    headers: &HeaderMap,
    key: &jsonwebtoken::DecodingKey,
    validation: &jsonwebtoken::Validation,
) -> axum::response::Response {
    let value = headers.get("authorization").and_then(|value| value.to_str().ok());
    let token = value.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    match jsonwebtoken::decode::<Claims>(token, key, validation) {
        Ok(data) => Json(data.claims.me).into_response(),
        Err(_) => StatusCode::UNAUTHORIZED.into_response(),
    }
}
