//! The JOSE header of a compact JWS (RFC 7515, section 4).

use serde_json::Value;

use crate::json::{JsonError, parse_object};
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
        let mut object = parse_object(bytes).map_err(|error| match error {
            JsonError::Malformed => VerifyError::Malformed,
            JsonError::DuplicateMember => VerifyError::DuplicateMember,
        })?;
        if EXTENSIONS.iter().any(|name| object.contains_key(*name)) {
            return Err(VerifyError::UnsupportedExtension);
        }
        let mut text = |name| match object.remove(name) {
            Some(Value::String(text)) => Ok(text),
            _ => Err(VerifyError::Malformed),
        };
        Ok(Self { alg: text("alg")?, kid: text("kid")?, typ: text("typ")? })
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
