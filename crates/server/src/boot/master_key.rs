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

/// Finds the key, or makes one where none is named and there is none yet.
pub(crate) fn find(folder: &Path, named: Option<&Path>) -> anyhow::Result<MasterKey> {
    if let Ok(text) = std::env::var(VARIABLE) {
        return MasterKey::from_base64(&text).with_context(|| format!("the environment variable {VARIABLE}"));
    }
    match named {
        Some(path) => read(path)?.with_context(|| format!("there is no master key file {}", path.display())),
        None => {
            let path = folder.join("master.key");
            if let Some(key) = read(&path)? {
                return Ok(key);
            }
            // A database without its key is not a first start.
            if folder.join("counterfoil.db").exists() {
                bail!(
                    "{} is missing, and the database beside it was made with it: bring it back from your backup, or \
                     give the key in {VARIABLE}",
                    path.display()
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
