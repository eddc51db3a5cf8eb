use std::time::Duration;

use counterfoil_core::account::KeyAlgorithm;
use counterfoil_core::audit::Actor;
use counterfoil_core::port::StoreError;
use counterfoil_core::session::{Credential, End, EndReason, Origin, RefreshState, Session};
use counterfoil_core::token::TokenRecord;
use counterfoil_core::{ClientId, Digest, SessionId, Timestamp, TokenId, UserId};
use proptest::option::of;
use proptest::prelude::*;

use super::{DecodeError, session, session_bytes, token, token_bytes, token_expires_at};

fn instant() -> impl Strategy<Value = Timestamp> {
    prop_oneof![0_i64..1 << 42, Just(0), Just(i64::MAX)].prop_map(Timestamp::from_millis)
}

fn duration() -> impl Strategy<Value = Duration> {
    prop_oneof![
        (0_u64..1 << 40).prop_map(Duration::from_millis),
        (0_u64..1 << 30).prop_map(Duration::from_secs)
    ]
}

fn client() -> impl Strategy<Value = ClientId> {
    "[a-z0-9][a-z0-9_-]{0,63}".prop_map(|name| name.parse().unwrap())
}

fn origin() -> impl Strategy<Value = Origin> {
    (of(any::<std::net::IpAddr>()), of(".{0,80}"))
        .prop_map(|(address, agent)| Origin { address, user_agent: agent.map(Into::into) })
}

fn actor() -> impl Strategy<Value = Actor> {
    prop_oneof![
        any::<[u8; 16]>().prop_map(|id| Actor::User(UserId::from_bytes(id))),
        client().prop_map(Actor::Client),
        Just(Actor::CommandLine),
        Just(Actor::System),
    ]
}

fn end() -> impl Strategy<Value = End> {
    (instant(), proptest::sample::select(EndReason::ALL.to_vec()), of(actor()), of(".{0,60}"))
        .prop_map(|(at, reason, by, note)| End { at, reason, by, note })
}

fn credential() -> impl Strategy<Value = Credential> {
    let digest = || any::<[u8; 32]>().prop_map(Digest::new);
    prop_oneof![
        (digest(), of((digest(), instant())))
            .prop_map(|(secret, previous)| Credential::Cookie { secret, previous }),
        (any::<u32>(), instant(), duration(), any::<[u8; 16]>(), instant()).prop_map(
            |(counter, rotated_at, window, token, tokens_until)| {
                let token = TokenId::from_bytes(token);
                Credential::Recorded(RefreshState { counter, rotated_at, window, token, tokens_until })
            }
        ),
    ]
}

prop_compose! {
    fn sessions()(
        id in any::<[u8; 16]>(), user in any::<[u8; 16]>(), client in client(), auth_time in instant(), origin in origin(),
        generation in any::<u64>(), last_seen_at in instant(), idle_timeout in duration(), expires_at in instant(),
        credential in credential(), ended in of(end()),
    ) -> Session {
        let (id, user) = (SessionId::from_bytes(id), UserId::from_bytes(user));
        Session {
            id, user, client, auth_time, origin, generation, last_seen_at, idle_timeout, expires_at, credential, ended,
        }
    }
}

/// Claims as they are written, nearly so, and anything else.
fn claims(session: &Session, id: TokenId, issued_at: Timestamp) -> impl Strategy<Value = String> + use<> {
    let Session { id: sid, user, client, .. } = session;
    let (iat, auth) = (issued_at.seconds(), sid.created_at().seconds());
    let usual = format!(
        "{{\"iss\":\"https://id.example\",\"sub\":\"{user}\",\"aud\":\"api\",\"client_id\":\"{client}\",\"iat\":{iat},\
         \"exp\":{},\"jti\":\"{id}\",\"sid\":\"{sid}\",\"auth_time\":{auth},\"amr\":[\"pwd\"],\"acr\":\"aal1\",\"gen\":7}}",
        iat + 900
    );
    let cut = usual.clone();
    prop_oneof![
        Just(usual),
        (0..cut.len(), ".{0,9}").prop_map(move |(at, text)| format!("{}{text}{}", &cut[at..], &cut[..at])),
        ".{0,200}",
        "[\\x00-\\x7f]{0,200}",
    ]
}

