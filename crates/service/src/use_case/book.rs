//! The book: every session and every recorded token, as administrators see them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;

use counterfoil_core::port::{SearchText, SessionFilter, TokenFilter, TokenListing, UserFilter};
use counterfoil_core::revocation::Issued;
use counterfoil_core::session::{End, Session, SessionState};
use counterfoil_core::token::{ACCESS_TOKEN_TYPE, TokenState};
use counterfoil_core::{ClientId, Mode, Page, PageRequest, SessionId, Timestamp, TokenId, UserId};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{Authority, Error};

/// Which entries of the book are wanted; all that is given must be met.
#[derive(Clone, Debug, Default)]
pub struct BookQuery {
    /// Of this user.
    pub user: Option<UserId>,
    /// Of this client.
    pub client: Option<ClientId>,
    /// Carried so. Tokens are always `recorded`.
    pub mode: Option<Mode>,
    /// Of this session. Sessions are then named by it, and not looked for by words as well.
    pub session: Option<SessionId>,
    /// `alive`, `expired`, and `ended` of sessions or `revoked` of tokens.
    pub state: Option<String>,
    /// Begun or given out at or after this instant.
    pub created_after: Option<Timestamp>,
    /// An id, or part of a user's address or name, of a user agent, or the beginning of an address.
    pub q: Option<String>,
}

impl BookQuery {
    /// Whether an entry that was named by its id meets the other conditions too.
    fn selects(&self, user: UserId, client: &ClientId, since: Timestamp) -> bool {
        self.user.is_none_or(|wanted| wanted == user)
            && self.client.as_ref().is_none_or(|wanted| wanted == client)
            && self.created_after.is_none_or(|after| since >= after)
    }
}

/// A user, in short.
#[derive(Clone, Debug, Serialize)]
pub struct UserRef {
    /// The user's id.
    pub id: UserId,
    /// The address to log in with; `None` when the account is gone.
    pub email: Option<String>,
}

/// A session, as it is shown.
#[derive(Clone, Debug, Serialize)]
pub struct SessionView {
    /// Its id.
    pub id: SessionId,
    /// Whose.
    pub user: UserRef,
    /// Through which client.
    pub client_id: ClientId,
    /// How it is carried.
    pub mode: Mode,
    /// How it is doing.
    pub state: SessionState,
    /// When it began.
    pub created_at: Timestamp,
    /// When the user proved who they are.
    pub auth_time: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// When it is over if it is not used again.
    pub idle_deadline: Timestamp,
    /// When it is over whatever its use.
    pub expires_at: Timestamp,
    /// Where the login came from.
    pub address: Option<IpAddr>,
    /// What it came with.
    pub user_agent: Option<Box<str>>,
    /// Why it was ended.
    pub ended: Option<End>,
    /// Whether it is the session of whoever asks.
    pub current: bool,
}

/// A recorded token, as it is shown.
#[derive(Clone, Debug, Serialize)]
pub struct TokenView {
    /// Its `jti`.
    pub id: TokenId,
    /// Its session.
    pub session_id: SessionId,
    /// Whose.
    pub user: UserRef,
    /// Through which client.
    pub client_id: ClientId,
    /// How it is doing.
    pub state: TokenState,
    /// When it was given out.
    pub issued_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// Its header.
    pub header: TokenHeader,
    /// Its claims.
    pub claims: Option<Box<RawValue>>,
    /// SHA-256 of its signing input.
    pub digest: counterfoil_core::Digest,
    /// Where it was given out to.
    pub address: Option<IpAddr>,
    /// What asked for it.
    pub user_agent: Option<Box<str>>,
    /// Why it, or its session, was ended.
    pub ended: Option<End>,
}

/// A token's header.
#[derive(Clone, Debug, Serialize)]
pub struct TokenHeader {
    /// Signature algorithm.
    pub alg: &'static str,
    /// Type.
    pub typ: &'static str,
    /// Key.
    pub kid: Box<str>,
}

