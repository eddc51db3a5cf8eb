//! The HTTP surface over a real authority on the embedded store, without a socket. The modules mirror the URLs.

mod bad_input;
mod cost;
mod oauth;
mod openapi;
mod operations;
mod pages;
mod redact;
mod support;
mod v1;
mod verify;
mod well_known;
