//! The whole URL table: method, path, who may call it, and which function answers. Nothing else routes.

use axum::Router;
use axum::handler::Handler;
use axum::response::IntoResponse;
use axum::routing::{MethodFilter, MethodRouter, on};
use http::StatusCode;

use crate::api::{admin, feed, login, logout, me, password, reauthenticate, renew, sessions, users};
use crate::app::App;
use crate::oauth::{introspect, revoke, token};
use crate::problem::Problem;
use crate::{middleware, operations, pages, verify, well_known};

/// Who may call a route. The handler's own arguments enforce it; a test compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anybody.
    Public,
    /// Whoever is logged in.
    Caller,
    /// Administrators.
    Admin,
    /// Services, with their own secret.
    Service,
    /// Anybody, with a browser. Not part of the OpenAPI document.
    Page,
}

/// One row of the table.
pub(crate) struct Route {
    #[cfg_attr(not(test), expect(dead_code, reason = "read by the test that compares"))]
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    #[cfg_attr(not(test), expect(dead_code, reason = "read by the test that compares"))]
    pub(crate) access: Access,
    handler: MethodRouter<App>,
}

/// The table.
#[rustfmt::skip] // a row a line
pub(crate) fn table() -> Vec<Route> {
    use Access::{Admin, Caller, Page, Public, Service};
    vec![
        get("/", Page, pages::home::show),
        post("/signup", Page, pages::sign_up::submit),
        post("/login", Page, pages::log_in::submit),
        post("/logout", Page, pages::log_out::submit),
        post("/sessions/end", Page, pages::end_session::submit),
        get("/setup", Page, pages::set_up::show),
        post("/setup", Page, pages::set_up::submit),
        get("/assets/{name}", Page, pages::assets::show),

        post("/v1/users", Public, users::sign_up),
        post("/v1/login", Public, login::login),
        post("/v1/logout", Caller, logout::logout),
        post("/v1/renew", Caller, renew::renew),
        post("/v1/reauthenticate", Caller, reauthenticate::reauthenticate),
        get(me::PATH, Caller, me::me),
        put("/v1/me/password", Caller, password::change),
        get("/v1/sessions", Caller, sessions::list),
        delete("/v1/sessions", Caller, sessions::end_others),
        delete("/v1/sessions/{id}", Caller, sessions::end_one),

        get("/v1/admin/sessions", Admin, admin::sessions::list),
        get("/v1/admin/tokens", Admin, admin::tokens::list),
        post("/v1/admin/revocations", Admin, admin::revocations::revoke),
        get("/v1/admin/users", Admin, admin::users::list),
        post("/v1/admin/users", Admin, admin::users::add),
        get("/v1/admin/users/{id}", Admin, admin::users::show),
        patch("/v1/admin/users/{id}", Admin, admin::users::change),
        get("/v1/admin/clients", Admin, admin::clients::list),
        post("/v1/admin/clients", Admin, admin::clients::add),
        get("/v1/admin/clients/{id}", Admin, admin::clients::show),
        patch("/v1/admin/clients/{id}", Admin, admin::clients::change),
        delete("/v1/admin/clients/{id}", Admin, admin::clients::remove),
        post("/v1/admin/clients/{id}/secret", Admin, admin::clients::rotate_secret),
        get("/v1/admin/keys", Admin, admin::keys::list),
        post("/v1/admin/keys/rotate", Admin, admin::keys::rotate),
        get("/v1/admin/audit", Admin, admin::audit::list),
        get("/v1/admin/verifiers", Admin, admin::verifiers::list),

        post("/oauth/token", Public, token::token),
        post("/oauth/introspect", Service, introspect::introspect),
        post("/oauth/revoke", Service, revoke::revoke),
        get("/v1/revocations/feed", Service, feed::subscribe),
        post("/v1/revocations/ack", Service, feed::acknowledge),
        get("/verify", Caller, verify::verify),
        get("/.well-known/jwks.json", Public, well_known::jwks),
        get("/.well-known/oauth-authorization-server", Public, well_known::metadata),

        get("/healthz", Public, operations::healthz),
        get("/readyz", Public, operations::readyz),
        get("/metrics", Public, operations::metrics),
        get("/openapi.json", Public, operations::openapi),
    ]
}

/// The router of the table.
pub(crate) fn router(table: Vec<Route>, app: App) -> Router {
    table
        .into_iter()
        .fold(Router::new(), |router, route| router.route(route.path, route.handler))
        .route_layer(axum::middleware::from_fn(middleware::tell_template))
        .fallback(nothing_here)
        .method_not_allowed_fallback(not_that_method)
        .with_state(app)
}

async fn nothing_here() -> impl IntoResponse {
    Problem::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "there is nothing at this path: /openapi.json lists those there are",
    )
}

async fn not_that_method() -> impl IntoResponse {
    let detail = "this path is not for that method: the Allow header lists those it is for";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}

macro_rules! rows {
    ($($function:ident: $filter:ident, $method:literal;)*) => {$(
        fn $function<H, T>(path: &'static str, access: Access, handler: H) -> Route
        where
            H: Handler<T, App>,
            T: 'static,
        {
            Route { method: $method, path, access, handler: on(MethodFilter::$filter, handler) }
        }
    )*};
}

rows! {
    get: GET, "get";
    post: POST, "post";
    put: PUT, "put";
    patch: PATCH, "patch";
    delete: DELETE, "delete";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_openapi_document_has_every_route_and_says_who_may_call_it() {
        let document: Value = serde_json::from_str(&crate::openapi()).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
        let (mut described, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for (path, operations) in document["paths"].as_object().unwrap() {
            for (method, operation) in operations.as_object().unwrap() {
                let security = operation.get("security").unwrap_or(&document["security"]);
                let access = match security {
                    open if *open == json!([{}]) => "Public",
                    service if *service == json!([{"client": []}]) => "Service",
                    _ if path.starts_with("/v1/admin/") => "Admin",
                    _ => "Caller",
                };
                described.insert(format!("{method} {path} {access}"));
                assert!(ids.insert(operation["operationId"].to_string()), "{method} {path}");
            }
        }
        let routed: BTreeSet<_> = table()
            .iter()
            .filter(|route| route.access != Access::Page)
            .map(|route| format!("{} {} {:?}", route.method, route.path, route.access))
            .collect();
        assert_eq!(described, routed);
    }
}
