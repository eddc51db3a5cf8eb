//! Sessions, tokens, and commands on them.

use std::time::Duration;

use counterfoil_core::account::KeyAlgorithm;
use counterfoil_core::audit::Actor;
use counterfoil_core::port::{Revoke, RotateRefresh};
use counterfoil_core::revocation::Selection;
use counterfoil_core::session::{Credential, End, EndReason, Origin, RefreshState, Session};
use counterfoil_core::token::TokenRecord;
use counterfoil_core::{ClientId, Timestamp, UserId};

use super::{digest, session_id, token_id};

/// How long a cookie session of these tests may go unused.
pub const IDLE: Duration = Duration::from_secs(3600);
/// How long a refresh token may go unused.
pub const REFRESH: Duration = Duration::from_secs(7200);
/// How long an access token lives.
pub const ACCESS: Duration = Duration::from_secs(900);
/// How long repeats of a refresh converge.
pub const WINDOW: Duration = Duration::from_secs(30);
/// When a login is over in any case.
const ABSOLUTE: Duration = Duration::from_secs(24 * 3600);

/// A cookie session begun then.
#[must_use]
pub fn cookie(user: UserId, client: &ClientId, begun: Timestamp) -> Session {
    Session {
        id: session_id(begun),
        user,
        client: client.clone(),
        auth_time: begun,
        origin: Origin::new(Some([192, 0, 2, 1].into()), Some("Firefox/140 (Linux)")),
        generation: 0,
        last_seen_at: begun,
        idle_timeout: IDLE,
        expires_at: begun + ABSOLUTE,
        credential: Credential::Cookie { secret: digest(), previous: None },
        ended: None,
    }
}

/// A recorded session begun then, and its first token.
#[must_use]
pub fn recorded(user: UserId, client: &ClientId, begun: Timestamp) -> (Session, TokenRecord) {
    let mut session = Session { idle_timeout: REFRESH, ..cookie(user, client, begun) };
    let token = token(&session, begun);
    session.credential = Credential::Recorded(RefreshState {
        counter: 0,
        rotated_at: begun,
        window: WINDOW,
        token: token.id,
        tokens_until: token.expires_at,
    });
    (session, token)
}

/// A token given out then for that session. It does not outlive the session.
#[must_use]
pub fn token(session: &Session, issued: Timestamp) -> TokenRecord {
    let id = token_id(issued);
    TokenRecord {
        id,
        session: session.id,
        user: session.user,
        client: session.client.clone(),
        issued_at: issued,
        expires_at: (issued + ACCESS).min(session.expires_at),
        algorithm: KeyAlgorithm::EdDsa,
        key_id: "key-1".into(),
        claims: format!(r#"{{"sub":"{}" ,"jti":"{id}","name":"Zoë \"Z\""}}"#, session.user).into(),
        digest: digest(),
        origin: session.origin.clone(),
        revoked: None,
    }
}

/// The command to give out the next refresh token for the one with that counter.
#[must_use]
pub fn refresh(session: &Session, presented: u32, now: Timestamp) -> RotateRefresh {
    RotateRefresh { session: session.id, presented, token: token(session, now), now }
}

/// The command to revoke, with everything that can be said beside it.
#[must_use]
pub fn revoke(selection: Selection, now: Timestamp) -> Revoke {
    Revoke {
        selection,
        reason: EndReason::RevokedByAdministrator,
        by: Some(Actor::CommandLine),
        note: Some("Grüße, 'quoted'".to_owned()),
        now,
    }
}

/// The end that [`revoke`] makes.
#[must_use]
pub fn end(now: Timestamp) -> End {
    let command = revoke(Selection::all(), now);
    End { at: now, reason: command.reason, by: command.by, note: command.note }
}
