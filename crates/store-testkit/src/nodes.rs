//! Two nodes on the same data, and races between tasks at both.

use std::any::Any;
use std::future::Future;
use std::sync::Arc;

use counterfoil_core::port::{AccountStore, SessionStore};
use tokio::sync::Barrier;

/// Two handles on one empty store, as two processes would have them.
pub struct Nodes<S: ?Sized> {
    /// One node.
    pub one: Arc<S>,
    /// Another.
    pub other: Arc<S>,
    _keep: Box<dyn Any + Send + Sync>,
}

/// Two nodes on one store of sessions.
pub type SessionNodes = Nodes<dyn SessionStore>;

/// Two nodes on one store of accounts.
pub type AccountNodes = Nodes<dyn AccountStore>;

impl SessionNodes {
    /// Takes two handles, and what must live as long as they do.
    pub fn new<S: SessionStore + 'static>(one: S, other: S, keep: impl Any + Send + Sync) -> Self {
        Self { one: Arc::new(one), other: Arc::new(other), _keep: Box::new(keep) }
    }
}

impl AccountNodes {
    /// Takes two handles, and what must live as long as they do.
    pub fn new<S: AccountStore + 'static>(one: S, other: S, keep: impl Any + Send + Sync) -> Self {
        Self { one: Arc::new(one), other: Arc::new(other), _keep: Box::new(keep) }
    }
}

impl<S: ?Sized> Nodes<S> {
    /// Runs `count` tasks that start together, every second one at the other node, and returns what each came to.
    pub(crate) async fn race<T, F>(&self, count: usize, attempt: impl Fn(usize, Arc<S>) -> F) -> Vec<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let start = Arc::new(Barrier::new(count));
        let tasks: Vec<_> = (0..count)
            .map(|number| {
                let store = if number % 2 == 0 { &self.one } else { &self.other };
                let attempt = attempt(number, Arc::clone(store));
                let start = Arc::clone(&start);
                tokio::spawn(async move {
                    start.wait().await;
                    attempt.await
                })
            })
            .collect();
        let mut outcomes = Vec::with_capacity(count);
        for task in tasks {
            outcomes.push(task.await.unwrap());
        }
        outcomes
    }
}
