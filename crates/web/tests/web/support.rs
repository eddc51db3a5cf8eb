//! A server without a socket: a real authority on the embedded store in a folder of its own, and a clock moved by hand.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use counterfoil_core::audit::Actor;
use counterfoil_core::{Clock, Timestamp};
use counterfoil_service::{
    Authority, By, HashingSettings, MasterKey, NewUser, Settings, Stores, SystemEntropy,
};
use counterfoil_store_sqlite::{Durability, SqliteOptions, SqliteStore};
use counterfoil_web::{Web, WebSettings};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};

pub const ISSUER: &str = "http://id.example.test";
pub const PASSWORD: &str = "four unrelated words here";

/// A clock that moves when it is told to.
pub struct HandClock(AtomicI64);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

pub struct World {
    pub authority: Authority,
    pub web: Web,
    pub clock: Arc<HandClock>,
    _folder: tempfile::TempDir,
}

impl World {
    pub async fn new() -> Self {
        Self::with(Settings::default(), WebSettings::default()).await
    }

    pub async fn with(settings: Settings, web: WebSettings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let stores = open_stores(&folder);
        let hashing = HashingSettings { memory_kib: 8, iterations: 1, parallelism: 1, workers: 1, queue: 8 };
        let settings = Settings { fallback_issuer: ISSUER.to_owned(), hashing, ..settings };
        let clock = Arc::new(HandClock(AtomicI64::new(1_800_000_000_000)));
        let key = MasterKey::generate(&SystemEntropy);
        let authority =
            Authority::open(stores, settings, &key, Arc::clone(&clock) as _, Arc::new(SystemEntropy))
                .await
                .unwrap();
        let web = Web::new(web, authority.clone());
        Self { authority, web, clock, _folder: folder }
    }

    /// Time passes, and the view of the feed is confirmed again.
    pub async fn pass(&self, time: Duration) {
        self.pass_alone(time);
        self.authority.synchronise().await.unwrap();
    }

    /// Time passes, and nothing happens.
    pub fn pass_alone(&self, time: Duration) {
        self.clock.0.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    pub async fn user(&self, email: &str, admin: bool) -> String {
        let new = NewUser {
            email: email.to_owned(),
            password: Some(PASSWORD.to_owned().into()),
            name: Some("Ada".to_owned()),
            admin,
        };
        self.authority.add_user(new, &command_line()).await.unwrap().id.to_string()
    }

    /// The built-in client `default` has cookies; these have the other two modes, and one is a service.
    pub async fn clients(&self) -> Service {
        for (id, mode) in [("stateless", "jwt"), ("app", "recorded")] {
            let new = counterfoil_service::NewClient {
                id: Some(id.parse().unwrap()),
                name: id.to_owned(),
                service: false,
                change: serde_json::from_value(json!({"mode": mode, "claims": {"plan": {"value": "basic"}}}))
                    .unwrap(),
            };
            self.authority.add_client(new, &command_line()).await.unwrap();
        }
        let new = counterfoil_service::NewClient {
            id: Some("api1".parse().unwrap()),
            name: "Orders API".to_owned(),
            service: true,
            change: Default::default(),
        };
        let (_, secret) = self.authority.add_client(new, &command_line()).await.unwrap();
        Service { secret: secret.unwrap().to_string() }
    }

    /// A log-in through a client; the session cookie for the built-in one, else the answer's body.
    pub async fn log_in(&self, email: &str, client: &str) -> Login {
        // Ids of one millisecond have no order.
        self.pass_alone(Duration::from_millis(1));
        let body = json!({"email": email, "password": PASSWORD, "client_id": client});
        let answer = self.send(post("/v1/login").json(&body)).await;
        assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
        let cookie = answer.set_cookie("session").map(str::to_owned);
        Login { cookie, body: answer.body }
    }

    /// The response before its body has come.
    pub async fn open(&self, call: Call) -> Response {
        let request = call.builder.body(call.body).unwrap();
        self.web.answer(request, call.peer).await
    }

    pub async fn send(&self, call: Call) -> Answer {
        let response = self.open(call).await;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
        let answer = Answer { status: parts.status, headers: parts.headers, body };
        answer.keeps_the_rules();
        answer
    }
}

fn open_stores(folder: &tempfile::TempDir) -> Stores {
    // What is acknowledged here need not outlive the test.
    let options = SqliteOptions { durability: Durability::Normal, readers: 1 };
    let store = Arc::new(SqliteStore::open(&folder.path().join("test.db"), options).unwrap());
    Stores { accounts: Arc::clone(&store) as _, sessions: store }
}

pub fn command_line() -> By {
    By { actor: Actor::CommandLine, address: None }
}

pub struct Service {
    pub secret: String,
}

pub struct Login {
    pub cookie: Option<String>,
    pub body: Value,
}

impl Login {
    pub fn token(&self) -> &str {
        self.body["access_token"].as_str().unwrap()
    }

