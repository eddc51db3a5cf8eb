//! What handlers take out of a request, each bounded and checked before the handler runs.

mod body;
mod caller;
mod client;
mod form;
mod json;
mod origin;
mod path;
mod query;
mod same_origin;
mod urlencoded;

pub(crate) use body::arrived;
use body::of_media_type;
pub(crate) use caller::{Administrator, Calling, check, credential};
pub(crate) use client::{ServiceClient, basic_or_post};
pub(crate) use form::Form;
pub(crate) use json::{Body, Password};
pub(crate) use origin::RequestOrigin;
pub(crate) use path::Id;
pub(crate) use query::{Params, page};
pub(crate) use same_origin::{refuse_foreign, require_same_origin};
