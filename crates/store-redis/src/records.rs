//! A user's hash: the records of the user's sessions and tokens, and their change.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use counterfoil_core::port::{StoreError, StoreResult};
use counterfoil_core::session::Session;
use counterfoil_core::token::TokenRecord;
use counterfoil_core::{SessionId, Timestamp, TokenId, UserId};

use crate::codec;
use crate::keys::Keys;
use crate::link::{Link, part_of};
use crate::scripts::SWAP;

/// Keys outlive the last session in them by this, so that sweeping with the longest retention finds what it keeps: seven
/// days, and one for clocks and idle sweepers.
const MARGIN: Duration = Duration::from_secs(8 * 24 * 3600);

/// How often a change is tried that others are always faster with.
const ATTEMPTS: u32 = 128;

/// A token as it was read, with its bytes: a change is made only where these are found still.
#[derive(Clone, Debug)]
pub(crate) struct StoredToken {
    pub(crate) value: TokenRecord,
    pub(crate) bytes: Vec<u8>,
}

/// A session as it was read.
#[derive(Clone, Debug)]
pub(crate) struct StoredSession {
    pub(crate) value: Session,
    /// The marker of many whose sweep ended it.
    pub(crate) ended_by: Option<u64>,
    pub(crate) bytes: Vec<u8>,
}

/// Everything of one user.
#[derive(Default)]
pub(crate) struct OfUser {
    pub(crate) sessions: HashMap<SessionId, StoredSession>,
    pub(crate) tokens: Vec<StoredToken>,
}

/// One field's change in a swap; nothing stands for a field that is not there.
pub(crate) struct Change {
    field: Vec<u8>,
    expected: Vec<u8>,
    new: Vec<u8>,
}

pub(crate) struct Records {
    pub(crate) link: Arc<Link>,
    pub(crate) keys: Arc<Keys>,
}

/// For how long a key is to be kept that something is in which ends then.
pub(crate) fn ttl(expires_at: Timestamp, now: Timestamp) -> u64 {
    u64::try_from((expires_at.since(now) + MARGIN).as_millis()).unwrap_or(u64::MAX)
}

fn session_field(id: SessionId) -> Vec<u8> {
    [b"s".as_slice(), id.as_bytes()].concat()
}

fn token_field(id: TokenId) -> Vec<u8> {
    [b"t".as_slice(), id.as_bytes()].concat()
}

impl Change {
    /// A session's record, as it was read (or nothing), becomes this.
    pub(crate) fn session(before: Option<&StoredSession>, session: &Session) -> Self {
        Self::session_ended_by(before, session, None)
    }

    /// The same, by the sweep of a marker of many.
    pub(crate) fn session_ended_by(
        before: Option<&StoredSession>,
        session: &Session,
        marker: Option<u64>,
    ) -> Self {
        Self {
            field: session_field(session.id),
            expected: before.map(|stored| stored.bytes.clone()).unwrap_or_default(),
            new: codec::session_bytes(session, marker),
        }
    }

    /// A token's record, as it was read (or nothing), becomes this.
    pub(crate) fn token(before: Option<&StoredToken>, token: &TokenRecord, of: &Session) -> Self {
        Self {
            field: token_field(token.id),
            expected: before.map(|stored| stored.bytes.clone()).unwrap_or_default(),
            new: codec::token_bytes(token, &of.client, &of.origin),
        }
    }

    /// A session's record goes.
    pub(crate) fn without_session(before: &StoredSession) -> Self {
        let field = session_field(before.value.id);
        Self { field, expected: before.bytes.clone(), new: Vec::new() }
    }
}

impl Records {
    pub(crate) async fn session(&self, user: UserId, id: SessionId) -> StoreResult<Option<StoredSession>> {
        let mut command = redis::cmd("HGET");
        command.arg(self.keys.user(user)).arg(session_field(id));
        let bytes: Option<Vec<u8>> = self.link.query(&command).await?;
        bytes.map(|bytes| stored_session(user, id, bytes)).transpose()
    }

