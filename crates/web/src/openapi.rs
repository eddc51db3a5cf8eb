//! The OpenAPI 3.1 document, made from the handlers' own annotations and types.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use crate::api::admin::{
    audit, clients, keys, revocations, sessions as book, tokens, users as admin_users, verifiers,
};
use crate::api::{feed, login, logout, me, password, reauthenticate, renew, sessions, users};
use crate::oauth::{introspect, revoke, token};
use crate::problem::ProblemDocument;
use crate::{operations, verify, well_known};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Counterfoil",
        description = "Three ways to carry a login, one API. Errors are problem documents (RFC 9457) with a stable `code`; \
                       the OAuth endpoints have errors in the form of RFC 6749. Lists answer `{items, next}`; `next` is the \
                       `cursor` of the next page. Changes that ride on the session cookie need `Sec-Fetch-Site: same-origin` \
                       or an `Origin` header with the server's own origin, which browsers send.",
        license(name = "MIT OR Apache-2.0")
    ),
    paths(
        users::sign_up, login::login, logout::logout, renew::renew,
        me::me, reauthenticate::reauthenticate, password::change,
        sessions::list, sessions::end_one, sessions::end_others,
        book::list, tokens::list, revocations::revoke,
        admin_users::list, admin_users::add, admin_users::show, admin_users::change,
        clients::list, clients::add, clients::show, clients::change, clients::remove, clients::rotate_secret,
        keys::list, keys::rotate, audit::list, verifiers::list,
        token::token, introspect::introspect, revoke::revoke,
        feed::subscribe, feed::acknowledge, verify::verify, well_known::jwks, well_known::metadata,
        operations::healthz, operations::readyz, operations::metrics, operations::openapi,
    ),
    components(schemas(ProblemDocument)),
    security(("cookie" = []), ("bearer" = [])),
    tags(
        (name = "login", description = "Signing up, logging in and out"),
        (name = "me", description = "Who is calling, and their sessions"),
        (name = "administration", description = "The book, and what administrators change"),
        (name = "oauth", description = "Refresh, introspection, revocation"),
        (name = "verifiers", description = "For whoever checks credentials"),
        (name = "operations", description = "For whoever runs the server"),
    ),
    modifiers(&Credentials, &Problems)
)]
struct Document;

/// The document as JSON text.
#[must_use]
pub fn openapi() -> String {
    let mut text = Document::openapi().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// The ways to say who is calling.
struct Credentials;

impl Modify for Credentials {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        let cookie =
            ApiKeyValue::with_description("__Host-session", "`session` where the issuer is plain HTTP");
        components.add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        let client = HttpBuilder::new().scheme(HttpAuthScheme::Basic).build();
        components.add_security_scheme("client", SecurityScheme::Http(client));
    }
}

/// Everything but OAuth is refused with a problem document.
struct Problems;

impl Modify for Problems {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let problem = ResponseBuilder::new()
            .description("A problem")
            .content(
                "application/problem+json",
                ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build(),
            )
            .build();
        for (path, item) in &mut openapi.paths.paths {
            let operations =
                [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
            for operation in operations.into_iter().flatten() {
                if !path.starts_with("/oauth/") {
                    operation.responses.responses.insert("default".to_owned(), problem.clone().into());
                }
            }
        }
    }
}
