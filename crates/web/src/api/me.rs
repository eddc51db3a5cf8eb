//! `GET /v1/me`: the principal. Every API asks this with every request, so nothing here is done twice or for show.

use std::io::Write;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use counterfoil_core::Principal;
use counterfoil_service::Error;
use http::{HeaderMap, HeaderValue, header};

use crate::app::{App, Shared};
use crate::extract::check;
use crate::problem::Problem;
use crate::schema;

/// The path that the outermost layer answers without asking the table.
pub(crate) const PATH: &str = "/v1/me";

/// Who am I?
///
/// The principal, in the same shape in every mode.
#[utoipa::path(get, path = "/v1/me", tag = "me",
    responses((status = 200, description = "Who is calling", body = schema::Principal)))]
pub(crate) async fn me(State(app): State<App>, headers: HeaderMap) -> Response {
    answer(&app, &headers).await
}

/// The same, without axum around it.
pub(crate) async fn answer(app: &Shared, headers: &HeaderMap) -> Response {
    match check(app, headers).await {
        Ok(caller) => render(&caller.principal),
        Err(problem) => problem.into_response(),
    }
}

fn render(principal: &Principal) -> Response {
    let mut json = Vec::with_capacity(512);
    if let Err(error) = write(&mut json, principal) {
        return Problem::internal(Error::Internal(error.into())).into_response();
    }
    let mut response = Response::new(Body::from(json));
    // Room for these and what the outermost layer adds, at once.
    let mut headers = HeaderMap::with_capacity(6);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *response.headers_mut() = headers;
    response
}

/// The principal as `Serialize` writes it, member by member: ids and times have nothing to escape, and looking for it takes
/// longer than all the rest.
fn write(json: &mut Vec<u8>, principal: &Principal) -> std::io::Result<()> {
    let Principal { mode, user, session, client_id, claims } = principal;
    write!(json, r#"{{"mode":"{mode}","user":{{"id":"{}","email":"#, user.id)?;
    serde_json::to_writer(&mut *json, &user.email)?;
    json.extend_from_slice(br#","name":"#);
    serde_json::to_writer(&mut *json, &user.name)?;
    match session {
        Some(session) => {
            write!(json, r#"}},"session":{{"id":"{}","auth_time":"{}"}},"#, session.id, session.auth_time)?;
        }
        None => json.extend_from_slice(br#"},"session":null,"#),
    }
    write!(json, r#""client_id":"{client_id}","claims":"#)?;
    serde_json::to_writer(&mut *json, claims)?;
    json.push(b'}');
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use counterfoil_core::{ClientId, Mode, SessionCard, Timestamp, UserCard};
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_is_written_is_what_serialising_gives() {
        let session = "ses_01h455vb4pex5vsknk084sn02q".parse().unwrap();
        for (name, session) in [(None, None), (Some("\"\u{0}é"), Some(session))] {
            let user = UserCard {
                id: "usr_01h455vb4pex5vsknk084sn02q".parse().unwrap(),
                email: "\"a\"@example.test".to_owned(),
                name: name.map(str::to_owned),
                admin: true,
                created_at: Timestamp::EPOCH,
            };
            let auth_time = Timestamp::from_millis(1_800_000_000_001);
            let principal = Principal {
                mode: Mode::Recorded,
                user: Arc::new(user),
                session: session.map(|id| SessionCard { id, auth_time }),
                client_id: ClientId::default_client(),
                claims: Arc::new(json!({"a": ["b", 1]}).as_object().unwrap().clone()),
            };
            let mut text = Vec::new();
            write(&mut text, &principal).unwrap();
            let written: Value = serde_json::from_slice(&text).unwrap();
            assert_eq!(written, serde_json::to_value(&principal).unwrap());
        }
    }
}
