//! The view of the revocation feed that this node keeps, and the feed that it serves to other verifiers.

mod follow;
mod live_view;
mod subscription;
mod verifiers;

pub(crate) use live_view::LiveView;
pub use subscription::{FeedEvent, FeedSubscription};
pub(crate) use verifiers::VerifierRegistry;
pub use verifiers::VerifierView;
