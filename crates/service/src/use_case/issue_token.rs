//! Making an access token (RFC 9068), and its counterfoil.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use counterfoil_core::account::{Client, KeyAlgorithm};
use counterfoil_core::session::Origin;
use counterfoil_core::token::{
    ACCESS_TOKEN_TYPE, AccessClaims, Audience, MAX_TOKEN_BYTES, TokenRecord, jittered,
};
use counterfoil_core::{SessionId, Timestamp, TokenId, UserCard, UserId};
use counterfoil_jose::SigningKey;

use crate::crypto::sha256;
use crate::{Authority, Error};

/// An access token as it is given out.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// The JWT.
    pub token: String,
    /// For how long it is valid from now.
    pub expires_in: Duration,
    /// Until when it is valid.
    pub expires_at: Timestamp,
}

/// What an access token is made for.
pub(super) struct Grant<'a> {
    pub(super) client: &'a Client,
    pub(super) user: &'a UserCard,
    pub(super) session: Option<SessionId>,
    pub(super) auth_time: Timestamp,
    pub(super) generation: u64,
    /// No token outlives its login.
    pub(super) ends_at: Timestamp,
}

/// A token that is not signed yet: it is recorded first.
pub(super) struct Minted {
    key: Arc<SigningKey>,
    claims: AccessClaims,
    payload: String,
    signing_input: String,
    algorithm: KeyAlgorithm,
    issued_at: Timestamp,
}

/// `amr` of a password (RFC 8176, section 2).
const PASSWORD: &str = "pwd";
/// `acr` of one factor (NIST SP 800-63B).
const ONE_FACTOR: &str = "aal1";
/// Base64url of the longest signature, RS256's.
const LONGEST_SIGNATURE: usize = 342;
/// Base64url of a key's thumbprint, its `kid` (RFC 7638).
const THUMBPRINT: usize = 43;

impl Authority {
    pub(super) fn mint(&self, grant: &Grant<'_>, now: Timestamp) -> Result<Minted, Error> {
        let claims = self.claims(grant, now);
        let algorithm = grant.client.algorithm;
        let key = self.0.signers.ring().active(algorithm)?;
        let payload = serde_json::to_string(&claims).map_err(Error::internal)?;
        let signing_input = key.signing_input(ACCESS_TOKEN_TYPE, payload.as_bytes());
        let bytes = signing_input.len() + 1 + LONGEST_SIGNATURE;
        if bytes > MAX_TOKEN_BYTES {
            return Err(Error::TokenTooLarge { bytes });
        }
        Ok(Minted { key, claims, payload, signing_input, algorithm, issued_at: now })
    }

    fn claims(&self, grant: &Grant<'_>, now: Timestamp) -> AccessClaims {
        let Grant { client, user, session, auth_time, generation, ends_at } = grant;
        let [random] = self.0.entropy.bytes::<1>();
        let lifetime = jittered(client.lifetimes.access, random);
        AccessClaims {
            iss: self.0.issuer.clone(),
            sub: user.id,
            aud: Audience::new(&client.audience),
            client_id: client.id.clone(),
            iat: now.seconds(),
            exp: (now + lifetime).min(*ends_at).seconds(),
            jti: TokenId::generate(self.clock(), self.0.entropy.as_ref()),
            sid: *session,
            auth_time: auth_time.seconds(),
            amr: vec![PASSWORD.to_owned()],
            acr: ONE_FACTOR.to_owned(),
            generation: *generation,
            custom: client.claims.evaluate(user),
        }
    }

    /// The token of a record once more, as it was given out: the same claims under the same key if it is still held.
    pub(super) fn sign_again(&self, record: &TokenRecord, now: Timestamp) -> Result<AccessToken, Error> {
        let ring = self.0.signers.ring();
        let key = ring.by_id(&record.key_id).map_or_else(|| ring.active(record.algorithm), Ok)?;
        let token = key.sign(ACCESS_TOKEN_TYPE, record.claims.as_bytes()).map_err(Error::internal)?;
        Ok(AccessToken { token, expires_in: record.expires_at.since(now), expires_at: record.expires_at })
    }

    /// How many bytes an access token of this client has for a user with an address and name of usual length.
    #[must_use]
    pub fn token_size(&self, client: &Client) -> usize {
        let now = self.0.clock.now();
        let user = UserCard {
            id: UserId::least_of(now),
            email: "somebody@an-example.test".to_owned(),
            name: Some("Somebody of usual name".to_owned()),
            admin: false,
            created_at: now,
        };
        let grant = Grant {
            client,
            user: &user,
            session: Some(SessionId::least_of(now)),
            auth_time: now,
            generation: self.0.view.sequence(),
            ends_at: Timestamp::MAX,
        };
        let base64 = |bytes: usize| (bytes * 4).div_ceil(3);
        let header = format!(
            r#"{{"alg":"{}","kid":"{}","typ":"{ACCESS_TOKEN_TYPE}"}}"#,
            client.algorithm,
            "k".repeat(THUMBPRINT)
        );
        let signature = match client.algorithm {
            KeyAlgorithm::Rs256 => 256,
            KeyAlgorithm::Es256 | KeyAlgorithm::EdDsa => 64,
        };
        // Nothing in claims can fail to be written.
        let payload = serde_json::to_string(&self.claims(&grant, now)).unwrap_or_default();
        base64(header.len()) + 1 + base64(payload.len()) + 1 + base64(signature)
    }
}

impl Minted {
    /// The counterfoil.
    pub(super) fn record(&self, session: SessionId, origin: &Origin) -> TokenRecord {
        TokenRecord {
            id: self.claims.jti,
            session,
            user: self.claims.sub,
            client: self.claims.client_id.clone(),
            issued_at: self.issued_at,
            expires_at: self.claims.expires_at(),
            algorithm: self.algorithm,
            key_id: self.key.key_id().into(),
            claims: self.payload.as_str().into(),
            digest: sha256(self.signing_input.as_bytes()),
            origin: origin.clone(),
            revoked: None,
        }
    }

    /// The signed token.
    pub(super) fn sign(self, authority: &Authority) -> Result<AccessToken, Error> {
        let expires_at = self.claims.expires_at();
        let token = self.key.sign_input(self.signing_input).map_err(Error::internal)?;
        let counters = &authority.0.counters;
        counters.tokens_issued.add();
        counters.token_bytes_max.fetch_max(token.len().try_into().unwrap_or(u64::MAX), Ordering::Relaxed);
        Ok(AccessToken { token, expires_in: expires_at.since(self.issued_at), expires_at })
    }
}
