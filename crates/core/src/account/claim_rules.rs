//! Which user fields and fixed values a client puts into its tokens, and which it may not.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::UserCard;

/// A user field that can become a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserField {
    /// The address to log in with.
    Email,
    /// The name to show; left out of the token when the user has none.
    Name,
    /// Whether the user may use the administration API.
    Admin,
    /// When the account was made, in seconds since the Unix epoch.
    CreatedAt,
}

/// Where a claim's value comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimSource {
    /// A field of the user who logs in.
    User(UserField),
    /// The same value for everybody.
    Value(Value),
}

/// A client's own claims, by name. Checked when made: a value of this type holds only claims that are allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, ClaimSource>", into = "BTreeMap<String, ClaimSource>")]
pub struct ClaimRules(BTreeMap<String, ClaimSource>);

/// A claim that is refused when it is configured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimRulesError {
    /// The name is one that Counterfoil, or a standard's checks, give a meaning to.
    #[error(
        "the claim {0:?} is set by Counterfoil itself or has a meaning for verifiers: choose another name"
    )]
    Reserved(String),
    /// The name is empty, too long, or has control characters.
    #[error("a claim's name is 1 to 64 characters without control characters or spaces")]
    Name,
    /// Name or value look like a secret; tokens can be read by everyone who holds them.
    #[error("the claim {0:?} looks like a secret, and a token can be read by whoever holds it: leave it out")]
    Secret(String),
    /// Together the claims are larger than a token should be.
    #[error("the claims take {0} bytes, more than the {max} that fit into a token", max = ClaimRules::MAX_BYTES)]
    TooLarge(usize),
    /// More claims than a token should have.
    #[error("more than {max} claims", max = ClaimRules::MAX_CLAIMS)]
    TooMany,
}

/// Names that RFC 7519, RFC 7662, RFC 9068, OpenID Connect and this project give a meaning to in a check.
const RESERVED: [&str; 28] = [
    "acr",
    "act",
    "active",
    "amr",
    "at_hash",
    "aud",
    "auth_time",
    "azp",
    "c_hash",
    "client_id",
    "cnf",
    "events",
    "exp",
    "gen",
    "iat",
    "iss",
    "jti",
    "may_act",
    "mode",
    "nbf",
    "nonce",
    "scope",
    "sid",
    "sub",
    "sub_id",
    "toe",
    "token_type",
    "username",
];
/// Words in a name that speak of a secret.
const SECRET_NAMES: [&str; 13] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "digest",
    "hash",
    "private",
    "api_key",
    "apikey",
    "credential",
    "token",
    "pin_code",
    "otp",
];
/// How secrets begin: Argon2 and bcrypt hashes, PEM, JWTs, our own credentials.
const SECRET_VALUES: [&str; 11] =
    ["$argon2", "$2a$", "$2b$", "$2y$", "$scrypt", "-----BEGIN", "eyJ", "cfs_", "cfr_", "cfc_", "cfu_"];

impl ClaimRules {
    /// The most claims that a client can have.
    pub const MAX_CLAIMS: usize = 32;
    /// The most bytes that the fixed parts of the claims can take as JSON.
    pub const MAX_BYTES: usize = 2048;

    /// Checks and takes a client's claims.
    ///
    /// # Errors
    /// The first claim that is refused, and why.
    pub fn new(rules: BTreeMap<String, ClaimSource>) -> Result<Self, ClaimRulesError> {
        if rules.len() > Self::MAX_CLAIMS {
            return Err(ClaimRulesError::TooMany);
        }
        let mut bytes = 0;
        for (name, source) in &rules {
            check_name(name)?;
            bytes += name.len() + 4;
            if let ClaimSource::Value(value) = source {
                if looks_secret(value) {
                    return Err(ClaimRulesError::Secret(name.clone()));
                }
                bytes += value.to_string().len();
            }
        }
        if bytes > Self::MAX_BYTES { Err(ClaimRulesError::TooLarge(bytes)) } else { Ok(Self(rules)) }
    }

