//! The configuration: flags over environment over a TOML file over defaults. Unknown keys are refused.

mod bounds;
mod duration;
mod environment;
mod locate;
mod sections;
mod store_url;
mod template;

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub(crate) use duration::{Span, parse_span};
pub(crate) use sections::{
    AuditSection, DurabilityWord, KeysSection, LogFormat, LoggingSection, PasswordsSection, PastLimitWord,
    ServerSection, SessionsSection, SignUpSection, StorageSection,
};
pub(crate) use store_url::StoreUrl;
pub(crate) use template::TEMPLATE;

/// The whole configuration.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    pub(crate) server: ServerSection,
    pub(crate) storage: StorageSection,
    pub(crate) sign_up: SignUpSection,
    pub(crate) passwords: PasswordsSection,
    pub(crate) sessions: SessionsSection,
    pub(crate) keys: KeysSection,
    pub(crate) audit: AuditSection,
    pub(crate) logging: LoggingSection,
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("cannot read {path}: {source}")]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{place}: {message}")]
    Content { place: Place, message: String },
    #[error("the environment variable {variable}: {message}")]
    Environment { variable: String, message: String },
    #[error("{section}.{key}: {message}")]
    Value { section: &'static str, key: &'static str, message: String },
}

/// Where in a file something is wrong.
#[derive(Debug)]
pub(crate) struct Place {
    path: PathBuf,
    line: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        self.line.map_or(Ok(()), |line| write!(f, ", line {line}"))
    }
}

impl Config {
    /// Reads the file, if there is one, and lays the environment over it.
    pub(crate) fn load(path: Option<&Path>) -> Result<Self, ConfigError> {
        let config = match path {
            None => Self::default(),
            Some(path) => {
                let read = |source| ConfigError::Read { path: path.to_owned(), source };
                Self::parse(path, &std::fs::read_to_string(path).map_err(read)?)?
            }
        };
        environment::refuse_unknown(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()))?;
        environment::overlay(&config, |variable| std::env::var(variable).ok())
    }

    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let content =
            |line, message| ConfigError::Content { place: Place { path: path.to_owned(), line }, message };
        let config: Self = toml::from_str(text).map_err(|error| {
            let offset = error.span().map(|span| span.start);
            let line = offset.and_then(|offset| locate::line_of(text, offset));
            // What the parser says of a value does not name its key.
            let message = match offset.and_then(|offset| locate::key_at(text, offset)) {
                Some(key) => format!("{}: {}", key.name, error.message()),
                None => error.message().to_owned(),
            };
            content(line, message)
        })?;
        bounds::check(&config).map_err(|refused| {
            let place = locate::key_named(text, refused.section, refused.key);
            content(
                place.map(|place| place.line),
                format!("{}.{}: {}", refused.section, refused.key, refused.message),
            )
        })?;
        Ok(config)
    }

    /// Refuses values that make no sense, after flags were laid over.
    pub(crate) fn checked(self) -> Result<Self, ConfigError> {
        bounds::check(&self).map_err(|refused| ConfigError::Value {
            section: refused.section,
            key: refused.key,
            message: refused.message,
        })?;
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(Path::new("c.toml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn the_template_is_valid_and_says_the_defaults() {
        assert_eq!(parse(TEMPLATE).unwrap(), Config::default());
        let commented_in: String =
            TEMPLATE.lines().map(|line| line.strip_prefix("#:").unwrap_or(line).to_owned() + "\n").collect();
        assert_eq!(parse(&commented_in).unwrap(), Config::default());
    }

    #[test]
    fn every_key_is_in_the_template() {
        let toml::Value::Table(sections) = toml::Value::try_from(Config::default()).unwrap() else {
            panic!("a table")
        };
        for (section, keys) in sections {
            assert!(TEMPLATE.contains(&format!("[{section}]")), "{section}");
            for key in keys.as_table().unwrap().keys() {
                assert!(TEMPLATE.contains(&format!("#:{key} = ")), "{section}.{key}");
            }
        }
    }

    #[test]
    fn errors_name_the_line() {
        let error = parse("[server]\nlisten = \"127.0.0.1:1\"\nlissten = 1\n").unwrap_err();
        assert!(error.starts_with("c.toml, line 3: unknown field `lissten`"), "{error}");
        let error = parse("[sessions]\n\nretention = \"7 moons\"\n").unwrap_err();
        assert!(
            error.starts_with("c.toml, line 3: sessions.retention: ") && error.contains("7 moons"),
            "{error}"
        );
        let error = parse("[passwords]\n\nqueue = \"x\"\n").unwrap_err();
        assert!(error.starts_with("c.toml, line 3: passwords.queue: invalid type"), "{error}");
        let error = parse("[server]\nbody_limit = 2048\nmax_connections = 0\n").unwrap_err();
        assert_eq!(error, "c.toml, line 3: server.max_connections: 0 is not between 1 and 1000000");
        let error = parse("[server\n").unwrap_err();
        assert!(error.starts_with("c.toml, line 1:"), "{error}");
        assert!(parse("[nothing]\n").is_err());
    }

    #[test]
    fn a_variable_that_nothing_reads_is_refused() {
        let told = |name: &str| environment::refuse_unknown([name.to_owned()].into_iter());
        for read in [
            "COUNTERFOIL_SIGN_UP_OPEN",
            "COUNTERFOIL_DATA",
            "PATH",
            "COUNTERFOIL_PORT",
            "COUNTERFOIL_SERVICE_HOST",
        ] {
            assert!(told(read).is_ok(), "{read}");
        }
        let error = told("COUNTERFOIL_SIGNUP_OPEN").unwrap_err().to_string();
        assert!(error.contains("COUNTERFOIL_SIGNUP_OPEN"), "{error}");
    }

    #[test]
    fn the_environment_lies_over_the_file() {
        let file = parse("[passwords]\nmin_length = 10\nqueue = 5\n").unwrap();
        let variables = |name: &str| match name {
            "COUNTERFOIL_PASSWORDS_MIN_LENGTH" => Some("12".to_owned()),
            "COUNTERFOIL_SIGN_UP_OPEN" => Some("false".to_owned()),
            "COUNTERFOIL_SERVER_TRUSTED_PROXIES" => Some("10.0.0.0/8, ::1/128".to_owned()),
            _ => None,
        };
        let config = environment::overlay(&file, variables).unwrap();
        assert_eq!((config.passwords.min_length, config.passwords.queue), (12, 5));
        assert!(!config.sign_up.open);
        assert_eq!(config.server.trusted_proxies.len(), 2);
        let bad = |name: &str| (name == "COUNTERFOIL_PASSWORDS_QUEUE").then(|| "many".to_owned());
        let error = environment::overlay(&file, bad).unwrap_err().to_string();
        assert!(error.contains("COUNTERFOIL_PASSWORDS_QUEUE"), "{error}");
        let senseless = |name: &str| (name == "COUNTERFOIL_SERVER_MAX_CONNECTIONS").then(|| "0".to_owned());
        let error = environment::overlay(&file, senseless).unwrap_err().to_string();
        assert!(error.contains("COUNTERFOIL_SERVER_MAX_CONNECTIONS: 0 is not between"), "{error}");
    }
}
