//! One server for one data folder, and one process at a time that makes what is not there yet.

use std::fs::{File, TryLockError};
use std::path::Path;

use anyhow::{Context as _, bail};

/// Held while a server runs. The operating system lets go of it when the process dies, however it dies.
pub(crate) struct FolderLock {
    _file: File,
}

impl FolderLock {
    pub(crate) fn take(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join("server.lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.with_context(|| format!("cannot open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => bail!(
                "another server is running on {}: stop it, or give this one a data folder of its own with --data",
                folder.display()
            ),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", path.display()))
            }
        }
    }
}

/// Held while an installation is opened: whoever comes first makes the key and the database, the others find them.
pub(crate) struct FirstStart {
    _folder: Option<File>,
}

impl FirstStart {
    /// Waits for the others. Where the file system cannot lock folders there is no waiting, and one of two first starts
    /// at the same moment is refused.
    pub(crate) fn alone(folder: &Path) -> Self {
        let folder = File::open(folder).ok();
        Self { _folder: folder.filter(|folder| folder.lock().is_ok()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_server_is_refused_and_told_where() {
        let folder = tempfile::tempdir().unwrap();
        let held = FolderLock::take(folder.path()).unwrap();
        let told = FolderLock::take(folder.path()).err().unwrap().to_string();
        assert!(told.contains(&*folder.path().to_string_lossy()), "{told}");
        drop(held);
        assert!(FolderLock::take(folder.path()).is_ok());
    }
}
