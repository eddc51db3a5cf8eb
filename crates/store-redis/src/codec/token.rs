//! A token's record. Its id and its user are those of the field and the key that hold it; what is as in its session's record
//! and never changes there is not written again.

use counterfoil_core::account::KeyAlgorithm;
use counterfoil_core::session::{Origin, Session};
use counterfoil_core::token::TokenRecord;
use counterfoil_core::{ClientId, Digest, SessionId, Timestamp, TokenId};

use super::bytes::{Reader, Writer};
use super::claims::Fragments;
use super::parts::{read_client, read_end, read_origin, write_end, write_origin};
use super::{DecodeError, Result, VERSION, version};

const OWN_CLIENT: u8 = 1;
const OWN_ORIGIN: u8 = 2;
const REVOKED: u8 = 4;
const RAW_CLAIMS: u8 = 8;

/// The algorithms by their numbers, which are never given anew.
const ALGORITHMS: [KeyAlgorithm; 3] = [KeyAlgorithm::Es256, KeyAlgorithm::EdDsa, KeyAlgorithm::Rs256];

/// The record as bytes, for a token of a session of that client and origin.
pub(crate) fn encode(token: &TokenRecord, client: &ClientId, origin: &Origin) -> Vec<u8> {
    let base = token.id.created_at();
    let claims = Fragments::new(token).pack(&token.claims);
    let mut flags = 0;
    for (flag, holds) in [
        (OWN_CLIENT, token.client != *client),
        (OWN_ORIGIN, token.origin != *origin),
        (REVOKED, token.revoked.is_some()),
        (RAW_CLAIMS, claims.is_none()),
    ] {
        flags |= if holds { flag } else { 0 };
    }
    let mut writer = Writer::default();
    writer.byte(VERSION);
    writer.byte(flags);
    writer.instant(token.expires_at, base);
    writer.instant(token.issued_at, base);
    writer.raw(token.session.as_bytes());
    let algorithm = ALGORITHMS.iter().position(|algorithm| *algorithm == token.algorithm);
    writer.byte(algorithm.and_then(|number| u8::try_from(number).ok()).unwrap_or(u8::MAX));
    writer.text(token.key_id.as_bytes());
    writer.raw(token.digest.as_bytes());
    if flags & OWN_CLIENT != 0 {
        writer.text(token.client.as_str().as_bytes());
    }
    if flags & OWN_ORIGIN != 0 {
        write_origin(&mut writer, &token.origin);
    }
    if let Some(end) = &token.revoked {
        write_end(&mut writer, end, base);
    }
    // Last, and so without a length.
    writer.raw(claims.as_deref().unwrap_or(token.claims.as_bytes()));
    writer.0
}

/// What all records begin with.
fn begin(reader: &mut Reader<'_>, id: TokenId) -> Result<(u8, Timestamp)> {
    version(reader)?;
    let flags = reader.byte()?;
    Ok((flags, reader.instant(id.created_at())?))
}

/// When the token expires, whatever its session is.
pub(crate) fn expires_at(id: TokenId, bytes: &[u8]) -> Result<Timestamp> {
    Ok(begin(&mut Reader(bytes), id)?.1)
}

/// The token that these bytes are the record of. `of` finds its session, without which it is none.
pub(crate) fn decode<'s>(
    id: TokenId,
    bytes: &[u8],
    of: impl FnOnce(SessionId) -> Option<&'s Session>,
) -> Result<Option<TokenRecord>> {
    let base = id.created_at();
    let mut reader = Reader(bytes);
    let (flags, expires_at) = begin(&mut reader, id)?;
    let issued_at = reader.instant(base)?;
    let Some(session) = of(SessionId::from_bytes(reader.array()?)) else { return Ok(None) };
    let algorithm = ALGORITHMS.get(usize::from(reader.byte()?)).copied();
    let mut token = TokenRecord {
        id,
        session: session.id,
        user: session.user,
        client: session.client.clone(),
        issued_at,
        expires_at,
        algorithm: algorithm.ok_or(DecodeError::Corrupt("an algorithm"))?,
        key_id: reader.string()?.into(),
        claims: Box::default(),
        digest: Digest::new(reader.array()?),
        origin: session.origin.clone(),
        revoked: None,
    };
    if flags & OWN_CLIENT != 0 {
        token.client = read_client(&mut reader)?;
    }
    if flags & OWN_ORIGIN != 0 {
        token.origin = read_origin(&mut reader)?;
    }
    if flags & REVOKED != 0 {
        token.revoked = Some(read_end(&mut reader, base)?);
    }
    let claims =
        if flags & RAW_CLAIMS == 0 { Fragments::new(&token).unpack(reader.0)? } else { reader.0.to_vec() };
    token.claims = String::from_utf8(claims).map_err(|_| DecodeError::Corrupt("claims"))?.into();
    Ok(Some(token))
}
