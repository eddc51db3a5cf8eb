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
            // The URL may hold a password: only its scheme is repeated.
            Some((scheme, _)) => Err(format!(
                "unknown kind of store {scheme:?}: this build has sqlite:PATH and postgres://USER@HOST/DATABASE"
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
        for bad in ["mysql://:secret@host", "sqlite:", "sqlite::memory:", "postgres:secret", "secret"] {
            let told = StoreUrl::read(bad, Path::new("/d")).err().unwrap();
            assert!(!told.contains("secret"), "{told}");
        }
    }
}
