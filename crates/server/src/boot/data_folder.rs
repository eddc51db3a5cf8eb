//! The data folder: made for its owner only, and found out about early when it cannot be used.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context as _, bail};
use rustix::fs::Mode;

/// Makes sure that the folder is there and can be written to.
pub(crate) fn open_folder(path: &Path, create: bool) -> anyhow::Result<()> {
    if !path.exists() {
        if !create {
            bail!(
                "there is no data folder {}: name it with --data, or make it with `counterfoil serve`",
                path.display()
            );
        }
        make(path).with_context(|| format!("cannot make the data folder {}", path.display()))?;
    }
    if !path.is_dir() {
        bail!("{} is no folder: name another one with --data", path.display());
    }
    // The database, its log and the socket are for the owner, whatever the mode of a folder that was there before.
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    // A name of its own: commands run at the same time.
    let probe = path.join(format!(".writable-{}", std::process::id()));
    std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe)).with_context(|| {
        format!(
            "the data folder {} cannot be written to: check its owner, its mode and the disk",
            path.display()
        )
    })
}

/// Makes the folder, at no moment open to others. Another process may make it at the same time.
fn make(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    match std::fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// Gives a file to its owner only.
pub(crate) fn private_mode(path: &Path, mode: u32) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
        .with_context(|| format!("cannot set the mode of {}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_folder_is_made_only_when_asked_and_for_its_owner() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a/b");
        assert!(open_folder(&path, false).unwrap_err().to_string().contains("there is no data folder"));
        assert!(!path.exists());
        open_folder(&path, true).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(std::fs::read_dir(&path).unwrap().count(), 0, "nothing is left of the probe");
        std::fs::write(path.join("file"), "").unwrap();
        assert!(open_folder(&path.join("file"), true).unwrap_err().to_string().contains("is no folder"));
    }
}
