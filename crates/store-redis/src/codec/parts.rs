//! What records of both kinds hold: an end, an origin, a client.

use std::net::IpAddr;

use counterfoil_core::audit::Actor;
use counterfoil_core::session::{End, EndReason, Origin};
use counterfoil_core::{ClientId, Timestamp, UserId};

use super::bytes::{Reader, Writer};
use super::{DecodeError, Result};

const V4: u8 = 1;
const V6: u8 = 2;
const AGENT: u8 = 4;

pub(super) fn write_origin(writer: &mut Writer, origin: &Origin) {
    let family = match origin.address {
        None => 0,
        Some(IpAddr::V4(_)) => V4,
        Some(IpAddr::V6(_)) => V6,
    };
    writer.byte(family | if origin.user_agent.is_some() { AGENT } else { 0 });
    match origin.address {
        None => {}
        Some(IpAddr::V4(address)) => writer.raw(&address.octets()),
        Some(IpAddr::V6(address)) => writer.raw(&address.octets()),
    }
    if let Some(agent) = &origin.user_agent {
        writer.text(agent.as_bytes());
    }
}

pub(super) fn read_origin(reader: &mut Reader<'_>) -> Result<Origin> {
    let flags = reader.byte()?;
    let address = match flags & (V4 | V6) {
        0 => None,
        V4 => Some(IpAddr::from(reader.array::<4>()?)),
        V6 => Some(IpAddr::from(reader.array::<16>()?)),
        _ => return Err(DecodeError::Corrupt("an address")),
    };
    let user_agent = if flags & AGENT == 0 { None } else { Some(reader.string()?.into()) };
    Ok(Origin { address, user_agent })
}

pub(super) fn read_client(reader: &mut Reader<'_>) -> Result<ClientId> {
    reader.string()?.parse().map_err(|_| DecodeError::Corrupt("a client"))
}

/// The reasons by their numbers, which are never given anew.
const REASONS: [EndReason; 11] = [
    EndReason::LoggedOut,
    EndReason::RevokedByUser,
    EndReason::RevokedByAdministrator,
    EndReason::RevokedByClient,
    EndReason::RefreshReused,
    EndReason::Superseded,
    EndReason::UserDisabled,
    EndReason::PasswordChanged,
    EndReason::PrivilegeRaised,
    EndReason::ClientDeleted,
    EndReason::BookLost,
];

const NOBODY: u8 = 0;
const USER: u8 = 1;
const CLIENT: u8 = 2;
const COMMAND_LINE: u8 = 3;
const SYSTEM: u8 = 4;

pub(super) fn write_end(writer: &mut Writer, end: &End, base: Timestamp) {
    writer.instant(end.at, base);
    let number = REASONS.iter().position(|reason| *reason == end.reason);
    writer.byte(number.and_then(|number| u8::try_from(number).ok()).unwrap_or(u8::MAX));
    match &end.by {
        None => writer.byte(NOBODY),
        Some(Actor::User(user)) => {
            writer.byte(USER);
            writer.raw(user.as_bytes());
        }
        Some(Actor::Client(client)) => {
            writer.byte(CLIENT);
            writer.text(client.as_str().as_bytes());
        }
        Some(Actor::CommandLine) => writer.byte(COMMAND_LINE),
        Some(Actor::System) => writer.byte(SYSTEM),
    }
    writer.byte(end.note.is_some().into());
    if let Some(note) = &end.note {
        writer.text(note.as_bytes());
    }
}

pub(super) fn read_end(reader: &mut Reader<'_>, base: Timestamp) -> Result<End> {
    let at = reader.instant(base)?;
    let reason = REASONS.get(usize::from(reader.byte()?)).copied();
    let reason = reason.ok_or(DecodeError::Corrupt("a reason"))?;
    let by = match reader.byte()? {
        NOBODY => None,
        USER => Some(Actor::User(UserId::from_bytes(reader.array()?))),
        CLIENT => Some(Actor::Client(read_client(reader)?)),
        COMMAND_LINE => Some(Actor::CommandLine),
        SYSTEM => Some(Actor::System),
        _ => return Err(DecodeError::Corrupt("an actor")),
    };
    let note = if reader.byte()? == 0 { None } else { Some(reader.string()?.to_owned()) };
    Ok(End { at, reason, by, note })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_number() {
        assert!(EndReason::ALL.iter().all(|reason| REASONS.contains(reason)));
    }
}
