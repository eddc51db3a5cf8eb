//! Users.

use counterfoil_core::account::{Email, PasswordHash, User, UserChange};
use counterfoil_core::port::{AccountChange, EmailTaken, UserFilter};
use counterfoil_core::{Page, PageRequest, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::changes;
use crate::columns::{Result, id, instant, instant_opt, parsed, parsed_opt};
use crate::paging::collect_page;
use crate::writer::Transaction;

pub(super) fn create(
    transaction: &Transaction<'_>,
    user: &User,
) -> Result<std::result::Result<(), EmailTaken>> {
    let inserted = transaction
        .connection
        .prepare_cached("INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (email) DO NOTHING")?
        .execute((
            user.id.as_bytes(),
            user.email.as_str(),
            user.name.as_ref().map(|name| name.as_str()),
            user.password.as_ref().map(PasswordHash::expose),
            user.admin,
            user.disabled_at.map(Timestamp::millis),
            user.created_at.millis(),
            user.updated_at.millis(),
        ))?;
    Ok(if inserted == 1 { Ok(()) } else { Err(EmailTaken) })
}

pub(super) fn by_id(connection: &Connection, id: UserId) -> Result<Option<User>> {
    connection.prepare_cached("SELECT * FROM users WHERE id = ?")?.query_row([id.as_bytes()], read).optional()
}

pub(super) fn by_email(connection: &Connection, email: &Email) -> Result<Option<User>> {
    connection
        .prepare_cached("SELECT * FROM users WHERE email = ?")?
        .query_row([email.as_str()], read)
        .optional()
}

pub(super) fn change(
    transaction: &Transaction<'_>,
    id: UserId,
    change: &UserChange,
    now: Timestamp,
) -> Result<Option<User>> {
    let connection = transaction.connection;
    let key = id.as_bytes();
    let now = now.millis();
    let changed = match change {
        UserChange::Name(name) => connection
            .prepare_cached("UPDATE users SET name = ?, updated_at = ? WHERE id = ?")?
            .execute((name.as_ref().map(|name| name.as_str()), now, key))?,
        UserChange::Password(hash) => connection
            .prepare_cached("UPDATE users SET password = ?, updated_at = ? WHERE id = ?")?
            .execute((hash.expose(), now, key))?,
        UserChange::Rehash(before, hash) => connection
            .prepare_cached("UPDATE users SET password = ?, updated_at = ? WHERE id = ? AND password = ?")?
            .execute((hash.expose(), now, key, before.expose()))?,
        UserChange::Admin(admin) => connection
            .prepare_cached("UPDATE users SET admin = ?, updated_at = ? WHERE id = ?")?
            .execute((admin, now, key))?,
        UserChange::Disabled(at) => connection
            .prepare_cached("UPDATE users SET disabled_at = ?, updated_at = ? WHERE id = ?")?
            .execute((at.map(Timestamp::millis), now, key))?,
    };
    if changed == 0 {
        return Ok(None);
    }
    changes::note(transaction, &AccountChange::User(id))?;
    by_id(connection, id)
}

pub(super) fn list(
    connection: &Connection,
    filter: &UserFilter,
    page: PageRequest<UserId>,
) -> Result<Page<User, UserId>> {
    let mut sql = String::from("SELECT * FROM users WHERE id < ?");
    // Literals, so that the partial indexes serve them.
    sql.push_str(match filter.admin {
        None => "",
        Some(true) => " AND admin = 1",
        Some(false) => " AND admin <> 1",
    });
    sql.push_str(match filter.disabled {
        None => "",
        Some(true) => " AND disabled_at IS NOT NULL",
        Some(false) => " AND disabled_at IS NULL",
    });
    sql.push_str(" ORDER BY id DESC");
    let text = filter.text.as_ref().map(|text| text.to_lowercase());
    let matches = |user: &User| {
        text.as_ref().is_none_or(|text| {
            let name = user.name.as_ref().map(|name| name.as_str().to_lowercase());
            user.email.as_str().contains(text) || name.is_some_and(|name| name.contains(text))
        })
    };
    let mut statement = connection.prepare_cached(&sql)?;
    let before = page.after.map_or([0xFF; 16], |id| *id.as_bytes());
    collect_page(statement.query([before])?, page.limit, read, matches, |user| user.id)
}

fn read(row: &Row<'_>) -> Result<User> {
    Ok(User {
        id: id(row, "id", UserId::from_bytes)?,
        email: parsed(row, "email")?,
        name: parsed_opt(row, "name")?,
        password: row.get::<_, Option<String>>("password")?.map(PasswordHash::new),
        admin: row.get("admin")?,
        disabled_at: instant_opt(row, "disabled_at")?,
        created_at: instant(row.get("created_at")?),
        updated_at: instant(row.get("updated_at")?),
    })
}
