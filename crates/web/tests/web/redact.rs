//! What differs from run to run, taken out of an answer before it is compared with its snapshot.

use serde_json::Value;

/// Members whose values are random, or depend on the machine.
const MEMBERS: [&str; 14] = [
    "access_token",
    "digest",
    "etag",
    "exp",
    "expires_in",
    "iat",
    "id",
    "kid",
    "refresh_token",
    "request_id",
    "secret",
    "took_ms",
    "x",
    "y",
];

pub fn redacted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            Value::Object(members.into_iter().map(|(name, value)| member(name, value)).collect())
        }
        Value::Array(items) => items.into_iter().map(redacted).collect(),
        Value::String(text) => Value::String(string(text)),
        other => other,
    }
}

fn member(name: String, value: Value) -> (String, Value) {
    let plain_id = name == "id" && value.as_str().is_some_and(|text| typed(text).is_none());
    let redacted = if MEMBERS.contains(&name.as_str()) && !value.is_null() && name != "id" {
        Value::String(format!("[{name}]"))
    } else if plain_id && value.as_str().is_some_and(|text| text.len() == 43) {
        Value::String("[thumbprint]".to_owned())
    } else {
        redacted(value)
    };
    (name, redacted)
}

fn string(text: String) -> String {
    if let Some(prefix) = typed(&text) {
        return format!("[{prefix}]");
    }
    if let Some((kind, id)) = text.split_once(':')
        && let Some(prefix) = typed(id)
    {
        return format!("{kind}:[{prefix}]");
    }
    let instant =
        text.len() >= 20 && text.as_bytes()[4] == b'-' && text.as_bytes()[10] == b'T' && text.ends_with('Z');
    if instant { "[time]".to_owned() } else { text }
}

/// The prefix of a typed id.
fn typed(text: &str) -> Option<&str> {
    let (prefix, rest) = text.split_once('_')?;
    let random =
        rest.len() == 26 && rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    (prefix.len() == 3 && random).then_some(prefix)
}
