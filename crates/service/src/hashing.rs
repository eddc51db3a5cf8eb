//! Password hashing (Argon2id, RFC 9106) in a bounded pool with a bounded queue, so that a flood of log-ins cannot take
//! the server down: whoever finds the queue full is told to come back, and everything else goes on.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use counterfoil_core::Entropy;
use counterfoil_core::account::PasswordHash;
use subtle::ConstantTimeEq;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use crate::{Error, HashingSettings};

/// The pool.
pub(crate) struct HashingPool {
    queue: Arc<Queue>,
    params: Params,
    /// A hash of a password that nobody knows, verified in place of an unknown user's.
    decoy: PasswordHash,
    entropy: Arc<dyn Entropy>,
    workers: usize,
}

/// What a verification found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Wrong,
    Right,
    /// Right, and hashed under other parameters than those configured now.
    RightButOutdated,
}

/// What waits for a worker, bounded.
struct Queue {
    jobs: Mutex<Option<VecDeque<Job>>>,
    arrived: Condvar,
    capacity: usize,
    /// Jobs that wait or are being worked upon.
    load: AtomicUsize,
}

struct Job {
    password: Zeroizing<String>,
    salt: Vec<u8>,
    params: Params,
    output: usize,
    reply: oneshot::Sender<Result<Zeroizing<Vec<u8>>, argon2::Error>>,
}

const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;
/// How long an idle worker keeps its memory for the next password.
const KEEP_MEMORY: Duration = Duration::from_millis(500);

impl HashingPool {
    pub(crate) fn start(settings: HashingSettings, entropy: Arc<dyn Entropy>) -> Result<Self, Error> {
        let HashingSettings { memory_kib, iterations, parallelism, .. } = settings;
        let params = Params::new(memory_kib, iterations, parallelism, Some(HASH_BYTES))
            .map_err(|e| Error::internal(e.to_string()))?;
        let workers = settings.workers.max(1);
        let queue = Arc::new(Queue {
            jobs: Mutex::new(Some(VecDeque::new())),
            arrived: Condvar::new(),
            capacity: settings.queue.max(1),
            load: AtomicUsize::new(0),
        });
        for number in 0..workers {
            let queue = Arc::clone(&queue);
            std::thread::Builder::new()
                .name(format!("hashing-{number}"))
                .spawn(move || work(&queue))
                .map_err(Error::internal)?;
        }
        let decoy = phc_string(&params, &entropy.bytes::<SALT_BYTES>(), &entropy.bytes::<HASH_BYTES>())?;
        Ok(Self { queue, params, decoy, entropy, workers })
    }

    /// Passwords that wait or are being hashed.
    pub(crate) fn load(&self) -> usize {
        self.queue.load.load(Ordering::Relaxed)
    }

    /// Hashes a new, normalised password.
    pub(crate) async fn hash(&self, password: Zeroizing<String>) -> Result<PasswordHash, Error> {
        let salt: [u8; SALT_BYTES] = self.entropy.bytes();
        let output = self.run(password, salt.to_vec(), self.params.clone(), HASH_BYTES).await?;
        phc_string(&self.params, &salt, &output)
    }

    /// Verifies a normalised password; with no hash to verify against, takes as long and finds it wrong.
    pub(crate) async fn verify(
        &self,
        password: Zeroizing<String>,
        hash: Option<&PasswordHash>,
    ) -> Result<Verdict, Error> {
        let parsed = phc::PasswordHash::new(hash.unwrap_or(&self.decoy).expose())
            .map_err(|error| Error::internal(error.to_string()))?;
        let params = Params::try_from(&parsed).map_err(|error| Error::internal(error.to_string()))?;
        let (Some(salt), Some(expected)) = (parsed.salt, parsed.hash) else {
            return Err(Error::internal("a stored password hash has no salt or no output"));
        };
        let outdated = parsed.algorithm != Algorithm::Argon2id.ident()
            || (params.m_cost(), params.t_cost(), params.p_cost())
                != (self.params.m_cost(), self.params.t_cost(), self.params.p_cost());
        let output = self.run(password, salt.as_ref().to_vec(), params, expected.len()).await?;
        let equal: bool = output.as_slice().ct_eq(expected.as_bytes()).into();
        Ok(match (equal && hash.is_some(), outdated) {
            (false, _) => Verdict::Wrong,
            (true, false) => Verdict::Right,
            (true, true) => Verdict::RightButOutdated,
        })
    }

    async fn run(
        &self,
        password: Zeroizing<String>,
        salt: Vec<u8>,
        params: Params,
        output: usize,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let (reply, answer) = oneshot::channel();
        if !self.queue.push(Job { password, salt, params, output, reply }) {
            return Err(Error::Busy { retry_after: self.retry_after() });
        }
        let output = answer.await.map_err(|_| Error::internal("a hashing worker is gone"))?;
        output.map_err(|error| Error::internal(error.to_string()))
    }

    /// About how long the queue takes: some 30 ms a password and worker, at least a second.
    fn retry_after(&self) -> Duration {
        let millis = self.load().saturating_mul(30) / self.workers;
        Duration::from_secs(u64::try_from(millis / 1000).unwrap_or(u64::MAX).saturating_add(1))
    }
}

impl Drop for HashingPool {
    fn drop(&mut self) {
        *self.queue.jobs.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.queue.arrived.notify_all();
    }
}

