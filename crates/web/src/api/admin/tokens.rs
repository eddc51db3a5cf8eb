//! `GET /v1/admin/tokens`: every recorded token, from its counterfoil.

use axum::Json;
use axum::extract::State;
use counterfoil_core::{ClientId, Mode, SessionId, Timestamp, TokenId, UserId};
use counterfoil_service::{BookQuery, TokenView};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::list::List;
use crate::app::App;
use crate::extract::{Administrator, Params, page};
use crate::problem::Problem;
use crate::schema;

/// Which tokens.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    #[param(value_type = Option<String>)]
    user: Option<UserId>,
    #[param(value_type = Option<String>)]
    client: Option<ClientId>,
    #[param(value_type = Option<String>)]
    mode: Option<Mode>,
    #[param(value_type = Option<String>)]
    session: Option<SessionId>,
    /// `alive`, `expired` or `revoked`.
    state: Option<String>,
    #[param(value_type = Option<String>, format = DateTime)]
    created_after: Option<Timestamp>,
    /// Words in the user's address or name, the client's address or its user agent.
    q: Option<String>,
    /// 1 to 200; 50 without it.
    limit: Option<u16>,
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<TokenId>,
}

/// The book: recorded tokens
#[utoipa::path(get, path = "/v1/admin/tokens", operation_id = "list_tokens", tag = "administration", params(Filter),
    responses((status = 200, description = "A page of token records", body = List<schema::TokenView>)))]
pub(crate) async fn list(
    State(app): State<App>,
    _: Administrator,
    Params(filter): Params<Filter>,
) -> Result<Json<List<TokenView>>, Problem> {
    let Filter { user, client, mode, session, state, created_after, q, limit, cursor } = filter;
    let query = BookQuery { user, client, mode, session, state, created_after, q };
    Ok(List::page(app.authority.book_tokens(query, page(limit, cursor)?).await?, |view| view))
}
