//! The claims of an access token (RFC 9068, section 2.2) and their validation (RFC 9068, section 4; RFC 8725, section 3).
//!
//! The signature is checked before anything here is asked; the algorithm, the key and `typ` are that check's business.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::{ClientId, SessionId, Timestamp, TokenId, UserId};

/// The `typ` of an access token (RFC 9068, section 2.1).
pub const ACCESS_TOKEN_TYPE: &str = "at+jwt";

/// The most bytes that a signed access token may take. Cookies and many proxies' header limits end there.
pub const MAX_TOKEN_BYTES: usize = 4096;

/// The `aud` claim: one value or several (RFC 7519, section 4.1.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Audience {
    /// One value, written without brackets.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Audience {
    /// Writes one value without brackets.
    #[must_use]
    pub fn new(values: &[String]) -> Self {
        match values {
            [one] => Self::One(one.clone()),
            many => Self::Many(many.to_vec()),
        }
    }

    /// Whether any of `accepted` is among the values.
    #[must_use]
    pub fn meets(&self, accepted: &[String]) -> bool {
        match self {
            Self::One(value) => accepted.contains(value),
            Self::Many(values) => values.iter().any(|value| accepted.contains(value)),
        }
    }
}

/// The claims of an access token.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AccessClaims {
    /// Who issued it.
    pub iss: String,
    /// The user.
    pub sub: UserId,
    /// Whom it is for.
    pub aud: Audience,
    /// The client that the user logged in through.
    pub client_id: ClientId,
    /// When it was issued, in seconds since the Unix epoch.
    pub iat: i64,
    /// From when on it is refused, in seconds since the Unix epoch.
    pub exp: i64,
    /// Its own id.
    pub jti: TokenId,
    /// The session; absent in `jwt` mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<SessionId>,
    /// When the user proved who they are, in seconds since the Unix epoch.
    pub auth_time: i64,
    /// How the user proved it (RFC 8176).
    pub amr: Vec<String>,
    /// How strongly: `aal1` for a single factor (NIST SP 800-63B).
    pub acr: String,
    /// The revocation feed's sequence number when the log-in began. A marker of many with a higher one covers the token.
    #[serde(rename = "gen")]
    pub generation: u64,
    /// The client's own claims.
    #[serde(flatten)]
    pub custom: Map<String, Value>,
}

/// What a verifier demands of an access token's claims. Nothing of it is optional (RFC 8725, sections 3.8 and 3.9).
#[derive(Clone, Copy, Debug)]
pub struct Expectation<'a> {
    /// The one issuer that is trusted.
    pub issuer: &'a str,
    /// The audiences that the verifier answers to; one must be named by the token.
    pub audience: &'a [String],
    /// The present.
    pub now: Timestamp,
    /// How far the issuer's clock may be from the verifier's.
    pub leeway: Duration,
}

/// Why a token's claims are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimsError {
    /// `nbf` is no number.
    #[error("the token's claims are not those of an access token")]
    Malformed,
    /// Issued by somebody else.
    #[error("the token was issued by somebody else")]
    WrongIssuer,
    /// Meant for somebody else.
    #[error("the token is meant for somebody else")]
    WrongAudience,
    /// Past its `exp`.
    #[error("the token has expired")]
    Expired,
    /// Its `iat` or `nbf` lies in the future.
    #[error("the token is not valid yet")]
    NotYetValid,
}

impl AccessClaims {
    /// Reads the claims of a token whose signature was checked. Each may stand there once. `V` reads what the client's own
    /// claims hold, and has to refuse duplicates inside of it.
    ///
    /// In one pass: by way of a JSON value, what comes after the signature would cost a sixth of an RSA signature.
    ///
    /// # Errors
    /// When a required claim is missing, stands there twice or is of the wrong type.
    pub fn deserialize_strictly<'de, V, D>(deserializer: D) -> Result<Self, D::Error>
    where
        V: Deserialize<'de> + Into<Value>,
        D: Deserializer<'de>,
    {
        deserializer.deserialize_map(ClaimsVisitor::<V>(PhantomData))
    }

