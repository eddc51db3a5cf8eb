//! Sign-up: somebody makes an account for themselves.
//!
//! Whether an address has an account is told here (409): without a mail server there is nothing else to tell a person
//! who signs up twice. Installations that must not tell close sign-up.

use counterfoil_core::account::User;
use counterfoil_core::audit::Actor;
use counterfoil_core::session::Origin;
use zeroize::Zeroizing;

use super::NewUser;
use crate::{Authority, By, Error};

/// What somebody signs up with.
pub struct SignUp {
    /// The address to log in with.
    pub email: String,
    /// The password.
    pub password: Zeroizing<String>,
    /// The name to show.
    pub name: Option<String>,
}

impl Authority {
    /// Makes an account.
    ///
    /// # Errors
    /// [`Error::SignUpClosed`], [`Error::InvalidEmail`], [`Error::InvalidName`], [`Error::Password`],
    /// [`Error::EmailTaken`], [`Error::Busy`].
    pub async fn sign_up(&self, sign_up: SignUp, origin: &Origin) -> Result<User, Error> {
        if !self.0.settings.sign_up_open {
            return Err(Error::SignUpClosed);
        }
        let SignUp { email, password, name } = sign_up;
        let new = NewUser { email, password: Some(password), name, admin: false };
        let user = self.make_user(new, |id| By { actor: Actor::User(id), address: origin.address }).await?;
        self.0.counters.sign_ups.add();
        Ok(user)
    }
}
