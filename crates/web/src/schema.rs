//! The shapes of what the authority serialises itself, for the OpenAPI document alone: the authority knows no OpenAPI.
//! A test compares them with real answers.
#![expect(dead_code, reason = "these types describe; nothing makes a value of them")]

use utoipa::ToSchema;

/// Who is calling, in the same shape in every mode.
#[derive(ToSchema)]
pub(crate) struct Principal {
    /// `cookie`, `jwt` or `recorded`.
    mode: String,
    user: UserCard,
    /// Null for a stateless token.
    session: Option<SessionCard>,
    client_id: String,
    /// The client's own claims.
    claims: serde_json::Map<String, serde_json::Value>,
}

/// A user, as a principal tells of it.
#[derive(ToSchema)]
pub(crate) struct UserCard {
    id: String,
    email: String,
    name: Option<String>,
}

/// A session, as a principal tells of it.
#[derive(ToSchema)]
pub(crate) struct SessionCard {
    id: String,
    /// When the user proved who they are.
    #[schema(format = DateTime)]
    auth_time: String,
}

/// Whose a session or token is.
#[derive(ToSchema)]
pub(crate) struct UserRef {
    id: String,
    /// Null when the account is gone.
    email: Option<String>,
}

/// The end of a session or token before it expired.
#[derive(ToSchema)]
pub(crate) struct End {
    #[schema(format = DateTime)]
    at: String,
    /// For example `logged_out`.
    reason: String,
    /// By whom.
    by: Option<String>,
    note: Option<String>,
}

/// A session in the book.
#[derive(ToSchema)]
pub(crate) struct SessionView {
    id: String,
    user: UserRef,
    client_id: String,
    mode: String,
    /// `alive`, `expired` or `ended`.
    state: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    auth_time: String,
    /// To the minute.
    #[schema(format = DateTime)]
    last_seen_at: String,
    /// When it is over if it is not used again.
    #[schema(format = DateTime)]
    idle_deadline: String,
    #[schema(format = DateTime)]
    expires_at: String,
    address: Option<String>,
    user_agent: Option<String>,
    ended: Option<End>,
    /// Whether it is the caller's own.
    current: bool,
}

/// A recorded token's header.
#[derive(ToSchema)]
pub(crate) struct TokenHeader {
    alg: String,
    typ: String,
    kid: String,
}

/// The counterfoil of a recorded token.
#[derive(ToSchema)]
pub(crate) struct TokenView {
    id: String,
    session_id: String,
    user: UserRef,
    client_id: String,
    /// `alive`, `expired` or `revoked`.
    state: String,
    #[schema(format = DateTime)]
    issued_at: String,
    #[schema(format = DateTime)]
    expires_at: String,
    header: TokenHeader,
    claims: serde_json::Map<String, serde_json::Value>,
    /// SHA-256 of the signing input.
    digest: String,
    address: Option<String>,
    user_agent: Option<String>,
    ended: Option<End>,
}

/// What is revoked: what is named must all be met. `token`, `session` and `all` stand alone.
#[derive(ToSchema)]
pub(crate) struct Selection {
    token: Option<String>,
    session: Option<String>,
    user: Option<String>,
    client: Option<String>,
    /// Sessions begun before.
    #[schema(format = DateTime)]
    issued_before: Option<String>,
    /// True: everything.
    all: Option<bool>,
}

/// How many verifiers have a revocation.
#[derive(ToSchema)]
pub(crate) struct Verifiers {
    connected: u64,
    confirmed: u64,
}

/// What a revocation did.
#[derive(ToSchema)]
pub(crate) struct RevocationReport {
    /// Sessions, or tokens where one token was selected.
    revoked: u64,
    sessions: u64,
    tokens: u64,
    /// The number of the marker in the feed.
    sequence: u64,
    dry_run: bool,
    verifiers: Verifiers,
    took_ms: u64,
    /// Stateless tokens in the selection stay valid at most until then.
    #[schema(format = DateTime)]
    stateless_until: Option<String>,
}

/// A signing key.
#[derive(ToSchema)]
pub(crate) struct KeyView {
    /// The `kid`.
    id: String,
    algorithm: String,
    /// `next`, `active` or `retiring`.
    state: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    activated_at: Option<String>,
    #[schema(format = DateTime)]
    published_until: Option<String>,
}

/// An entry of the audit log.
#[derive(ToSchema)]
pub(crate) struct AuditEntry {
    sequence: u64,
    #[schema(format = DateTime)]
    at: String,
    actor: String,
    action: String,
    target: Option<String>,
    /// Particulars. Never a secret.
    detail: serde_json::Value,
    address: Option<String>,
}

/// A connected verifier.
#[derive(ToSchema)]
pub(crate) struct VerifierView {
    id: String,
    client_id: String,
    name: Option<String>,
    #[schema(format = DateTime)]
    connected_at: String,
    confirmed_sequence: Option<u64>,
    #[schema(format = DateTime)]
    confirmed_at: Option<String>,
}

/// Lifetimes in seconds.
#[derive(ToSchema)]
pub(crate) struct Lifetimes {
    /// `cookie`: unused for so long, a session is over.
    idle: u64,
    /// Over so long after the log-in, whatever happens.
    absolute: u64,
    /// Of an access token, less up to 5 % of jitter.
    access: u64,
    /// `recorded`: unused for so long, a refresh token is over.
    refresh: u64,
    /// Repeats of a refresh within this time converge on one answer.
    refresh_window: u64,
}

/// A client's own claims, by name: `{"user": "email"}` or `{"value": …}`.
#[derive(ToSchema)]
#[schema(value_type = Object)]
pub(crate) struct Claims(serde_json::Map<String, serde_json::Value>);

/// RFC 7662, section 2.2. Of an inactive token nothing but `active` is told; of an access token, its claims too.
#[derive(ToSchema)]
pub(crate) struct Introspection {
    active: bool,
    /// `access_token`, `refresh_token` or `session`.
    token_type: Option<String>,
    mode: Option<String>,
    /// The user.
    sub: Option<String>,
    client_id: Option<String>,
    /// The session.
    sid: Option<String>,
    /// Seconds since the Unix epoch.
    exp: Option<i64>,
}