impl Queue {
    /// Whether there was room.
    fn push(&self, job: Job) -> bool {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(waiting) = jobs.as_mut().filter(|waiting| waiting.len() < self.capacity) else {
            return false;
        };
        waiting.push_back(job);
        self.load.fetch_add(1, Ordering::Relaxed);
        self.arrived.notify_one();
        true
    }

    /// The next job, waiting for it at most so long; `Err` when the pool is gone.
    fn pop(&self, patience: Option<Duration>) -> Result<Option<Job>, PoolGone> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match jobs.as_mut() {
                None => return Err(PoolGone),
                Some(waiting) => {
                    if let Some(job) = waiting.pop_front() {
                        return Ok(Some(job));
                    }
                }
            }
            jobs = match patience {
                None => self.arrived.wait(jobs).unwrap_or_else(PoisonError::into_inner),
                Some(patience) => {
                    let waited = self.arrived.wait_timeout(jobs, patience);
                    let (jobs, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
                    if timeout.timed_out() {
                        return Ok(None);
                    }
                    jobs
                }
            };
        }
    }
}

struct PoolGone;

fn phc_string(params: &Params, salt: &[u8], output: &[u8]) -> Result<PasswordHash, Error> {
    let error = |error: &dyn std::fmt::Display| Error::internal(error.to_string());
    let hash = phc::PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: phc::ParamsString::try_from(params).map_err(|e| error(&e))?,
        salt: Some(phc::Salt::new(salt).map_err(|e| error(&e))?),
        hash: Some(phc::Output::new(output).map_err(|e| error(&e))?),
    };
    Ok(PasswordHash::new(hash.to_string()))
}

fn work(queue: &Queue) {
    // Checks of existing sessions go before log-ins. Where the system does not allow it, they share.
    let _ = rustix::process::setpriority_process(None, 10);
    let mut memory: Vec<Block> = Vec::new();
    while let Ok(next) = queue.pop(Some(KEEP_MEMORY).filter(|_| !memory.is_empty())) {
        match next {
            // Whoever went away meanwhile, on a closed connection, costs nothing more.
            Some(job) => {
                let output = (!job.reply.is_closed()).then(|| compute(&job, &mut memory));
                queue.load.fetch_sub(1, Ordering::Relaxed);
                if let Some(output) = output {
                    let _ = job.reply.send(output);
                }
            }
            None => memory = Vec::new(),
        }
    }
}

fn compute(job: &Job, memory: &mut Vec<Block>) -> Result<Zeroizing<Vec<u8>>, argon2::Error> {
    let mut output = Zeroizing::new(vec![0; job.output]);
    let blocks = job.params.block_count();
    memory.resize(memory.len().max(blocks), Block::default());
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, job.params.clone());
    argon2.hash_password_into_with_memory(job.password.as_bytes(), &job.salt, &mut output, &mut *memory)?;
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemEntropy;

    fn pool(settings: HashingSettings) -> HashingPool {
        HashingPool::start(settings, Arc::new(SystemEntropy)).unwrap()
    }

    fn small() -> HashingSettings {
        HashingSettings { memory_kib: 64, iterations: 1, parallelism: 1, workers: 1, queue: 2 }
    }

    fn password(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_is_known_again_and_outdated_hashes_are_noticed() {
        let old = pool(small());
        let hash = old.hash(password("correct horse")).await.unwrap();
        assert!(hash.expose().starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
        assert_eq!(old.verify(password("correct horse"), Some(&hash)).await.unwrap(), Verdict::Right);
        assert_eq!(old.verify(password("correct house"), Some(&hash)).await.unwrap(), Verdict::Wrong);
        assert_eq!(old.verify(password("correct horse"), None).await.unwrap(), Verdict::Wrong);
        let new = pool(HashingSettings { iterations: 2, ..small() });
        assert_eq!(
            new.verify(password("correct horse"), Some(&hash)).await.unwrap(),
            Verdict::RightButOutdated
        );
    }

    #[tokio::test]
    async fn hashes_of_other_programs_are_read() {
        // Made by the reference implementation's `argon2 somesalt -id -t 2 -m 16 -p 1 -l 32` for "password".
        let theirs = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        let hash = PasswordHash::new(theirs.to_owned());
        assert_eq!(
            pool(small()).verify(password("password"), Some(&hash)).await.unwrap(),
            Verdict::RightButOutdated
        );
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn beyond_the_queue_callers_are_told_to_come_back() {
        let pool = Arc::new(pool(HashingSettings { memory_kib: 19_456, ..small() }));
        let tasks: Vec<_> = (0..32)
            .map(|_| {
                let pool = Arc::clone(&pool);
                tokio::spawn(async move { pool.hash(password("correct horse")).await })
            })
            .collect();
        let (mut done, mut busy) = (0, 0);
        for task in tasks {
            match task.await.unwrap() {
                Ok(_) => done += 1,
                Err(Error::Busy { retry_after }) => {
                    assert!(retry_after >= Duration::from_secs(1));
                    busy += 1;
                }
                Err(other) => panic!("{other}"),
            }
        }
        assert!(done >= 2 && busy >= 1, "{done} hashed, {busy} refused");
        assert_eq!(pool.load(), 0);
    }
}