    /// Checks issuer, audience and time.
    ///
    /// # Errors
    /// The first demand that is not met.
    pub fn validate(&self, expectation: &Expectation<'_>) -> Result<(), ClaimsError> {
        let leeway = i64::try_from(expectation.leeway.as_secs()).unwrap_or(i64::MAX);
        let now = expectation.now.seconds();
        if self.iss != expectation.issuer {
            return Err(ClaimsError::WrongIssuer);
        }
        if !self.aud.meets(expectation.audience) {
            return Err(ClaimsError::WrongAudience);
        }
        if self.exp.saturating_add(leeway) <= now {
            return Err(ClaimsError::Expired);
        }
        let not_before = match self.custom.get("nbf") {
            None => self.iat,
            Some(value) => value.as_i64().ok_or(ClaimsError::Malformed)?.max(self.iat),
        };
        if not_before > now.saturating_add(leeway) { Err(ClaimsError::NotYetValid) } else { Ok(()) }
    }

    /// From when on the token is refused.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        Timestamp::from_seconds(self.exp)
    }
}

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AudienceVisitor)
    }
}

struct AudienceVisitor;

impl<'de> Visitor<'de> for AudienceVisitor {
    type Value = Audience;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one audience or several")
    }

    fn visit_str<E>(self, one: &str) -> Result<Audience, E> {
        Ok(Audience::One(one.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<Audience, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(access)).map(Audience::Many)
    }
}

/// The name of a claim.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Name {
    Iss,
    Sub,
    Aud,
    ClientId,
    Iat,
    Exp,
    Jti,
    Sid,
    AuthTime,
    Amr,
    Acr,
    Gen,
    Custom(String),
}

