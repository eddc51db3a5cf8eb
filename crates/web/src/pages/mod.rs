//! The small page at `/`: what runs here, and logging in with a cookie. Rendered on the server, without any script.

pub(crate) mod assets;
pub(crate) mod end_session;
mod form_token;
pub(crate) mod home;
mod html;
pub(crate) mod log_in;
pub(crate) mod log_out;
mod notice;
pub(crate) mod set_up;
pub(crate) mod sign_up;
