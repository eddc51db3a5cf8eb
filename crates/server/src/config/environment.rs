//! The environment: every key of the file as `COUNTERFOIL_<SECTION>_<KEY>`, lists separated by commas.

use toml::Value;

use super::{Config, ConfigError, bounds};

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
            let name = format!("COUNTERFOIL_{}_{}", section.to_uppercase(), key.to_uppercase());
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
