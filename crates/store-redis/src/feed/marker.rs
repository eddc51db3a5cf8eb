//! A marker as text: JSON that an operator can read.

use counterfoil_core::Timestamp;
use counterfoil_core::audit::Actor;
use counterfoil_core::port::{StoreError, StoreResult};
use counterfoil_core::revocation::{Marker, Subject};
use counterfoil_core::session::{End, EndReason, Session};
use serde::{Deserialize, Serialize};

use crate::error::corrupt;

/// What is written of a marker; its number stands beside it.
#[derive(Serialize, Deserialize)]
struct Text {
    #[serde(flatten)]
    subject: Subject,
    reason: EndReason,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    created_at: Timestamp,
    expires_at: Timestamp,
}

/// A marker with all that was said beside it; of many, and its records have not all been ended.
pub(crate) struct Open {
    pub(crate) marker: Marker,
    by: Option<Actor>,
    note: Option<String>,
}

pub(super) fn text(subject: &Subject, end: &End, expires_at: Timestamp) -> StoreResult<String> {
    let text = Text {
        subject: subject.clone(),
        reason: end.reason,
        by: end.by.as_ref().map(Actor::to_string),
        note: end.note.clone(),
        created_at: end.at,
        expires_at,
    };
    serde_json::to_string(&text).map_err(|error| StoreError::Broken(error.into()))
}

pub(super) fn read(sequence: u64, text: &str) -> StoreResult<Open> {
    let text: Text = serde_json::from_str(text).map_err(|error| StoreError::Broken(error.into()))?;
    let Text { subject, reason, by, note, created_at, expires_at } = text;
    let by = by.map(|by| by.parse().map_err(|_| corrupt("who made a marker"))).transpose()?;
    Ok(Open { marker: Marker { sequence, subject, reason, created_at, expires_at }, by, note })
}

impl Open {
    /// The end that the marker means for a session, if it covers it.
    pub(crate) fn end_of(&self, session: &Session) -> Option<End> {
        let Marker { reason, created_at, .. } = self.marker;
        let end = End { at: created_at, reason, by: self.by.clone(), note: self.note.clone() };
        self.marker.covers(&session.issued()).then_some(end)
    }
}
