//! Where the master key comes from: the environment, a file that is named, or `master.key` in the data folder.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use counterfoil_service::{MasterKey, SystemEntropy};
use rustix::fs::fsync;

/// The variable that holds the key itself.
const VARIABLE: &str = "COUNTERFOIL_MASTER_KEY";

/// Finds the key, or makes one where none is named and there is neither a key nor a database yet.
pub(crate) fn find(folder: &Path, named: Option<&Path>, database: &Path) -> anyhow::Result<MasterKey> {
    // A variable that cannot be read must not mean another key.
    if let Some(text) = std::env::var_os(VARIABLE) {
        let text = zeroize::Zeroizing::new(text.to_string_lossy().into_owned());
        return MasterKey::from_base64(&text).with_context(|| format!("the environment variable {VARIABLE}"));
    }
    match named {
        Some(path) => read(path)?.with_context(|| format!("there is no master key file {}", path.display())),
        None => {
            let path = folder.join("master.key");
            let first_start = !database.exists();
            if first_start && std::fs::metadata(&path).is_ok_and(|file| file.len() == 0) {
                // A first start that was cut off before it wrote the key, and so before anything was made with it.
                std::fs::remove_file(&path)
                    .with_context(|| format!("cannot remove the empty {}", path.display()))?;
            }
            if let Some(key) = read(&path)? {
                return Ok(key);
            }
            // A database without its key is not a first start.
            if !first_start {
                bail!(
                    "{} is missing, and the database {} was made with it: bring it back from your backup, or give \
                     the key in {VARIABLE}",
                    path.display(),
                    database.display()
                );
            }
            make(&path)
        }
    }
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
        std::fs::write(&path, "").unwrap();
        let made = find(folder.path(), None, &database).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&database, "").unwrap();
        let found = find(folder.path(), None, &database).unwrap();
        assert_eq!(*found.to_base64(), *made.to_base64());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(find(folder.path(), None, &database).err().unwrap().to_string().contains("chmod 600"));
        std::fs::remove_file(&path).unwrap();
        assert!(find(folder.path(), None, &database).err().unwrap().to_string().contains("is missing"));
        assert!(!path.exists(), "no other key is made");
        assert!(find(folder.path(), Some(&path), &database).is_err(), "a key that is named is not made");
    }
}
