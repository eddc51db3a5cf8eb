//! A session's record. Its id and its user are those of the field and the key that hold it.

use counterfoil_core::session::{Credential, RefreshState, Session};
use counterfoil_core::{Digest, SessionId, TokenId, UserId};

use super::bytes::{Reader, Writer};
use super::parts::{read_client, read_end, read_origin, write_end, write_origin};
use super::{DecodeError, Result, VERSION, version};

const RECORDED: u8 = 1;
const PREVIOUS: u8 = 2;
const ENDED: u8 = 4;
const BY_MARKER: u8 = 8;

/// The record as bytes. `ended_by` is the number of the marker of many that ended it, if one did: while what that marker ends
/// is counted, sweeps end it already.
pub(crate) fn encode(session: &Session, ended_by: Option<u64>) -> Vec<u8> {
    let base = session.id.created_at();
    let mut writer = Writer::default();
    writer.byte(VERSION);
    let kind = match &session.credential {
        Credential::Recorded(_) => RECORDED,
        Credential::Cookie { previous: Some(_), .. } => PREVIOUS,
        Credential::Cookie { previous: None, .. } => 0,
    };
    let ended = if session.ended.is_some() { ENDED } else { 0 };
    writer.byte(kind | ended | if ended_by.is_some() { BY_MARKER } else { 0 });
    writer.text(session.client.as_str().as_bytes());
    writer.instant(session.auth_time, base);
    writer.number(session.generation);
    writer.instant(session.last_seen_at, base);
    writer.duration(session.idle_timeout);
    writer.instant(session.expires_at, base);
    match &session.credential {
        Credential::Cookie { secret, previous } => {
            writer.raw(secret.as_bytes());
            if let Some((digest, until)) = previous {
                writer.raw(digest.as_bytes());
                writer.instant(*until, base);
            }
        }
        Credential::Recorded(state) => {
            writer.number(state.counter.into());
            writer.instant(state.rotated_at, base);
            writer.duration(state.window);
            writer.raw(state.token.as_bytes());
            writer.instant(state.tokens_until, base);
        }
    }
    write_origin(&mut writer, &session.origin);
    if let Some(end) = &session.ended {
        write_end(&mut writer, end, base);
    }
    if let Some(sequence) = ended_by {
        writer.number(sequence);
    }
    writer.0
}

/// The session that these bytes are the record of, and by which marker of many it was ended.
pub(crate) fn decode(user: UserId, id: SessionId, bytes: &[u8]) -> Result<(Session, Option<u64>)> {
    let base = id.created_at();
    let mut reader = Reader(bytes);
    version(&mut reader)?;
    let flags = reader.byte()?;
    let client = read_client(&mut reader)?;
    let auth_time = reader.instant(base)?;
    let generation = reader.number()?;
    let last_seen_at = reader.instant(base)?;
    let idle_timeout = reader.duration()?;
    let expires_at = reader.instant(base)?;
    let credential = if flags & RECORDED == 0 {
        let secret = Digest::new(reader.array()?);
        let previous = if flags & PREVIOUS == 0 {
            None
        } else {
            Some((Digest::new(reader.array()?), reader.instant(base)?))
        };
        Credential::Cookie { secret, previous }
    } else {
        let counter = reader.number()?;
        Credential::Recorded(RefreshState {
            counter: u32::try_from(counter).map_err(|_| DecodeError::Corrupt("a counter"))?,
            rotated_at: reader.instant(base)?,
            window: reader.duration()?,
            token: TokenId::from_bytes(reader.array()?),
            tokens_until: reader.instant(base)?,
        })
    };
    let origin = read_origin(&mut reader)?;
    let ended = if flags & ENDED == 0 { None } else { Some(read_end(&mut reader, base)?) };
    let ended_by = if flags & BY_MARKER == 0 { None } else { Some(reader.number()?) };
    reader.end()?;
    let session = Session {
        id,
        user,
        client,
        auth_time,
        origin,
        generation,
        last_seen_at,
        idle_timeout,
        expires_at,
        credential,
        ended,
    };
    Ok((session, ended_by))
}
