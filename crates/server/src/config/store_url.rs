//! Which store a URL names.

use std::fmt;
use std::path::{Path, PathBuf};

/// A store.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum StoreUrl {
    /// An SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL database, by a URL that may hold a password.
    Postgres(String),
    /// Redis or Valkey, by a URL that may hold a password. It keeps sessions, and no accounts.
    Redis(String),
}

impl StoreUrl {
    /// Reads a URL; an empty one is the database in the data folder.
    pub(crate) fn read(url: &str, folder: &Path) -> Result<Self, String> {
        match url.split_once(':') {
            None if url.is_empty() => Ok(Self::Sqlite(folder.join("counterfoil.db"))),
            Some(("sqlite", ":memory:")) => {
                Err("a database in memory would be lost at every stop: name a file, sqlite:PATH".to_owned())
            }
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(PathBuf::from(path))),
            Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => {
                Ok(Self::Postgres(url.to_owned()))
            }
            Some(("redis" | "rediss", rest)) if rest.starts_with("//") => Ok(Self::Redis(url.to_owned())),
            // The URL may hold a password: only its scheme is repeated.
            Some((scheme, _)) => Err(format!(
                "unknown kind of store {scheme:?}: there are sqlite:PATH, postgres://USER@HOST/DATABASE and, for sessions, \
                 redis://HOST"
            )),
            None => {
                Err("a store is named by a URL, for example sqlite:/var/lib/counterfoil/sessions.db"
                    .to_owned())
            }
        }
    }
}

/// Without what may be a password.
impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "{}", path.display()),
            Self::Postgres(_) => f.write_str("on PostgreSQL"),
            Self::Redis(_) => f.write_str("on Redis"),
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_known_by_its_scheme() {
        let folder = Path::new("/d");
        let sqlite = |path: &str| Ok(StoreUrl::Sqlite(PathBuf::from(path)));
        assert_eq!(StoreUrl::read("", folder), sqlite("/d/counterfoil.db"));
        assert_eq!(StoreUrl::read("sqlite:/a/b.db", folder), sqlite("/a/b.db"));
        let url = "postgres://u:secret@host/db";
        assert_eq!(StoreUrl::read(url, folder), Ok(StoreUrl::Postgres(url.to_owned())));
        assert!(!StoreUrl::read(url, folder).unwrap().to_string().contains("secret"));
    }

    #[test]
    fn only_schemes_are_repeated() {
        assert!(matches!(StoreUrl::read("rediss://:secret@host", Path::new("/d")), Ok(StoreUrl::Redis(_))));
        for bad in [
            "redis:secret",
            "mysql://:secret@host",
            "sqlite:",
            "sqlite::memory:",
            "postgres:secret",
            "secret",
        ] {
            let told = StoreUrl::read(bad, Path::new("/d")).err().unwrap();
            assert!(!told.contains("secret"), "{told}");
        }
    }
}
