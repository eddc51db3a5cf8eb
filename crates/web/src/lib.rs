//! Counterfoil over HTTP. A handler parses, calls one use case of the authority, and renders; nothing is decided here
//! about sessions or tokens. The whole URL table is `routes.rs`, the only mapping of errors is `problem.rs`.

#![allow(unused_qualifications, reason = "utoipa's macros write them into the handlers' modules")]

mod api;
mod app;
mod cookie;
mod extract;
mod middleware;
mod oauth;
mod oauth_error;
mod openapi;
mod operations;
mod pages;
mod problem;
mod routes;
mod schema;
mod settings;
mod verify;
mod well_known;

pub use app::Web;
pub use openapi::openapi;
pub use settings::WebSettings;
