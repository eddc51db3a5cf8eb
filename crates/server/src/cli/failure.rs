//! How a command that failed says so: a sentence, a hint, an exit code.

use std::process::ExitCode;

use counterfoil_core::port::StoreError;
use counterfoil_service::Error;

/// A command that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    error: anyhow::Error,
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { error: error.into() }
    }
}

impl Failure {
    pub(crate) fn tell(&self, json: bool) {
        let message = self.message();
        if json {
            let error =
                serde_json::json!({"error": {"code": self.code(), "message": message, "hint": self.hint()}});
            Self::line(&error.to_string());
        } else {
            Self::line(&format!("error: {message}"));
            if let Some(hint) = self.hint() {
                Self::line(&format!("hint: {hint}"));
            }
        }
    }

    /// 1 failed, 3 not found, 4 refused, 5 store unavailable; 2 is clap's.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self.code() {
            "not_found" => 3,
            "refused" => 4,
            "store_unavailable" => 5,
            _ => 1,
        })
    }

    fn line(text: &str) {
        use std::io::Write as _;
        // With nobody to read it there is nobody to tell.
        let _ = writeln!(std::io::stderr(), "{text}");
    }

    /// The error and what is behind it, in one sentence, each said once.
    fn message(&self) -> String {
        let mut message = String::new();
        for cause in self.error.chain() {
            let cause = cause.to_string();
            if !message.contains(&cause) {
                if !message.is_empty() {
                    message.push_str(": ");
                }
                message.push_str(&cause);
            }
        }
        message
    }

    fn service_error(&self) -> Option<&Error> {
        self.error.chain().find_map(|cause| cause.downcast_ref())
    }

    fn store_error(&self) -> Option<&StoreError> {
        self.error.chain().find_map(|cause| cause.downcast_ref())
    }

    fn code(&self) -> &'static str {
        if self.store_error().is_some() {
            return "store_unavailable";
        }
        match self.service_error() {
            Some(Error::NotFound | Error::UnknownUser | Error::UnknownClient) => "not_found",
            Some(Error::Store(_) | Error::Stale) => "store_unavailable",
            Some(Error::Internal(_) | Error::MasterKey | Error::IssuerChanged { .. }) | None => "failed",
            Some(_) => "refused",
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self.store_error() {
            Some(StoreError::Full(_)) => {
                return Some("make room on the disk; nothing that was acknowledged is lost");
            }
            Some(StoreError::ReadOnly(_)) => return Some("check the owner and the mode of the data folder"),
            Some(StoreError::Unavailable(_)) => return Some("another process may be writing: try again"),
            _ => {}
        }
        match self.service_error()? {
            Error::NotFound => Some("the list command shows what there is"),
            Error::UnknownClient => Some("`counterfoil client list` shows the clients"),
            Error::EmailTaken => Some("`counterfoil user set-password` changes the password of an account"),
            Error::ClientTaken => Some("`counterfoil client edit` changes a client"),
            Error::UnknownUser => Some("`counterfoil user list` shows the users"),
            Error::MasterKey => Some(
                "bring back the master.key that was made with this database, from your backup; beside a store that \
                     others share, give the key that they have in COUNTERFOIL_MASTER_KEY or by --master-key-file",
            ),
            Error::IssuerChanged { .. } => {
                Some("--change-issuer takes the new one; every token given out before is refused then")
            }
            _ => None,
        }
    }
}
