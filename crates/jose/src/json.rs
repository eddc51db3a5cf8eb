//! Strict JSON objects: no duplicate member names at any depth (RFC 8725, section 2.4; RFC 7515, section 4), bounded depth.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Why bytes are no strict JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// No JSON, or no object.
    #[error("not a JSON object")]
    Malformed,
    /// A member name stands twice in one object.
    #[error("a JSON object has a duplicate member")]
    DuplicateMember,
}

/// More objects and arrays than this, one inside the other, are refused.
const MAX_DEPTH: usize = 16;
const DUPLICATE: &str = "duplicate member";

/// Parses a JSON object.
///
/// # Errors
/// [`JsonError::DuplicateMember`] for a member name that stands twice in one object at any depth, else
/// [`JsonError::Malformed`].
pub fn parse_object(bytes: &[u8]) -> Result<Map<String, Value>, JsonError> {
    match parse_strictly(bytes)? {
        StrictValue(Value::Object(object)) => Ok(object),
        StrictValue(_) => Err(JsonError::Malformed),
    }
}

/// Parses what refuses duplicate members itself.
pub(crate) fn parse_strictly<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, JsonError> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = T::deserialize(&mut deserializer).map_err(|error| classify(&error))?;
    deserializer.end().map_err(|_| JsonError::Malformed)?;
    Ok(value)
}

/// The error that is told as [`JsonError::DuplicateMember`].
pub(crate) fn duplicate<E: serde::de::Error>() -> E {
    E::custom(DUPLICATE)
}

/// Any JSON value without duplicate members at any depth, wherever one is read.
#[derive(Clone, Debug, PartialEq)]
pub struct StrictValue(pub Value);

impl<'de> Deserialize<'de> for StrictValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        strict_value(deserializer).map(Self)
    }
}

impl From<StrictValue> for Value {
    fn from(value: StrictValue) -> Self {
        value.0
    }
}

/// Any JSON value, by the same rules, from whatever reads it.
pub(crate) fn strict_value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    Strict { depth: 0 }.deserialize(deserializer)
}

fn classify(error: &serde_json::Error) -> JsonError {
    if error.is_data() && error.to_string().starts_with(DUPLICATE) {
        JsonError::DuplicateMember
    } else {
        JsonError::Malformed
    }
}

struct Strict {
    /// How many objects and arrays the value is inside of.
    depth: usize,
}

impl Strict {
    fn inside<E: serde::de::Error>(&self) -> Result<usize, E> {
        if self.depth < MAX_DEPTH { Ok(self.depth + 1) } else { Err(E::custom("nested too deeply")) }
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let depth = self.inside()?;
        let mut values = Vec::new();
        while let Some(value) = access.next_element_seed(Self { depth })? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let depth = self.inside()?;
        let mut members = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            let value = access.next_value_seed(Self { depth })?;
            if members.insert(name, value).is_some() {
                return Err(duplicate());
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn duplicates_are_refused_at_every_depth() {
        for text in [r#"{"a":1,"a":1}"#, r#"{"x":{"a":1,"a":2}}"#, r#"{"x":[{"a":1,"\u0061":2}]}"#] {
            assert_eq!(parse_object(text.as_bytes()), Err(JsonError::DuplicateMember), "{text}");
        }
        assert!(parse_object(br#"{"a":{"a":1},"b":{"a":2}}"#).is_ok());
    }

    #[test]
    fn what_is_no_object_is_refused() {
        let deep = format!("{}1{}", r#"{"a":"#.repeat(20), "}".repeat(20));
        for text in ["", "null", "[]", "1", "{", "{}x", "{\"a\":\"\0\"}", "{'a':1}", "\u{feff}{}", &deep] {
            assert_eq!(parse_object(text.as_bytes()), Err(JsonError::Malformed), "{text}");
        }
        assert_eq!(parse_object(b"{\"a\":\"\xff\"}"), Err(JsonError::Malformed));
    }

    #[test]
    fn sixteen_levels_are_read_and_no_more() {
        for (open, core, close) in [("{\"a\":", "1", "}"), ("{\"a\":", "{}", "}"), ("{\"a\":", "[]", "}")] {
            let levels = |count: usize| {
                let around = if core == "1" { count } else { count - 1 };
                format!("{}{core}{}", open.repeat(around), close.repeat(around))
            };
            assert!(parse_object(levels(16).as_bytes()).is_ok(), "{core}");
            assert_eq!(parse_object(levels(17).as_bytes()), Err(JsonError::Malformed), "{core}");
        }
    }

    proptest! {
        #[test]
        fn it_agrees_with_serde_json_where_that_has_no_duplicates(bytes in "\\{(\"[a-c]\":[0-9\\[\\]{}\",a-c:]{0,12},?){0,3}\\}") {
            if let Ok(object) = parse_object(bytes.as_bytes()) {
                prop_assert_eq!(serde_json::from_str::<Map<String, Value>>(&bytes).ok(), Some(object));
            }
        }
    }
}
