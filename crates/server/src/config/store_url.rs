//! Which store a URL names. This build has SQLite; further schemes get their place here.

use std::path::{Path, PathBuf};

/// The database that a URL names; an empty one is the database in the data folder.
pub(crate) fn sqlite_path(url: &str, folder: &Path) -> Result<PathBuf, String> {
    match url.split_once(':') {
        None if url.is_empty() => Ok(folder.join("counterfoil.db")),
        Some(("sqlite", ":memory:")) => {
            Err("a database in memory would be lost at every stop: name a file, sqlite:PATH".to_owned())
        }
        Some(("sqlite", path)) if !path.is_empty() => Ok(PathBuf::from(path)),
        // The URL may hold a password: only its scheme is repeated.
        Some((scheme, _)) => Err(format!("unknown kind of store {scheme:?}: this build has sqlite:PATH")),
        None => {
            Err("a store is named by a URL, for example sqlite:/var/lib/counterfoil/sessions.db".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_schemes_are_repeated() {
        let folder = Path::new("/d");
        assert_eq!(sqlite_path("", folder), Ok(PathBuf::from("/d/counterfoil.db")));
        assert_eq!(sqlite_path("sqlite:/a/b.db", folder), Ok(PathBuf::from("/a/b.db")));
        for bad in ["redis://:secret@host", "sqlite:", "sqlite::memory:", "secret"] {
            let told = sqlite_path(bad, folder).unwrap_err();
            assert!(!told.contains("secret"), "{told}");
        }
    }
}
