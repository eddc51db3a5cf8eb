//! Public JSON Web Keys and sets of them (RFC 7517; RFC 7518, section 6; RFC 8037, section 2).

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Value, json};

use crate::json::{parse_object, strict_value};
use crate::parts::Parts;
use crate::{Algorithm, KeyError};

/// A public key as it is published: always with `use`, `alg` and `kid`, never with a private member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jwk {
    kty: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
    alg: Algorithm,
    kid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    crv: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    e: Option<String>,
}

/// Private members of every key type, and symmetric keys (RFC 7518, sections 6.2.2, 6.3.2 and 6.4).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

impl Jwk {
    /// Makes a key of its numbers, which were checked; the `kid` is the thumbprint.
    pub(crate) fn from_parts(parts: &Parts) -> Self {
        let text = |bytes: &[u8]| Some(URL_SAFE_NO_PAD.encode(bytes));
        let empty = |alg, kty, crv| Self {
            kty,
            usage: "sig",
            alg,
            kid: String::new(),
            crv,
            x: None,
            y: None,
            n: None,
            e: None,
        };
        let key = match parts {
            Parts::Es256 { x, y } => {
                Self { x: text(x), y: text(y), ..empty(Algorithm::Es256, "EC", Some("P-256")) }
            }
            Parts::EdDsa { x } => Self { x: text(x), ..empty(Algorithm::EdDsa, "OKP", Some("Ed25519")) },
            Parts::Rs256 { n, e } => Self { n: text(n), e: text(e), ..empty(Algorithm::Rs256, "RSA", None) },
        };
        Self { kid: key.thumbprint(), ..key }
    }

    /// What it is for.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.alg
    }

    /// Its `kid`.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.kid
    }

    /// The SHA-256 thumbprint in base64url (RFC 7638).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        // The required members in lexical order, without white space: what serde_json writes of a sorted map.
        let members = match self.alg {
            Algorithm::Es256 => json!({"crv": self.crv, "kty": self.kty, "x": self.x, "y": self.y}),
            Algorithm::EdDsa => json!({"crv": self.crv, "kty": self.kty, "x": self.x}),
            Algorithm::Rs256 => json!({"e": self.e, "kty": self.kty, "n": self.n}),
        };
        URL_SAFE_NO_PAD.encode(digest(&SHA256, members.to_string().as_bytes()))
    }

    pub(crate) fn parts(&self) -> Result<Parts, KeyError> {
        let bytes = |text: &Option<String>| decode(text.as_deref());
        Ok(match self.alg {
            Algorithm::Es256 => Parts::Es256 { x: bytes(&self.x)?, y: bytes(&self.y)? },
            Algorithm::EdDsa => Parts::EdDsa { x: bytes(&self.x)? },
            Algorithm::Rs256 => Parts::Rs256 { n: bytes(&self.n)?, e: bytes(&self.e)? },
        })
    }
}

impl<'de> Deserialize<'de> for Jwk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(strict_value(deserializer)?).map_err(de::Error::custom)
    }
}

impl TryFrom<Value> for Jwk {
    type Error = KeyError;

    fn try_from(value: Value) -> Result<Self, KeyError> {
        let Value::Object(members) = value else { return Err(KeyError::Malformed) };
        if PRIVATE.iter().any(|name| members.contains_key(*name)) {
            return Err(KeyError::Private);
        }
        let text = |name| match members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(KeyError::Malformed),
        };
        if text("use")?.is_some_and(|usage| usage != "sig") {
            return Err(KeyError::Unsupported);
        }
        // RFC 7517, section 4.3.
        match members.get("key_ops") {
            None => {}
            Some(Value::Array(operations)) if operations.iter().any(|operation| operation == "verify") => {}
            Some(Value::Array(_)) => return Err(KeyError::Unsupported),
            Some(_) => return Err(KeyError::Malformed),
        }
        let algorithm = match (text("kty")?, text("crv")?) {
            (Some("EC"), Some("P-256")) => Algorithm::Es256,
            (Some("OKP"), Some("Ed25519")) => Algorithm::EdDsa,
            (Some("RSA"), _) => Algorithm::Rs256,
            _ => return Err(KeyError::Unsupported),
        };
        if text("alg")?.is_some_and(|alg| alg != algorithm.as_str()) {
            return Err(KeyError::Unsupported);
        }
        let bytes = |name| decode(text(name)?);
        let parts = match algorithm {
            Algorithm::Es256 => Parts::Es256 { x: bytes("x")?, y: bytes("y")? },
            Algorithm::EdDsa => Parts::EdDsa { x: bytes("x")? },
            Algorithm::Rs256 => Parts::Rs256 { n: bytes("n")?, e: bytes("e")? },
        };
        let key = Self::from_parts(&parts.checked()?);
        Ok(match text("kid")? {
            Some(kid) => Self { kid: kid.to_owned(), ..key },
            None => key,
        })
    }
}

fn decode(number: Option<&str>) -> Result<Vec<u8>, KeyError> {
    URL_SAFE_NO_PAD.decode(number.ok_or(KeyError::Malformed)?).map_err(|_| KeyError::Malformed)
}

/// A set of public keys (RFC 7517, section 5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JwkSet {
    /// The keys.
    pub keys: Vec<Jwk>,
}

impl JwkSet {
    /// Reads a set. Keys of types or for purposes that are not supported, and malformed ones, are passed over
    /// (RFC 7517, section 5).
    ///
    /// # Errors
    /// [`KeyError::Malformed`] when it is no set, [`KeyError::Private`] when any key has private members.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyError> {
        let object = parse_object(bytes).map_err(|_| KeyError::Malformed)?;
        let Some(Value::Array(entries)) = object.get("keys") else { return Err(KeyError::Malformed) };
        let mut keys = Vec::new();
        for entry in entries {
            match Jwk::try_from(entry.clone()) {
                Ok(key) => keys.push(key),
                Err(KeyError::Private) => return Err(KeyError::Private),
                Err(_) => {}
            }
        }
        Ok(Self { keys })
    }
}