struct ClaimsVisitor<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de> + Into<Value>> Visitor<'de> for ClaimsVisitor<V> {
    type Value = AccessClaims;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the claims of an access token")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<AccessClaims, A::Error> {
        fn once<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
            slot: &mut Option<T>,
            access: &mut A,
        ) -> Result<(), A::Error> {
            match slot.replace(access.next_value()?) {
                None => Ok(()),
                Some(_) => Err(A::Error::custom("duplicate claim")),
            }
        }
        fn required<T, E: Error>(slot: Option<T>, name: &'static str) -> Result<T, E> {
            slot.ok_or_else(|| E::missing_field(name))
        }
        let (mut iss, mut sub, mut aud, mut client_id) = (None, None, None, None);
        let (mut iat, mut exp, mut jti, mut sid) = (None, None, None, None);
        let (mut auth_time, mut amr, mut acr, mut generation) = (None, None, None, None);
        let mut custom = Map::new();
        while let Some(name) = access.next_key()? {
            match name {
                Name::Iss => once(&mut iss, &mut access)?,
                Name::Sub => once(&mut sub, &mut access)?,
                Name::Aud => once(&mut aud, &mut access)?,
                Name::ClientId => once(&mut client_id, &mut access)?,
                Name::Iat => once(&mut iat, &mut access)?,
                Name::Exp => once(&mut exp, &mut access)?,
                Name::Jti => once(&mut jti, &mut access)?,
                Name::Sid => once(&mut sid, &mut access)?,
                Name::AuthTime => once(&mut auth_time, &mut access)?,
                Name::Amr => once(&mut amr, &mut access)?,
                Name::Acr => once(&mut acr, &mut access)?,
                Name::Gen => once(&mut generation, &mut access)?,
                Name::Custom(name) => {
                    if custom.insert(name, access.next_value::<V>()?.into()).is_some() {
                        return Err(A::Error::custom("duplicate claim"));
                    }
                }
            }
        }
        Ok(AccessClaims {
            iss: required(iss, "iss")?,
            sub: required(sub, "sub")?,
            aud: required(aud, "aud")?,
            client_id: required(client_id, "client_id")?,
            iat: required(iat, "iat")?,
            exp: required(exp, "exp")?,
            jti: required(jti, "jti")?,
            sid,
            auth_time: required(auth_time, "auth_time")?,
            amr: required(amr, "amr")?,
            acr: required(acr, "acr")?,
            generation: required(generation, "gen")?,
            custom,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object() -> Map<String, Value> {
        let Value::Object(object) = json!({
            "iss": "https://id.example.test", "sub": UserId::from_bytes([1; 16]), "aud": "api", "client_id": "web",
            "iat": 1000, "exp": 1900, "jti": TokenId::from_bytes([2; 16]), "auth_time": 900, "amr": ["pwd"],
            "acr": "aal1", "gen": 7, "tier": "gold",
        }) else {
            panic!("an object")
        };
        object
    }

    fn verdict(change: impl FnOnce(&mut Map<String, Value>), now: i64) -> Result<(), ClaimsError> {
        let mut object = object();
        change(&mut object);
        let claims = AccessClaims::deserialize_strictly::<Value, _>(Value::Object(object));
        claims.map_err(|_| ClaimsError::Malformed)?.validate(&Expectation {
            issuer: "https://id.example.test",
            audience: &["api".into()],
            now: Timestamp::from_seconds(now),
            leeway: Duration::from_secs(5),
        })
    }

    #[test]
    fn a_good_token_passes_within_its_time() {
        assert_eq!(verdict(|_| (), 1000), Ok(()));
        assert_eq!(verdict(|_| (), 1904), Ok(()));
        assert_eq!(verdict(|_| (), 1905), Err(ClaimsError::Expired));
        assert_eq!(verdict(|_| (), 994), Err(ClaimsError::NotYetValid));
    }

    #[test]
    fn no_required_claim_may_be_missing() {
        for name in ["iss", "sub", "aud", "client_id", "iat", "exp", "jti", "auth_time", "amr", "acr", "gen"]
        {
            assert_eq!(
                verdict(|claims| drop(claims.remove(name)), 1000),
                Err(ClaimsError::Malformed),
                "{name}"
            );
        }
    }

    #[test]
    fn wrong_values_are_refused() {
        let set = |name: &'static str, value: Value| {
            verdict(move |claims| drop(claims.insert(name.to_owned(), value)), 1000)
        };
        assert_eq!(set("iss", json!("https://id.example.test/")), Err(ClaimsError::WrongIssuer));
        assert_eq!(set("aud", json!("other")), Err(ClaimsError::WrongAudience));
        assert_eq!(set("aud", json!([])), Err(ClaimsError::WrongAudience));
        assert_eq!(set("aud", json!(["other", "api"])), Ok(()));
        assert_eq!(set("nbf", json!(1500)), Err(ClaimsError::NotYetValid));
        assert_eq!(set("nbf", json!("1500")), Err(ClaimsError::Malformed));
        assert_eq!(set("exp", json!("1900")), Err(ClaimsError::Malformed));
        assert_eq!(set("exp", json!(1900.5)), Err(ClaimsError::Malformed));
        assert_eq!(set("exp", json!(i64::MIN)), Err(ClaimsError::Expired));
        assert_eq!(set("sub", json!("ses_00000000000000000000000000")), Err(ClaimsError::Malformed));
    }

    #[test]
    fn none_may_stand_there_twice() {
        let text = Value::Object(object()).to_string();
        let read = |text: &str| {
            let mut json = serde_json::Deserializer::from_str(text);
            AccessClaims::deserialize_strictly::<Value, _>(&mut json).map_err(|error| error.to_string())
        };
        assert!(read(&text).is_ok());
        for name in object().keys() {
            let twice = format!("{},{:?}:{}}}", text.strip_suffix('}').unwrap(), name, object()[name]);
            assert!(read(&twice).unwrap_err().contains("duplicate"), "{twice}");
        }
    }

    #[test]
    fn they_go_there_and_back() {
        let claims = AccessClaims::deserialize_strictly::<Value, _>(Value::Object(object())).unwrap();
        assert_eq!(claims.custom.get("tier"), Some(&json!("gold")));
        assert_eq!(serde_json::to_value(&claims).unwrap(), Value::Object(object()));
    }
}
