//! What every handler is given: the authority, the settings, and what is counted.

use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use counterfoil_service::Authority;

use crate::operations::Metrics;
use crate::{WebSettings, cookie, middleware, routes};

/// The HTTP surface of one authority.
#[derive(Clone, Debug)]
pub struct Web {
    router: Router,
}

impl Web {
    /// Puts the HTTP surface in front of an authority.
    #[must_use]
    pub fn new(settings: WebSettings, authority: Authority) -> Self {
        let table = routes::table();
        let metrics = Metrics::new(table.iter().map(|route| route.path));
        let app = App(Arc::new(Shared { settings, authority, metrics }));
        let router = middleware::around(app.clone(), routes::router(table, app));
        Self { router }
    }

    /// The router, to be served with the peer's address in a `ConnectInfo<SocketAddr>` extension. Without it no address
    /// is known, and no forwarded header believed.
    pub fn router(&self) -> Router {
        self.router.clone()
    }
}

/// The state of the router: cheap to clone, as axum does for every request.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

/// What all handlers share.
pub(crate) struct Shared {
    pub(crate) settings: WebSettings,
    pub(crate) authority: Authority,
    pub(crate) metrics: Metrics,
}

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Shared {
    /// The name of the session cookie here.
    pub(crate) fn session_cookie_name(&self) -> &'static str {
        cookie::session_name(self.authority.is_secure())
    }
}
