//! The JOSE header of a compact JWS (RFC 7515, section 4).

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::json::{JsonError, StrictValue, duplicate, parse_strictly};
use crate::{Algorithm, VerifyError};

/// The members of a header that are looked at. Whatever else it has is ignored: keys are never taken from a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The algorithm that the token claims; compared with its key's, never used.
    pub alg: String,
    /// Which key.
    pub kid: String,
    /// The type.
    pub typ: String,
}

/// Members that change what a signature means. None is understood, with or without `crit`.
const EXTENSIONS: [&str; 3] = ["crit", "b64", "zip"];

impl Header {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, VerifyError> {
        let Members { alg, kid, typ, others } = parse_strictly(bytes).map_err(|error| match error {
            JsonError::Malformed => VerifyError::Malformed,
            JsonError::DuplicateMember => VerifyError::DuplicateMember,
        })?;
        if EXTENSIONS.iter().any(|name| others.contains(*name)) {
            return Err(VerifyError::UnsupportedExtension);
        }
        match (alg, kid, typ) {
            (Some(alg), Some(kid), Some(typ)) => Ok(Self { alg, kid, typ }),
            _ => Err(VerifyError::Malformed),
        }
    }

    /// The JSON of the header of a token to be signed.
    pub(crate) fn render(algorithm: Algorithm, kid: &str, typ: &str) -> String {
        serde_json::json!({"alg": algorithm, "kid": kid, "typ": typ}).to_string()
    }

    /// Whether the type is `expected`, compared as a media type (RFC 7515, section 4.1.9).
    pub(crate) fn is_of_type(&self, expected: &str) -> bool {
        fn short(typ: &str) -> &str {
            let prefix = "application/";
            match typ.get(..prefix.len()) {
                Some(start) if start.eq_ignore_ascii_case(prefix) => {
                    typ.get(prefix.len()..).unwrap_or_default()
                }
                _ => typ,
            }
        }
        short(&self.typ).eq_ignore_ascii_case(short(expected))
    }
}

/// The members of a header, and the names of those that are not looked at.
#[derive(Default)]
struct Members {
    alg: Option<String>,
    kid: Option<String>,
    typ: Option<String>,
    others: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Name {
    Alg,
    Kid,
    Typ,
    Other(String),
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JOSE header")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Members, A::Error> {
        let mut members = Members::default();
        while let Some(name) = access.next_key()? {
            let again = match name {
                Name::Alg => members.alg.replace(access.next_value()?).is_some(),
                Name::Kid => members.kid.replace(access.next_value()?).is_some(),
                Name::Typ => members.typ.replace(access.next_value()?).is_some(),
                Name::Other(name) => {
                    let StrictValue(_) = access.next_value()?;
                    !members.others.insert(name)
                }
            };
            if again {
                return Err(duplicate());
            }
        }
        Ok(members)
    }
}
