//! Where the master key comes from: the environment, a file that is named, or `master.key` in the data folder.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use counterfoil_service::{MasterKey, SystemEntropy};
use rustix::fs::fsync;

use crate::config::StoreUrl;

/// The variable that holds the key itself.
const VARIABLE: &str = "COUNTERFOIL_MASTER_KEY";

/// The key, and the file that was made for it just now, if it was.
pub(super) struct FoundKey {
    pub(super) key: MasterKey,
    made: Option<PathBuf>,
}

impl FoundKey {
    /// Removes the file that was made for it: the installation has another key already.
    pub(super) fn unmake(&self) {
        if let Some(path) = &self.made {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Finds the key, or makes one where none is named and there is neither a key nor a database yet. Whether there is an
/// installation in a store that others share is not known yet: a key that is made for one is unmade if there is.
pub(super) fn find(folder: &Path, named: Option<&Path>, accounts: &StoreUrl) -> anyhow::Result<FoundKey> {
    let found = |key| FoundKey { key, made: None };
    // A variable that cannot be read must not mean another key.
    if let Some(text) = std::env::var_os(VARIABLE) {
        let text = zeroize::Zeroizing::new(text.to_string_lossy().into_owned());
        let key = MasterKey::from_base64(&text);
        return key.map(found).with_context(|| format!("the environment variable {VARIABLE}"));
    }
    if let Some(path) = named {
        let key = read(path)?.with_context(|| format!("there is no master key file {}", path.display()));
        return key.map(found);
    }
    let path = folder.join("master.key");
    let first_start = match accounts {
        StoreUrl::Sqlite(database) => !database.exists(),
        StoreUrl::Postgres(_) | StoreUrl::Redis(_) => true,
    };
    if first_start && std::fs::metadata(&path).is_ok_and(|file| file.len() == 0) {
        // A first start that was cut off before it wrote the key, and so before anything was made with it.
        std::fs::remove_file(&path).with_context(|| format!("cannot remove the empty {}", path.display()))?;
    }
    if let Some(key) = read(&path)? {
        return Ok(found(key));
    }
    // A database without its key is not a first start.
    if !first_start {
        bail!(
            "{} is missing, and {accounts} was made with it: bring it back from your backup, or give the key in \
             {VARIABLE}",
            path.display(),
        );
    }
    Ok(FoundKey { key: make(&path)?, made: Some(path) })
}

fn read(path: &Path) -> anyhow::Result<Option<MasterKey>> {
    let name = || format!("the master key file {}", path.display());
    let text = match std::fs::read_to_string(path) {
        Ok(text) => zeroize::Zeroizing::new(text),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(name),
    };
    let mode = std::fs::metadata(path).with_context(name)?.permissions().mode();
    if mode & 0o077 != 0 {
        bail!("{} can be read by others (mode {:o}): chmod 600 {}", name(), mode & 0o777, path.display());
    }
    MasterKey::from_base64(&text).map(Some).with_context(name)
}

fn make(path: &Path) -> anyhow::Result<MasterKey> {
    let key = MasterKey::generate(&SystemEntropy);
    let written = File::options().write(true).create_new(true).mode(0o600).open(path).and_then(|mut file| {
        file.write_all(key.to_base64().as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()
    });
    written.with_context(|| format!("cannot write the master key file {}", path.display()))?;
    // The name of the file has to survive a power failure too.
    if let Some(folder) = path.parent() {
        let folder = File::open(folder).with_context(|| format!("cannot open {}", folder.display()))?;
        fsync(folder).context("cannot sync the data folder")?;
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let (path, database) = (folder.path().join("master.key"), folder.path().join("counterfoil.db"));
        let accounts = StoreUrl::Sqlite(database.clone());
        let find = |named| find(folder.path(), named, &accounts);
        std::fs::write(&path, "").unwrap();
        let made = find(None).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&database, "").unwrap();
        let found = find(None).unwrap();
        assert_eq!(*found.key.to_base64(), *made.key.to_base64());
        found.unmake();
        assert!(path.exists(), "only what was made now is unmade");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(find(None).err().unwrap().to_string().contains("chmod 600"));
        std::fs::remove_file(&path).unwrap();
        assert!(find(None).err().unwrap().to_string().contains("is missing"));
        assert!(!path.exists(), "no other key is made");
        assert!(find(Some(&path)).is_err(), "a key that is named is not made");
    }

    #[test]
    fn a_key_made_beside_a_shared_store_that_has_one_is_unmade() {
        let folder = tempfile::tempdir().unwrap();
        let shared = StoreUrl::Postgres("postgres://host/db".to_owned());
        let made = find(folder.path(), None, &shared).unwrap();
        assert!(folder.path().join("master.key").exists());
        made.unmake();
        assert!(!folder.path().join("master.key").exists());
    }
}