impl Authority {
    /// A page of sessions, newest first.
    ///
    /// # Errors
    /// [`Error::BadQuery`] for words that make no sense, [`Error::Store`].
    pub async fn book_sessions(
        &self,
        query: BookQuery,
        page: PageRequest<SessionId>,
    ) -> Result<Page<SessionView, SessionId>, Error> {
        let state =
            query.state.as_deref().map(|state| one_of(state, "alive, expired or ended")).transpose()?;
        if query.session.is_some() && query.q.is_some() {
            return Err(Error::BadQuery("q: not together with session".to_owned()));
        }
        if let Some(id) = query.session.or_else(|| exact(query.q.as_deref())) {
            let session = self.0.stores.sessions.session(id).await?;
            let mut items = self.session_views(session.into_iter().collect()).await?;
            items.retain(|view| {
                query.selects(view.user.id, &view.client_id, view.created_at)
                    && query.mode.is_none_or(|mode| mode == view.mode)
                    && state.is_none_or(|state| state == view.state)
            });
            return Ok(Page { items, next: None });
        }
        let (named, search) = self.search(query.q).await?;
        if contradict(query.user, named) {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let filter = SessionFilter {
            user: query.user.or(named),
            client: query.client,
            mode: query.mode,
            state,
            created_after: query.created_after,
            search,
        };
        self.list_sessions(&filter, page).await
    }

    pub(super) async fn list_sessions(
        &self,
        filter: &SessionFilter,
        page: PageRequest<SessionId>,
    ) -> Result<Page<SessionView, SessionId>, Error> {
        let now = self.0.clock.now();
        let Page { items, next } = self.0.stores.sessions.sessions(filter, page, now).await?;
        Ok(Page { items: self.session_views(items).await?, next })
    }

    /// A page of recorded tokens, newest first.
    ///
    /// # Errors
    /// [`Error::BadQuery`] for words that make no sense, [`Error::Store`].
    pub async fn book_tokens(
        &self,
        query: BookQuery,
        page: PageRequest<TokenId>,
    ) -> Result<Page<TokenView, TokenId>, Error> {
        let state =
            query.state.as_deref().map(|state| one_of(state, "alive, expired or revoked")).transpose()?;
        if query.mode.is_some_and(|mode| mode != Mode::Recorded) {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let now = self.0.clock.now();
        if let Some(id) = exact(query.q.as_deref()) {
            let token = self.0.stores.sessions.token(id).await?;
            let mut items = self.token_views(token.into_iter().collect(), now).await?;
            items.retain(|view| {
                query.selects(view.user.id, &view.client_id, view.issued_at)
                    && query.session.is_none_or(|session| session == view.session_id)
                    && state.is_none_or(|state| state == view.state)
            });
            return Ok(Page { items, next: None });
        }
        let (named, search) = self.search(query.q).await?;
        if contradict(query.user, named) {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let filter = TokenFilter {
            user: query.user.or(named),
            client: query.client,
            session: query.session,
            state,
            created_after: query.created_after,
            search,
        };
        let Page { items, next } = self.0.stores.sessions.tokens(&filter, page, now).await?;
        Ok(Page { items: self.token_views(items, now).await?, next })
    }

    /// What is to be looked for: a user named by id, or words.
    async fn search(&self, q: Option<String>) -> Result<(Option<UserId>, Option<SearchText>), Error> {
        let Some(text) = q.map(|q| q.trim().to_owned()).filter(|q| !q.is_empty()) else {
            return Ok((None, None));
        };
        if text.len() > 256 {
            return Err(Error::BadQuery("q: at most 256 bytes".to_owned()));
        }
        if let Ok(user) = text.parse() {
            return Ok((Some(user), None));
        }
        let filter = UserFilter { text: Some(text.clone()), ..UserFilter::default() };
        let users = self.0.stores.accounts.users(&filter, PageRequest::new(100, None)).await?;
        if users.next.is_some() {
            return Err(Error::BadQuery("q: more than 100 users match: say more of the address".to_owned()));
        }
        Ok((None, Some(SearchText { users: users.items.into_iter().map(|user| user.id).collect(), text })))
    }

    async fn session_views(&self, sessions: Vec<Session>) -> Result<Vec<SessionView>, Error> {
        let now = self.0.clock.now();
        let users = self.user_refs(sessions.iter().map(|session| session.user)).await?;
        let view = |session: Session| SessionView {
            id: session.id,
            user: users.get(&session.user).cloned().unwrap_or(UserRef { id: session.user, email: None }),
            mode: session.mode(),
            state: session.state(now),
            created_at: session.id.created_at(),
            auth_time: session.auth_time,
            last_seen_at: session.last_seen_at,
            idle_deadline: session.idle_deadline(),
            expires_at: session.expires_at,
            client_id: session.client,
            address: session.origin.address,
            user_agent: session.origin.user_agent,
            ended: session.ended,
            current: false,
        };
        Ok(sessions.into_iter().map(view).collect())
    }

    async fn token_views(&self, tokens: Vec<TokenListing>, now: Timestamp) -> Result<Vec<TokenView>, Error> {
        let users = self.user_refs(tokens.iter().map(|token| token.record.user)).await?;
        let view = |TokenListing { record, generation, session_end }: TokenListing| {
            // A store that ends records in the background may be behind the view.
            let issued = Issued {
                token: Some(record.id),
                session: record.session,
                user: record.user,
                client: &record.client,
                generation,
            };
            let covered = self.0.view.covers(&issued).0.is_some();
            let state = record.state(session_end.as_ref(), now);
            TokenView {
                id: record.id,
                session_id: record.session,
                user: users.get(&record.user).cloned().unwrap_or(UserRef { id: record.user, email: None }),
                state: if covered { TokenState::Revoked } else { state },
                issued_at: record.issued_at,
                expires_at: record.expires_at,
                header: TokenHeader {
                    alg: record.algorithm.as_str(),
                    typ: ACCESS_TOKEN_TYPE,
                    kid: record.key_id,
                },
                claims: RawValue::from_string(record.claims.into()).ok(),
                digest: record.digest,
                client_id: record.client,
                address: record.origin.address,
                user_agent: record.origin.user_agent,
                ended: record.revoked.or(session_end),
            }
        };
        Ok(tokens.into_iter().map(view).collect())
    }

    async fn user_refs(&self, ids: impl Iterator<Item = UserId>) -> Result<HashMap<UserId, UserRef>, Error> {
        let mut users = HashMap::new();
        for id in ids {
            if let Entry::Vacant(slot) = users.entry(id) {
                let user = self.known_user(id).await?;
                slot.insert(UserRef { id, email: user.map(|user| user.card.email.clone()) });
            }
        }
        Ok(users)
    }
}

/// Whether `user` and a user named in `q` are two.
fn contradict(user: Option<UserId>, named: Option<UserId>) -> bool {
    matches!((user, named), (Some(user), Some(named)) if user != named)
}

fn exact<T: std::str::FromStr>(q: Option<&str>) -> Option<T> {
    q.and_then(|q| q.trim().parse().ok())
}

fn one_of<T: serde::de::DeserializeOwned>(word: &str, words: &str) -> Result<T, Error> {
    serde_json::from_value(word.into()).map_err(|_| Error::BadQuery(format!("state: expected {words}")))
}
