//! What every handler is given: the authority, the settings, and what is counted.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;

use axum::BoxError;
use axum::body::HttpBody;
use axum::response::Response;
use bytes::Bytes;
use counterfoil_service::Authority;
use http::Request;

use crate::middleware::Outermost;
use crate::operations::Metrics;
use crate::{WebSettings, cookie, routes};

/// The HTTP surface of one authority.
#[derive(Clone)]
pub struct Web(Arc<Outermost>);

impl Web {
    /// Puts the HTTP surface in front of an authority.
    #[must_use]
    pub fn new(settings: WebSettings, authority: Authority) -> Self {
        let table = routes::table();
        let metrics = Metrics::new(table.iter().map(|route| route.path));
        let app = App(Arc::new(Shared { settings, authority, metrics }));
        Self(Arc::new(Outermost::new(app.clone(), routes::router(table, app))))
    }

    /// Answers a request that came from that peer.
    pub async fn answer<B>(&self, request: Request<B>, peer: SocketAddr) -> Response
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        self.0.answer(request, peer).await
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
