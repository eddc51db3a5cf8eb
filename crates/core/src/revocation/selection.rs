//! What an operator or a user asks to be revoked, and how it is carried out.

use serde::{Deserialize, Serialize};

use super::Subject;
use crate::{ClientId, SessionId, Timestamp, TokenId, UserId};

/// A selection of credentials, checked: it selects something on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// One recorded access token; its session goes on.
    Token(TokenId),
    /// One session and its tokens.
    Session(SessionId),
    /// Every session, and its tokens, that meets all of these.
    Sessions {
        /// Of this user.
        user: Option<UserId>,
        /// Of this client.
        client: Option<ClientId>,
        /// Begun before this instant, and so holding credentials issued before it.
        begun_before: Option<Timestamp>,
        /// But not this one. Only together with a user.
        except: Option<SessionId>,
    },
}

/// How a selection is carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// One marker covers all of it; records are changed afterwards, in the background where they are many.
    Mark(Subject),
    /// Some sessions of one user, told apart by client or time: a marker for each, made together with the change of the
    /// records. Stateless logins, of which nothing is recorded, are not among them.
    Enumerate {
        /// The user.
        user: UserId,
    },
}

impl Selection {
    /// Everything of one user.
    #[must_use]
    pub const fn user(user: UserId) -> Self {
        Self::user_except(user, None)
    }

    /// Everything of one user but of this session.
    #[must_use]
    pub const fn user_except(user: UserId, except: Option<SessionId>) -> Self {
        Self::Sessions { user: Some(user), client: None, begun_before: None, except }
    }

    /// Everything.
    #[must_use]
    pub const fn all() -> Self {
        Self::Sessions { user: None, client: None, begun_before: None, except: None }
    }

    /// How to carry it out.
    #[must_use]
    pub fn plan(&self) -> Plan {
        match self {
            Self::Token(token) => Plan::Mark(Subject::Token { token: *token }),
            Self::Session(session) => Plan::Mark(Subject::Session { session: *session }),
            Self::Sessions { user: Some(user), client: None, begun_before: None, except } => {
                Plan::Mark(Subject::User { user: *user, except: *except })
            }
            Self::Sessions { user: Some(user), .. } => Plan::Enumerate { user: *user },
            Self::Sessions { user: None, client, begun_before: Some(before), .. } => {
                Plan::Mark(Subject::BegunBefore { before: *before, client: client.clone() })
            }
            Self::Sessions { client: Some(client), .. } => {
                Plan::Mark(Subject::Client { client: client.clone() })
            }
            Self::Sessions { .. } => Plan::Mark(Subject::All),
        }
    }

    /// Whether a session is among the selected.
    #[must_use]
    pub fn selects(&self, session: SessionId, of_user: UserId, of_client: &ClientId) -> bool {
        match self {
            Self::Token(_) => false,
            Self::Session(selected) => *selected == session,
            Self::Sessions { user, client, begun_before, except } => {
                user.is_none_or(|user| user == of_user)
                    && client.as_ref().is_none_or(|client| client == of_client)
                    && begun_before.is_none_or(|before| session.created_at() < before)
                    && *except != Some(session)
            }
        }
    }
}

/// A selection as it is written in JSON: the members that are there must all be met.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SelectionRequest {
    /// One recorded access token, by `jti`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenId>,
    /// One session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// One user's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// One client's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientId>,
    /// Of sessions begun before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_before: Option<Timestamp>,
    /// `true`: everything. Never with another member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all: Option<bool>,
}

/// A selection that selects nothing, or contradicts itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// Nothing is selected.
    #[error("select nothing less than one of token, session, user, client, issued_before, or all: true")]
    Empty,
    /// `token`, `session` and `all` stand alone.
    #[error("token, session and all are selections of their own: name nothing beside them")]
    Contradiction,
}

impl TryFrom<SelectionRequest> for Selection {
    type Error = SelectionError;

    fn try_from(request: SelectionRequest) -> Result<Self, SelectionError> {
        let SelectionRequest { token, session, user, client, issued_before, all } = request;
        let by_attribute = user.is_some() || client.is_some() || issued_before.is_some();
        match (token, session, all.unwrap_or(false), by_attribute) {
            (Some(token), None, false, false) => Ok(Self::Token(token)),
            (None, Some(session), false, false) => Ok(Self::Session(session)),
            (None, None, true, false) => Ok(Self::all()),
            (None, None, false, true) => {
                Ok(Self::Sessions { user, client, begun_before: issued_before, except: None })
            }
            (None, None, false, false) => Err(SelectionError::Empty),
            _ => Err(SelectionError::Contradiction),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: serde_json::Value) -> Result<Selection, String> {
        let request: SelectionRequest = serde_json::from_value(value).map_err(|error| error.to_string())?;
        Selection::try_from(request).map_err(|error| error.to_string())
    }

    #[test]
    fn everything_must_be_asked_for_by_name() {
        assert!(read(json!({})).is_err());
        assert!(read(json!({"all": false})).is_err());
        assert!(read(json!({"usr": "x"})).is_err());
        assert!(read(json!({"all": true, "client": "web"})).is_err());
        assert_eq!(read(json!({"all": true})), Ok(Selection::all()));
    }

    #[test]
    fn one_marker_covers_what_one_marker_can() {
        let user = UserId::from_bytes([1; 16]);
        let before = Timestamp::from_seconds(5);
        assert_eq!(Selection::user(user).plan(), Plan::Mark(Subject::User { user, except: None }));
        let except = Some(SessionId::from_bytes([2; 16]));
        assert_eq!(Selection::user_except(user, except).plan(), Plan::Mark(Subject::User { user, except }));
        assert_eq!(Selection::all().plan(), Plan::Mark(Subject::All));
        let both = read(json!({"user": user, "client": "web"})).unwrap();
        assert_eq!(both.plan(), Plan::Enumerate { user });
        let old = read(json!({"client": "web", "issued_before": before})).unwrap();
        let client = Some("web".parse().unwrap());
        assert_eq!(old.plan(), Plan::Mark(Subject::BegunBefore { before, client }));
    }
}
