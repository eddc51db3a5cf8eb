//! What can go wrong, by whose fault it is: the key's, the provider's, or the token's.

/// A key that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not a key of that algorithm, or malformed.
    #[error("the key is malformed, or not one of its algorithm")]
    Malformed,
    /// A JWK that says it is for something else than these signatures.
    #[error("the key is not for signatures of a supported algorithm")]
    Unsupported,
    /// A JWK that has private members: somebody published a secret.
    #[error("the key has private members")]
    Private,
    /// The provider could not make or export a key.
    #[error("the cryptographic provider failed")]
    Provider,
}

/// The provider could not sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cryptographic provider could not sign")]
pub struct SignError;

/// A token that is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// Longer than [`MAX_TOKEN_BYTES`](crate::MAX_TOKEN_BYTES).
    #[error("the token is too long")]
    TooLong,
    /// Not three parts of base64url, or the header is no JSON object with `alg`, `kid` and `typ`.
    #[error("the token is malformed")]
    Malformed,
    /// The header names a member twice.
    #[error("the token's header has a duplicate member")]
    DuplicateMember,
    /// The header asks for an extension (RFC 7515, section 4.1.11); none is understood.
    #[error("the token's header asks for an extension that is not understood")]
    UnsupportedExtension,
    /// No key of that `kid`.
    #[error("the token is signed with an unknown key")]
    UnknownKey,
    /// `alg` is not the key's (RFC 8725, section 3.1).
    #[error("the token's algorithm is not its key's")]
    AlgorithmMismatch,
    /// `typ` is another one (RFC 8725, section 3.11).
    #[error("the token is of another type")]
    TypeMismatch,
    /// The signature is not the key's over this token.
    #[error("the token's signature is wrong")]
    BadSignature,
}

impl VerifyError {
    /// A stable word for it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "token_too_long",
            Self::Malformed => "malformed_token",
            Self::DuplicateMember => "duplicate_member",
            Self::UnsupportedExtension => "unsupported_extension",
            Self::UnknownKey => "unknown_key",
            Self::AlgorithmMismatch => "algorithm_mismatch",
            Self::TypeMismatch => "wrong_token_type",
            Self::BadSignature => "bad_signature",
        }
    }
}