    /// A token with its session, without which it is none.
    pub(crate) async fn token(
        &self,
        user: UserId,
        session: SessionId,
        id: TokenId,
    ) -> StoreResult<Option<(StoredToken, StoredSession)>> {
        let mut command = redis::cmd("HMGET");
        command.arg(self.keys.user(user)).arg(token_field(id)).arg(session_field(session));
        let found: (Option<Vec<u8>>, Option<Vec<u8>>) = self.link.query(&command).await?;
        let (Some(bytes), Some(of)) = found else { return Ok(None) };
        let session = stored_session(user, session, of)?;
        let token = stored_token(id, bytes, |_| Some(&session.value))?;
        Ok(token.map(|token| (token, session)))
    }

    /// When a token's record says that it expires; `None` without a record.
    pub(crate) async fn token_expires_at(&self, user: UserId, id: TokenId) -> StoreResult<Option<Timestamp>> {
        let mut command = redis::cmd("HGET");
        command.arg(self.keys.user(user)).arg(token_field(id));
        let bytes: Option<Vec<u8>> = self.link.query(&command).await?;
        Ok(bytes.map(|bytes| codec::token_expires_at(id, &bytes)).transpose()?)
    }

    pub(crate) async fn all(&self, user: UserId) -> StoreResult<OfUser> {
        let mut command = redis::cmd("HGETALL");
        command.arg(self.keys.user(user));
        let fields: HashMap<Vec<u8>, Vec<u8>> = self.link.query(&command).await?;
        let mut of_user = OfUser::default();
        let mut tokens = Vec::new();
        for (field, bytes) in fields {
            match field.split_first_chunk::<1>() {
                Some((b"s", id)) if let Ok(id) = id.try_into() => {
                    let id = SessionId::from_bytes(id);
                    of_user.sessions.insert(id, stored_session(user, id, bytes)?);
                }
                Some((b"t", id)) if let Ok(id) = id.try_into() => {
                    tokens.push((TokenId::from_bytes(id), bytes))
                }
                // A field that a newer version has put there.
                _ => {}
            }
        }
        for (id, bytes) in tokens {
            let of = |id| of_user.sessions.get(&id).map(|session| &session.value);
            let token = stored_token(id, bytes, of)?;
            of_user.tokens.extend(token);
        }
        Ok(of_user)
    }

    /// Makes the changes if every record is still what it was; returns whether it did.
    pub(crate) async fn swap(&self, user: UserId, ttl: u64, changes: &[Change]) -> StoreResult<bool> {
        let mut script = SWAP.prepare_invoke();
        script.key(self.keys.user(user)).arg(ttl);
        for Change { field, expected, new } in changes {
            script.arg(field).arg(expected).arg(new);
        }
        self.link.run(&script).await
    }

    /// Takes tokens' records out, whatever they say; returns how many there were.
    pub(crate) async fn remove_tokens(&self, user: UserId, ids: &[TokenId]) -> StoreResult<u32> {
        if ids.is_empty() {
            return Ok(0);
        }
        let mut command = redis::cmd("HDEL");
        command.arg(self.keys.user(user));
        for id in ids {
            command.arg(token_field(*id));
        }
        self.link.query(&command).await
    }

    /// Takes a session's record out, whatever it says.
    pub(crate) async fn remove_session(&self, user: UserId, id: SessionId) -> StoreResult<u32> {
        let mut command = redis::cmd("HDEL");
        command.arg(self.keys.user(user)).arg(session_field(id));
        self.link.query(&command).await
    }
}

fn stored_session(user: UserId, id: SessionId, bytes: Vec<u8>) -> StoreResult<StoredSession> {
    let (value, ended_by) = codec::session(user, id, &bytes)?;
    Ok(StoredSession { value, ended_by, bytes })
}

fn stored_token<'s>(
    id: TokenId,
    bytes: Vec<u8>,
    of: impl FnOnce(SessionId) -> Option<&'s Session>,
) -> StoreResult<Option<StoredToken>> {
    Ok(codec::token(id, &bytes, of)?.map(|value| StoredToken { value, bytes }))
}

/// Tries of one change. Whoever loses a swap reads and decides anew; somebody else has come on meanwhile.
#[derive(Default)]
pub(crate) struct Tries(u32);

impl Tries {
    /// Waits a little before the next one.
    pub(crate) async fn again(&mut self) -> StoreResult<()> {
        self.0 += 1;
        if self.0 >= ATTEMPTS {
            return Err(StoreError::Unavailable("others change the same record all the time".into()));
        }
        if self.0 > 2 {
            tokio::time::sleep(part_of(Duration::from_millis(self.0.min(8).into()))).await;
        }
        Ok(())
    }
}
