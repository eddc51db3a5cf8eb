//! Users, as administrators see and change them.

use counterfoil_core::account::{DisplayName, Email, User, UserChange};
use counterfoil_core::audit::Action;
use counterfoil_core::port::UserFilter;
use counterfoil_core::revocation::Selection;
use counterfoil_core::session::EndReason;
use counterfoil_core::{Page, PageRequest, UserId};
use serde_json::json;
use zeroize::Zeroizing;

use crate::{Authority, By, Error};

/// A user to be made.
pub struct NewUser {
    /// The address to log in with.
    pub email: String,
    /// The password; without one the user cannot log in with a password.
    pub password: Option<Zeroizing<String>>,
    /// The name to show.
    pub name: Option<String>,
    /// May use the administration API.
    pub admin: bool,
}

/// One change of a user.
pub enum UserEdit {
    /// Another name to show, or none.
    Name(Option<String>),
    /// Another password. Ends all sessions of the user.
    Password(Zeroizing<String>),
    /// Administrator or not.
    Admin(bool),
    /// May not log in, or may again. Disabling ends all sessions of the user.
    Disabled(bool),
}

impl Authority {
    /// A page of users, newest first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn users(
        &self,
        filter: UserFilter,
        page: PageRequest<UserId>,
    ) -> Result<Page<User, UserId>, Error> {
        Ok(self.0.stores.accounts.users(&filter, page).await?)
    }

    /// One user.
    ///
    /// # Errors
    /// [`Error::UnknownUser`], [`Error::Store`].
    pub async fn user(&self, id: UserId) -> Result<User, Error> {
        self.0.stores.accounts.user(id).await?.ok_or(Error::UnknownUser)
    }

    /// The user of an address.
    ///
    /// # Errors
    /// [`Error::InvalidEmail`], [`Error::UnknownUser`], [`Error::Store`].
    pub async fn user_by_email(&self, email: &str) -> Result<User, Error> {
        let email: Email = email.parse()?;
        self.0.stores.accounts.user_by_email(&email).await?.ok_or(Error::UnknownUser)
    }

    /// Makes a user.
    ///
    /// # Errors
    /// [`Error::InvalidEmail`], [`Error::InvalidName`], [`Error::Password`], [`Error::EmailTaken`], [`Error::Busy`].
    pub async fn add_user(&self, new: NewUser, by: &By) -> Result<User, Error> {
        self.make_user(new, |_| by.clone()).await
    }

    pub(super) async fn make_user(&self, new: NewUser, by: impl FnOnce(UserId) -> By) -> Result<User, Error> {
        let user = self.prepare_user(new).await?;
        self.keep_user(user, by).await
    }

    /// Everything about a new user that can be refused.
    pub(super) async fn prepare_user(&self, new: NewUser) -> Result<User, Error> {
        let email: Email = new.email.parse()?;
        let name = display_name(new.name.as_deref())?;
        let password = match new.password {
            None => None,
            Some(password) => Some(self.hash_new_password(&password).await?),
        };
        let now = self.0.clock.now();
        Ok(User {
            id: UserId::generate(self.clock(), self.0.entropy.as_ref()),
            email,
            name,
            password,
            admin: new.admin,
            disabled_at: None,
            created_at: now,
            updated_at: now,
        })
    }

    pub(super) async fn keep_user(&self, user: User, by: impl FnOnce(UserId) -> By) -> Result<User, Error> {
        self.0.stores.accounts.create_user(user.clone()).await?.map_err(|_| Error::EmailTaken)?;
        if user.admin {
            self.withdraw_setup_link().await?;
        }
        let detail = json!({"admin": user.admin});
        self.audit_event(&by(user.id), Action::UserCreated, Some(user.id.to_string()), detail).await;
        Ok(user)
    }

    /// Changes a user. What must end their sessions ends them before this returns.
    ///
    /// # Errors
    /// [`Error::UnknownUser`], [`Error::InvalidName`], [`Error::Password`], [`Error::Busy`].
    pub async fn edit_user(&self, id: UserId, edit: UserEdit, by: &By) -> Result<User, Error> {
        let now = self.0.clock.now();
        let (change, ends, what) = match edit {
            UserEdit::Name(name) => (UserChange::Name(display_name(name.as_deref())?), None, "name"),
            UserEdit::Password(password) => {
                let hash = self.hash_new_password(&password).await?;
                (UserChange::Password(hash), Some(EndReason::PasswordChanged), "password")
            }
            UserEdit::Admin(true) => {
                let rises = !self.user(id).await?.admin;
                let ends = rises.then_some(EndReason::PrivilegeRaised);
                (UserChange::Admin(true), ends, "made administrator")
            }
            UserEdit::Admin(false) => (UserChange::Admin(false), None, "administrator no more"),
            UserEdit::Disabled(true) => {
                (UserChange::Disabled(Some(now)), Some(EndReason::UserDisabled), "disabled")
            }
            UserEdit::Disabled(false) => (UserChange::Disabled(None), None, "enabled"),
        };
        if ends == Some(EndReason::PrivilegeRaised) {
            // Before the change too: no login that is there may rise, not even until the marker after it.
            self.end(Selection::user(id), EndReason::PrivilegeRaised, Some(by.actor.clone()), None).await?;
        }
        let user = self.0.stores.accounts.change_user(id, change, now).await?.ok_or(Error::UnknownUser)?;
        self.follow_accounts().await?;
        if ends == Some(EndReason::PrivilegeRaised) {
            self.withdraw_setup_link().await?;
        }
        if let Some(reason) = ends {
            self.end(Selection::user(id), reason, Some(by.actor.clone()), None).await?;
        }
        self.audit_event(by, Action::UserChanged, Some(id.to_string()), json!({"change": what})).await;
        Ok(user)
    }
}

fn display_name(name: Option<&str>) -> Result<Option<DisplayName>, Error> {
    Ok(name.filter(|name| !name.trim().is_empty()).map(str::parse).transpose()?)
}
