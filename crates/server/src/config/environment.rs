//! The environment: every key of the file as `COUNTERFOIL_<SECTION>_<KEY>`, lists separated by commas.

use std::collections::HashSet;

use toml::Value;

use super::{Config, ConfigError, bounds};

/// Variables that flags read, or the master key.
const ELSEWHERE: [&str; 13] = [
    "COUNTERFOIL_ACCOUNTS",
    "COUNTERFOIL_CONFIG",
    "COUNTERFOIL_DANGER_PLAIN_HTTP",
    "COUNTERFOIL_DATA",
    "COUNTERFOIL_LISTEN",
    "COUNTERFOIL_LOG_FORMAT",
    "COUNTERFOIL_LOG_LEVEL",
    "COUNTERFOIL_MASTER_KEY",
    "COUNTERFOIL_MASTER_KEY_FILE",
    "COUNTERFOIL_PUBLIC_URL",
    "COUNTERFOIL_SESSIONS",
    "COUNTERFOIL_SHUTDOWN_GRACE",
    "COUNTERFOIL_TRUSTED_PROXY",
];

/// Refuses a variable that nothing reads: a misspelt one would leave a door open in silence. What Kubernetes adds for a
/// service that is called like us, `COUNTERFOIL_SERVICE_HOST` and `COUNTERFOIL_PORT_…`, is passed over.
pub(super) fn refuse_unknown(names: impl Iterator<Item = String>) -> Result<(), ConfigError> {
    let table = Value::try_from(Config::default()).unwrap_or(Value::Boolean(false));
    let sections = table.as_table().into_iter().flatten();
    let known: HashSet<String> = sections
        .flat_map(|(section, keys)| {
            let keys = keys.as_table().into_iter().flat_map(|keys| keys.keys());
            keys.map(|key| variable_name(section, key)).collect::<Vec<_>>()
        })
        .collect();
    let from_kubernetes = |name: &str| name.contains("_SERVICE_") || name.contains("_PORT");
    for name in
        names.filter(|name| name.starts_with("COUNTERFOIL_") && !name.starts_with("COUNTERFOIL_TEST_"))
    {
        if !known.contains(&name) && !ELSEWHERE.contains(&name.as_str()) && !from_kubernetes(&name) {
            let message =
                "nothing reads this variable: `counterfoil config template` tells the keys, each is \
                           COUNTERFOIL_<SECTION>_<KEY>"
                    .to_owned();
            return Err(ConfigError::Environment { variable: name, message });
        }
    }
    Ok(())
}

fn variable_name(section: &str, key: &str) -> String {
    format!("COUNTERFOIL_{}_{}", section.to_uppercase(), key.to_uppercase())
}

/// Lays variables over a configuration.
pub(super) fn overlay(
    config: &Config,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Config, ConfigError> {
    let failed =
        |name: &str, message: String| ConfigError::Environment { variable: name.to_owned(), message };
    let mut table = Value::try_from(config).map_err(|error| failed("COUNTERFOIL_*", error.to_string()))?;
    let sections: Vec<String> =
        table.as_table().map(|table| table.keys().cloned().collect()).unwrap_or_default();
    for section in sections {
        let Some(keys) = table.get_mut(&section).and_then(Value::as_table_mut) else { continue };
        for (key, value) in keys.iter_mut() {
            let name = variable_name(&section, key);
            if let Some(text) = variable(&name) {
                *value = read(value, &text).ok_or_else(|| failed(&name, format!("cannot read {text:?}")))?;
                // Each is tried at once, so that an error can name the variable.
                let mut one = toml::Table::new();
                one.insert(
                    section.clone(),
                    Value::Table([(key.clone(), value.clone())].into_iter().collect()),
                );
                let one: Config = Value::Table(one)
                    .try_into()
                    .map_err(|error| failed(&name, error.message().to_owned()))?;
                bounds::check(&one).map_err(|refused| failed(&name, refused.message))?;
            }
        }
    }
    table.try_into().map_err(|error| failed("COUNTERFOIL_*", error.message().to_owned()))
}

fn read(like: &Value, text: &str) -> Option<Value> {
    Some(match like {
        Value::Integer(_) => Value::Integer(text.trim().parse().ok()?),
        Value::Boolean(_) => Value::Boolean(text.trim().parse().ok()?),
        Value::Array(_) => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            Value::Array(parts.map(|part| Value::String(part.to_owned())).collect())
        }
        _ => Value::String(text.to_owned()),
    })
}