    pub fn refresh_token(&self) -> &str {
        self.body["refresh_token"].as_str().unwrap()
    }
}

/// A request.
pub struct Call {
    builder: http::request::Builder,
    body: Body,
    peer: SocketAddr,
}

pub fn call(method: &str, path: &str) -> Call {
    let builder = Request::builder().method(method).uri(path).header("host", "id.example.test");
    Call { builder, body: Body::empty(), peer: "198.51.100.7:4711".parse().unwrap() }
}

pub fn get(path: &str) -> Call {
    call("GET", path)
}

pub fn post(path: &str) -> Call {
    call("POST", path)
}

impl Call {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.raw("application/json", body.to_string())
    }

    pub fn form(self, pairs: &[(&str, &str)]) -> Self {
        let encode = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
        };
        let pairs: Vec<_> =
            pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        self.raw("application/x-www-form-urlencoded", pairs.join("&"))
    }

    pub fn raw(mut self, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = Body::from(body.into());
        self.header("content-type", kind)
    }

    pub fn streaming<S>(mut self, body: S) -> Self
    where
        S: futures_core::Stream<Item = Result<bytes::Bytes, std::io::Error>> + Send + 'static,
    {
        self.body = Body::from_stream(body);
        self
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub fn basic(self, id: &str, secret: &str) -> Self {
        use base64::Engine as _;
        let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}"));
        self.header("authorization", &format!("Basic {encoded}"))
    }

    /// A session cookie, as a page of the server itself sends it.
    pub fn cookie(self, login: &Login) -> Self {
        self.foreign_cookie(login).header("sec-fetch-site", "same-origin")
    }

    /// A session cookie and nothing that proves where the request comes from.
    pub fn foreign_cookie(self, login: &Login) -> Self {
        self.header("cookie", &format!("session={}", login.cookie.as_deref().unwrap()))
    }

    /// Whatever the login is carried by.
    pub fn by(self, login: &Login) -> Self {
        if login.cookie.is_some() { self.cookie(login) } else { self.bearer(login.token()) }
    }

    pub fn from(mut self, peer: &str) -> Self {
        self.peer = SocketAddr::new(peer.parse().unwrap(), 4711);
        self
    }
}

/// A response.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    pub fn text(&self) -> &str {
        self.body.as_str().unwrap_or_default()
    }

    /// The value that a cookie of that name was set to.
    pub fn set_cookie(&self, name: &str) -> Option<&str> {
        let cookies = self.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
        cookies.filter_map(|text| text.strip_prefix(name)?.strip_prefix('=')?.split(';').next()).next()
    }

    /// What a snapshot holds: the status, the headers that mean something, the body.
    pub fn seen(&self) -> Value {
        let told = [
            "www-authenticate",
            "retry-after",
            "clear-site-data",
            "allow",
            "location",
            "x-auth-mode",
            "pragma",
        ];
        let mut headers: serde_json::Map<String, Value> = told
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), self.headers.get(*name)?.to_str().unwrap().into())))
            .collect();
        if let Some(cookie) = self.headers.get("set-cookie") {
            let text = cookie.to_str().unwrap();
            let (name, rest) = text.split_once('=').unwrap();
            let (value, attributes) = rest.split_once(';').unwrap();
            let value = if value.is_empty() { "" } else { "[value]" };
            headers.insert("set-cookie".to_owned(), format!("{name}={value};{attributes}").into());
        }
        let body = crate::redact::redacted(self.body.clone());
        json!({"status": self.status.as_u16(), "headers": headers, "body": body})
    }

    /// What holds for every answer.
    fn keeps_the_rules(&self) {
        assert_eq!(self.header("x-content-type-options"), "nosniff");
        assert!(!self.header("x-request-id").is_empty());
        assert!(!self.header("cache-control").is_empty());
        assert!(!self.headers.contains_key("access-control-allow-origin"));
        let is_json = self.header("content-type").starts_with("application/");
        if self.status.as_u16() >= 400
            && is_json
            && self.body.get("error").is_none()
            && self.body.get("ready").is_none()
        {
            assert_eq!(self.header("content-type"), "application/problem+json");
            assert_eq!(self.body["status"], self.status.as_u16());
            assert_eq!(self.body["request_id"], self.header("x-request-id"));
            assert!(!self.code().is_empty());
        }
        if self.status == StatusCode::UNAUTHORIZED && is_json {
            assert!(self.headers.contains_key("www-authenticate"), "RFC 9110, section 15.5.2");
        }
    }
}
