//! The control socket in the data folder: how a command that wrote to the stores tells a running server to look at once.
//!
//! Whoever can connect holds the data folder already. A connection asks nothing and says nothing: the server catches up
//! with the stores and answers `ok <sequence>`.

use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use counterfoil_service::Authority;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};

use crate::boot::{OpenStores, private_mode};

const NAME: &str = "control.sock";
/// The longest path of a socket that every system takes.
const LONGEST: usize = 100;
/// How long a command waits for the server.
const PATIENCE: Duration = Duration::from_secs(2);

/// Listens for commands. The caller holds the folder's lock, so that a socket that is there was left behind.
pub(crate) fn listen(folder: &Path) -> anyhow::Result<UnixListener> {
    let path = folder.join(NAME);
    let _ = std::fs::remove_file(&path);
    let listener = within_reach(folder)
        .and_then(|socket| UnixListener::bind(&socket.path))
        .with_context(|| format!("cannot listen at {}", path.display()))?;
    private_mode(&path, 0o600)?;
    Ok(listener)
}

/// A path that leads to the socket while this lives.
struct Socket {
    path: PathBuf,
    _folder: Option<File>,
}

/// The path of a socket has an upper limit of about a hundred bytes; a data folder further down is reached through itself.
fn within_reach(folder: &Path) -> std::io::Result<Socket> {
    let path = folder.join(NAME);
    if path.as_os_str().len() <= LONGEST || !cfg!(target_os = "linux") {
        return Ok(Socket { path, _folder: None });
    }
    let folder = File::open(folder)?;
    let path = PathBuf::from(format!("/proc/self/fd/{}/{NAME}", folder.as_raw_fd()));
    Ok(Socket { path, _folder: Some(folder) })
}

/// Answers commands until it is dropped.
pub(crate) async fn answer(listener: UnixListener, stores: OpenStores, authority: Authority) {
    loop {
        let Ok((mut stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        stores.nudge();
        let answer = match authority.synchronise().await {
            Ok(sequence) => format!("ok {sequence}\n"),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "cannot catch up with a command");
                "failed\n".to_owned()
            }
        };
        let _ = tokio::time::timeout(PATIENCE, stream.write_all(answer.as_bytes())).await;
    }
}

/// Tells a running server, if there is one, to look at once, and waits until it has; whether there is one.
pub(crate) async fn tell(folder: &Path) -> anyhow::Result<bool> {
    let Ok(socket) = within_reach(folder) else { return Ok(false) };
    let Ok(mut stream) = UnixStream::connect(&socket.path).await else { return Ok(false) };
    let mut answer = String::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await;
    anyhow::ensure!(
        matches!(read, Ok(Ok(_))) && answer.starts_with("ok "),
        "it is done and stored, but the running server did not confirm that it has seen it; it will within a second, \
         unless its log says that it cannot reach its store"
    );
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_far_down_can_be_reached() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("x".repeat(150));
        std::fs::create_dir(&folder).unwrap();
        assert!(tell(&folder).await.is_ok(), "no server, nobody to tell");
        let listener = listen(&folder).unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"ok 7\n").await.unwrap();
        });
        tell(&folder).await.unwrap();
        server.await.unwrap();
    }
}