prop_compose! {
    fn tokens()(session in sessions(), id in any::<[u8; 16]>(), issued_at in instant())(
        claims in claims(&session, TokenId::from_bytes(id), issued_at),
        session in Just(session), id in Just(TokenId::from_bytes(id)), issued_at in Just(issued_at),
        expires_at in instant(), client in of(client()), origin in of(origin()), key_id in ".{0,30}",
        algorithm in proptest::sample::select(vec![KeyAlgorithm::Es256, KeyAlgorithm::EdDsa, KeyAlgorithm::Rs256]),
        digest in any::<[u8; 32]>(), revoked in of(end()),
    ) -> (Session, TokenRecord) {
        let token = TokenRecord {
            id, session: session.id, user: session.user, client: client.unwrap_or_else(|| session.client.clone()),
            issued_at, expires_at, algorithm, key_id: key_id.into(), claims: claims.into(), digest: Digest::new(digest),
            origin: origin.unwrap_or_else(|| session.origin.clone()), revoked,
        };
        (session, token)
    }
}

proptest! {
    #[test]
    fn a_session_is_read_as_it_was_written(given in sessions(), by in of(any::<u64>())) {
        prop_assert_eq!(session(given.user, given.id, &session_bytes(&given, by)), Ok((given, by)));
    }

    #[test]
    fn a_token_is_read_as_it_was_written((of, given) in tokens()) {
        let bytes = token_bytes(&given, &of.client, &of.origin);
        prop_assert_eq!(token_expires_at(given.id, &bytes), Ok(given.expires_at));
        prop_assert_eq!(token(given.id, &bytes, |_| None), Ok(None));
        let found = token(given.id, &bytes, |id| (id == of.id).then_some(&of));
        prop_assert_eq!(found, Ok(Some(given)));
    }

    #[test]
    fn any_bytes_are_answered(bytes: Vec<u8>, (of, given) in tokens(), at: prop::sample::Index) {
        let _ = session(given.user, given.session, &bytes);
        let _ = token(given.id, &bytes, |_| Some(&of));
        // Cut anywhere, a session's record is none.
        let whole = session_bytes(&of, None);
        let cut = &whole[..at.index(whole.len())];
        prop_assert!(matches!(session(of.user, of.id, cut), Err(DecodeError::Corrupt(_))));
    }

    #[test]
    fn a_newer_version_is_told_apart(given in sessions(), version in 2_u8..) {
        let mut bytes = session_bytes(&given, None);
        bytes[0] = version;
        let error = session(given.user, given.id, &bytes).unwrap_err();
        prop_assert_eq!(error, DecodeError::Newer(version));
        let told = StoreError::from(error);
        prop_assert!(matches!(told, StoreError::FromTheFuture { known: 1, .. }), "{:?}", told);
    }
}

#[test]
fn usual_claims_become_short() {
    let session = Session {
        id: SessionId::from_bytes([1; 16]),
        user: UserId::from_bytes([2; 16]),
        client: "shop".parse().unwrap(),
        auth_time: Timestamp::EPOCH,
        origin: Origin::default(),
        generation: 0,
        last_seen_at: Timestamp::EPOCH,
        idle_timeout: Duration::ZERO,
        expires_at: Timestamp::EPOCH,
        credential: Credential::Cookie { secret: Digest::new([0; 32]), previous: None },
        ended: None,
    };
    let (id, sid, user) = (TokenId::from_bytes([3; 16]), session.id, session.user);
    let issued_at = Timestamp::from_seconds(1_900_000_000);
    let claims = format!(
        "{{\"iss\":\"https://id.example\",\"sub\":\"{user}\",\"aud\":\"api\",\"client_id\":\"shop\",\"iat\":1900000000,\
         \"exp\":1900000900,\"jti\":\"{id}\",\"sid\":\"{sid}\",\"auth_time\":{},\"amr\":[\"pwd\"],\"acr\":\"aal1\",\
         \"gen\":12}}",
        sid.created_at().seconds()
    );
    let token = TokenRecord {
        id,
        session: sid,
        user,
        client: session.client.clone(),
        issued_at,
        expires_at: Timestamp::from_seconds(1_900_000_900),
        algorithm: KeyAlgorithm::Es256,
        key_id: "k".into(),
        claims: claims.into(),
        digest: Digest::new([0; 32]),
        origin: Origin::default(),
        revoked: None,
    };
    // The digest, the session's id, and of the claims the issuer's host, the audience and the generation.
    let length = token_bytes(&token, &session.client, &session.origin).len();
    assert!(length < 32 + 16 + 19 + 30, "{length} bytes for {} of claims", token.claims.len());
}
