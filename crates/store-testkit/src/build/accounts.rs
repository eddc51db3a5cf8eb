//! Users, clients, keys and audit events.

use counterfoil_core::account::{Client, ClientKind, KeyAlgorithm, KeyState, PasswordHash, StoredKey, User};
use counterfoil_core::audit::{Action, Actor, Event};
use counterfoil_core::{Mode, Timestamp};
use serde_json::json;

use super::{at, client, digest, user_id};

/// A user with that address.
#[must_use]
pub fn user(email: &str) -> User {
    let id = user_id();
    User {
        id,
        email: email.parse().unwrap(),
        name: Some("Zoë O'Neil".parse().unwrap()),
        password: Some(PasswordHash::new(format!("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA${id}"))),
        admin: false,
        disabled_at: None,
        created_at: at(0),
        updated_at: at(0),
    }
}

/// An application.
#[must_use]
pub fn application(id: &str, mode: Mode) -> Client {
    Client::application(client(id), "Web shop", mode, at(0))
}

/// A service with a secret, claims and an audience of its own.
#[must_use]
pub fn service(id: &str) -> Client {
    let claims = json!({"email": {"user": "email"}, "tier": {"value": {"level": 3, "name": "gold"}}});
    Client {
        kind: ClientKind::Service,
        secret: Some(digest()),
        audience: vec!["https://api.example.test/".to_owned(), "orders".to_owned()],
        algorithm: KeyAlgorithm::Rs256,
        claims: serde_json::from_value(claims).unwrap(),
        ..application(id, Mode::Recorded)
    }
}

/// A signing key made then.
#[must_use]
pub fn signing_key(id: &str, state: KeyState, created_at: Timestamp) -> StoredKey {
    StoredKey {
        id: id.to_owned(),
        algorithm: KeyAlgorithm::Es256,
        state,
        sealed_private_key: (0..=255).collect(),
        created_at,
        activated_at: (state != KeyState::Next).then_some(created_at),
        published_until: (state == KeyState::Retiring).then_some(created_at),
    }
}

/// Something that an administrator did then.
#[must_use]
pub fn audit_event(action: Action, target: &str, at: Timestamp) -> Event {
    Event {
        at,
        actor: Actor::CommandLine,
        action,
        target: Some(target.to_owned()),
        detail: json!({"reason": "\"quoted\"", "count": 3}),
        address: Some("2001:db8::1".parse().unwrap()),
    }
}