    /// The claims of one user's token.
    #[must_use]
    pub fn evaluate(&self, user: &UserCard) -> Map<String, Value> {
        let value = |source: &ClaimSource| match source {
            ClaimSource::Value(value) => Some(value.clone()),
            ClaimSource::User(UserField::Email) => Some(user.email.as_str().into()),
            ClaimSource::User(UserField::Name) => user.name.as_deref().map(Into::into),
            ClaimSource::User(UserField::Admin) => Some(user.admin.into()),
            ClaimSource::User(UserField::CreatedAt) => Some(user.created_at.seconds().into()),
        };
        self.0.iter().filter_map(|(name, source)| Some((name.clone(), value(source)?))).collect()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<BTreeMap<String, ClaimSource>> for ClaimRules {
    type Error = ClaimRulesError;

    fn try_from(rules: BTreeMap<String, ClaimSource>) -> Result<Self, ClaimRulesError> {
        Self::new(rules)
    }
}

impl From<ClaimRules> for BTreeMap<String, ClaimSource> {
    fn from(rules: ClaimRules) -> Self {
        rules.0
    }
}

fn check_name(name: &str) -> Result<(), ClaimRulesError> {
    if name.is_empty() || name.len() > 64 || name.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(ClaimRulesError::Name);
    }
    let lower = name.to_lowercase().replace('-', "_");
    if RESERVED.contains(&lower.as_str()) {
        return Err(ClaimRulesError::Reserved(name.to_owned()));
    }
    if SECRET_NAMES.iter().any(|word| lower.contains(word)) {
        return Err(ClaimRulesError::Secret(name.to_owned()));
    }
    Ok(())
}

fn looks_secret(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            let hex = text.len() >= 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
            hex || SECRET_VALUES.iter().any(|start| text.starts_with(start))
        }
        Value::Array(values) => values.iter().any(looks_secret),
        Value::Object(members) => {
            members.iter().any(|(name, value)| check_name(name).is_err_and(is_secret) || looks_secret(value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn is_secret(error: ClaimRulesError) -> bool {
    matches!(error, ClaimRulesError::Secret(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rules(value: Value) -> Result<ClaimRules, serde_json::Error> {
        serde_json::from_value(value)
    }

    #[test]
    fn fields_and_fixed_values_are_taken() {
        assert!(
            rules(json!({"email": {"user": "email"}, "tier": {"value": "gold"}, "n": {"value": [1, 2]}}))
                .is_ok()
        );
    }

    #[test]
    fn names_that_verifiers_check_are_refused() {
        for name in RESERVED {
            assert!(rules(json!({name: {"value": "x"}})).is_err(), "{name}");
        }
        assert!(rules(json!({"ISS": {"value": "x"}})).is_err());
        assert!(rules(json!({"client-id": {"value": "x"}})).is_err());
    }

    #[test]
    fn what_looks_like_a_secret_is_refused() {
        for value in [
            json!({"password": {"user": "email"}}),
            json!({"user_password_hash": {"value": "x"}}),
            json!({"ok": {"value": "$argon2id$v=19$…"}}),
            json!({"ok": {"value": ["fine", "-----BEGIN PRIVATE KEY-----"]}}),
            json!({"ok": {"value": {"api_key": "x"}}}),
            json!({"ok": {"value": "0123456789abcdef0123456789abcdef"}}),
            json!({"ok": {"user": "password"}}),
        ] {
            assert!(rules(value.clone()).is_err(), "{value}");
        }
    }

    #[test]
    fn size_is_bounded() {
        assert!(rules(json!({"ok": {"value": "x ".repeat(1100)}})).is_err());
        let many: Map<String, Value> = (0..33).map(|n| (format!("c{n}"), json!({"value": n}))).collect();
        assert!(rules(Value::Object(many)).is_err());
    }
}
