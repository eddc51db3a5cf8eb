//! Real servers for tests, started on free ports of the loopback interface and stopped again with the test.
//!
//! Each lives in a folder of its own and is killed when its handle is dropped, or, by `setpriv --pdeathsig`, with the
//! thread that started it: a test that is killed leaves nothing behind.

pub mod postgres;
pub mod redis;

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

/// How long a server may take to answer, on a machine that is busy with other tests.
const START_WITHIN: Duration = Duration::from_secs(60);

/// A port that nothing listens on. Another test may take it in between: whoever starts a server there tries again with
/// another one.
#[must_use]
pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// Waits until a server is ready, or has ended.
pub(crate) fn wait_until(mut ready: impl FnMut() -> bool, mut ended: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < START_WITHIN {
        if ready() {
            return true;
        }
        if ended() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}
