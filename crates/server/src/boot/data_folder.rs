//! The data folder: made for its owner only, and found out about early when it cannot be used.

use std::path::Path;

use anyhow::{Context as _, bail};

/// Makes sure that the folder is there and can be written to.
pub(crate) fn open_folder(path: &Path, create: bool) -> anyhow::Result<()> {
    if !path.exists() {
        if !create {
            bail!(
                "there is no data folder {}: name it with --data, or make it with `counterfoil serve`",
                path.display()
            );
        }
        std::fs::create_dir_all(path)
            .with_context(|| format!("cannot make the data folder {}", path.display()))?;
        private_mode(path, 0o700)?;
    }
    if !path.is_dir() {
        bail!("{} is no folder: name another one with --data", path.display());
    }
    let probe = path.join(".writable");
    std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe)).with_context(|| {
        format!(
            "the data folder {} cannot be written to: check its owner, its mode and the disk",
            path.display()
        )
    })
}

/// Gives a file or folder to its owner only.
pub(crate) fn private_mode(path: &Path, mode: u32) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
        .with_context(|| format!("cannot set the mode of {}", path.display()))
}
