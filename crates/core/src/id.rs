//! Identifiers: UUIDv7 (RFC 9562) shown as TypeID text (`usr_` and 26 characters of base 32), and the short names of clients.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

use crate::{Clock, Entropy, Timestamp};

/// Crockford's base 32 in lower case, as TypeID has it.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// The digit that a byte stands for; 255 for none.
#[expect(clippy::indexing_slicing, reason = "evaluated while compiling, where it would be an error")]
const DIGITS: [u8; 256] = {
    let mut digits = [u8::MAX; 256];
    let mut digit = 0;
    while digit < ALPHABET.len() {
        digits[ALPHABET[digit] as usize] = digit as u8;
        digit += 1;
    }
    digits
};
/// 128 bits in groups of five, the first group holding three.
const TEXT_LENGTH: usize = 26;

/// Text that is not the identifier it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The type prefix, or the 26 characters after it, are wrong.
    #[error("expected an id of the form {0}_ followed by 26 characters")]
    Form(&'static str),
    /// A client id has other characters, or another length, than allowed.
    #[error("a client id is 1 to 64 characters of a-z, 0-9, '-', '_' and begins with a letter or digit")]
    Client,
}

fn encode(uuid: Uuid, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut value = uuid.as_u128();
    let mut text = [b'0'; TEXT_LENGTH];
    for slot in text.iter_mut().rev() {
        let digit = usize::try_from(value & 31).unwrap_or(0);
        *slot = ALPHABET.get(digit).copied().unwrap_or(b'0');
        value >>= 5;
    }
    f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
}

fn decode(text: &str) -> Option<Uuid> {
    // The first character holds the top three bits only, so that every id has one text.
    if text.len() != TEXT_LENGTH || text.as_bytes().first().is_none_or(|first| *first > b'7') {
        return None;
    }
    let mut value = 0_u128;
    for byte in text.bytes() {
        let digit = DIGITS.get(usize::from(byte)).copied().filter(|digit| *digit < 32)?;
        value = value << 5 | u128::from(digit);
    }
    Some(Uuid::from_u128(value))
}

/// Reads an id from its text, without a copy of that.
struct Parsed<T>(std::marker::PhantomData<T>);

impl<T: FromStr<Err = IdError>> de::Visitor<'_> for Parsed<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text of an id")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// The type prefix of the text form.
            pub const PREFIX: &'static str = $prefix;

            /// A new id: the clock's millisecond, then 74 random bits (RFC 9562, section 5.7).
            #[must_use]
            pub fn generate(clock: &dyn Clock, entropy: &dyn Entropy) -> Self {
                let millis = u64::try_from(clock.now().millis()).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &entropy.bytes()).into_uuid())
            }

            /// The least id of that millisecond: for bounds, and for what has no id of its own.
            #[must_use]
            pub fn least_of(instant: Timestamp) -> Self {
                Self(Uuid::from_u128(u128::try_from(instant.millis()).unwrap_or(0) << 80))
            }

            /// From the sixteen bytes that a store or a credential has.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The sixteen bytes of the UUID.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// The instant in which the id was made, to the millisecond. Ids sort by it.
            #[must_use]
            pub fn created_at(&self) -> Timestamp {
                Timestamp::from_millis(i64::try_from(self.0.as_u128() >> 80).unwrap_or(0))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!($prefix, "_"))?;
                encode(self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(decode)
                    .map(Self)
                    .ok_or(IdError::Form($prefix))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Parsed(std::marker::PhantomData))
            }
        }
    };
}

typed_id!(
    /// A person, or another holder of an account.
    UserId,
    "usr"
);
typed_id!(
    /// One login of one user through one client.
    SessionId,
    "ses"
);
typed_id!(
    /// One access token, its `jti` (RFC 7519, section 4.1.7).
    TokenId,
    "tok"
);
typed_id!(
    /// One life of a revocation feed. A feed that was lost and begun again has another.
    FeedId,
    "fed"
);

/// The name of a client (OAuth's word for an application), as its operator chose it: `web`, `orders-api`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(Arc<str>);

impl ClientId {
    /// The client that logs people in when a log-in names none.
    pub const DEFAULT: &'static str = "default";

    /// A new random name, `cli_` and 26 characters.
    #[must_use]
    pub fn generate(clock: &dyn Clock, entropy: &dyn Entropy) -> Self {
        let id = UserId::generate(clock, entropy).to_string();
        Self(format!("cli{}", id.trim_start_matches(UserId::PREFIX)).into())
    }

    /// The built-in client.
    #[must_use]
    pub fn default_client() -> Self {
        Self(Self::DEFAULT.into())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClientId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let allowed =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
        let begins_well = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if begins_well && text.len() <= 64 && text.bytes().all(allowed) {
            Ok(Self(text.into()))
        } else {
            Err(IdError::Client)
        }
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for ClientId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ClientId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Parsed(std::marker::PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_id_has_one_text(bytes: [u8; 16]) {
            let id = SessionId::from_bytes(bytes);
            let text = id.to_string();
            prop_assert_eq!(text.len(), 4 + TEXT_LENGTH);
            prop_assert_eq!(text.parse::<SessionId>(), Ok(id));
            prop_assert!(text.parse::<UserId>().is_err());
            prop_assert!(text.to_uppercase().parse::<SessionId>().is_err());
        }

        #[test]
        fn any_text_is_answered(text in ".{0,40}") {
            let _ = text.parse::<TokenId>();
            let _ = text.parse::<ClientId>();
        }
    }

    #[test]
    fn the_typeid_specification_agrees() {
        // The example of the TypeID specification, version 0.3.
        let id: UserId = "usr_01h455vb4pex5vsknk084sn02q".parse().unwrap();
        assert_eq!(id.0.to_string(), "01890a5d-ac96-774b-bcce-b302099a8057");
        assert_eq!(id.created_at().millis(), 0x0189_0a5d_ac96);
        let least = UserId::least_of(id.created_at());
        assert!(least <= id && least.created_at() == id.created_at());
    }

    #[test]
    fn client_names_are_short_and_plain() {
        for good in ["web", "orders-api", "0", "a_b"] {
            assert!(good.parse::<ClientId>().is_ok(), "{good}");
        }
        for bad in ["", "-web", "Web", "a b", "a/b", "a\0", &"a".repeat(65)] {
            assert!(bad.parse::<ClientId>().is_err(), "{bad:?}");
        }
    }
}
