//! Users.

use counterfoil_core::account::{Email, PasswordHash, User, UserChange};
use counterfoil_core::port::{AccountChange, EmailTaken, UserFilter};
use counterfoil_core::{Page, PageRequest, Timestamp, UserId};
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use super::changes;
use crate::columns::{MAX, id, instant, instant_opt, key, parsed, parsed_opt};
use crate::error::Result;
use crate::lease::Lease;
use crate::paging::collect_page;
use crate::pool::Pool;

macro_rules! columns {
    () => {
        "id, email, name, password, admin, disabled_at, created_at, updated_at"
    };
}

/// A change of one column.
macro_rules! change {
    ($column:literal) => {
        concat!("UPDATE users SET ", $column, " = $3, updated_at = $2 WHERE id = $1 RETURNING ", columns!())
    };
}

pub(super) async fn create(pool: &Pool, user: &User) -> Result<std::result::Result<(), EmailTaken>> {
    let sql = "INSERT INTO users (id, email, name, password, admin, disabled_at, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (email) DO NOTHING";
    let lease = pool.get().await?;
    let inserted = lease
        .execute(
            sql,
            &[
                &key(user.id.as_bytes()),
                &user.email.as_str(),
                &user.name.as_ref().map(|name| name.as_str()),
                &user.password.as_ref().map(PasswordHash::expose),
                &user.admin,
                &user.disabled_at.map(Timestamp::millis),
                &user.created_at.millis(),
                &user.updated_at.millis(),
            ],
        )
        .await?;
    Ok(if inserted == 1 { Ok(()) } else { Err(EmailTaken) })
}

pub(super) async fn by_id(pool: &Pool, id: UserId) -> Result<Option<User>> {
    let sql = concat!("SELECT ", columns!(), " FROM users WHERE id = $1");
    pool.get().await?.query_opt(sql, &[&key(id.as_bytes())]).await?.as_ref().map(read).transpose()
}

pub(super) async fn by_email(pool: &Pool, email: &Email) -> Result<Option<User>> {
    let sql = concat!("SELECT ", columns!(), " FROM users WHERE email = $1");
    pool.get().await?.query_opt(sql, &[&email.as_str()]).await?.as_ref().map(read).transpose()
}

pub(super) async fn change(
    pool: &Pool,
    id: UserId,
    change: &UserChange,
    now: Timestamp,
) -> Result<Option<User>> {
    let lease = &pool.get().await?;
    lease.begin().await?;
    let changed = change_row(lease, id, change, now).await?;
    if changed.is_some() {
        changes::note(lease, &AccountChange::User(id)).await?;
    }
    lease.commit().await?;
    changed.as_ref().map(read).transpose()
}

async fn change_row(lease: &Lease, id: UserId, change: &UserChange, now: Timestamp) -> Result<Option<Row>> {
    let rehash = concat!(
        "UPDATE users SET password = $3, updated_at = $2 WHERE id = $1 AND password = $4 RETURNING ",
        columns!()
    );
    let (id, now) = (key(id.as_bytes()), now.millis());
    match change {
        UserChange::Name(name) => {
            let name = name.as_ref().map(|name| name.as_str());
            lease.query_opt(change!("name"), &[&id, &now, &name]).await
        }
        UserChange::Password(hash) => {
            lease.query_opt(change!("password"), &[&id, &now, &hash.expose()]).await
        }
        UserChange::Rehash(before, hash) => {
            lease.query_opt(rehash, &[&id, &now, &hash.expose(), &before.expose()]).await
        }
        UserChange::Admin(admin) => lease.query_opt(change!("admin"), &[&id, &now, admin]).await,
        UserChange::Disabled(at) => {
            lease.query_opt(change!("disabled_at"), &[&id, &now, &at.map(Timestamp::millis)]).await
        }
    }
}

pub(super) async fn list(
    pool: &Pool,
    filter: &UserFilter,
    page: PageRequest<UserId>,
) -> Result<Page<User, UserId>> {
    let mut sql = String::from(concat!("SELECT ", columns!(), " FROM users WHERE id < $1"));
    // Literals, so that the partial indexes serve them.
    sql.push_str(match filter.admin {
        None => "",
        Some(true) => " AND admin",
        Some(false) => " AND NOT admin",
    });
    sql.push_str(match filter.disabled {
        None => "",
        Some(true) => " AND disabled_at IS NOT NULL",
        Some(false) => " AND disabled_at IS NULL",
    });
    sql.push_str(" ORDER BY id DESC LIMIT $2");
    let text = filter.text.as_ref().map(|text| text.to_lowercase());
    let matches = |user: &User| {
        text.as_ref().is_none_or(|text| {
            let name = user.name.as_ref().map(|name| name.as_str().to_lowercase());
            user.email.as_str().contains(text) || name.is_some_and(|name| name.contains(text))
        })
    };
    let (lease, sql) = (&pool.get().await?, sql.as_str());
    let piece = |before: Option<UserId>, limit: i64| async move {
        let before = before.map_or(MAX, |id| key(id.as_bytes()));
        let params: [(&(dyn ToSql + Sync), Type); 2] = [(&before, Type::UUID), (&limit, Type::INT8)];
        lease.query_planned(sql, &params).await?.iter().map(read).collect()
    };
    collect_page(page.limit, page.after, piece, matches, |user| user.id).await
}

fn read(row: &Row) -> Result<User> {
    Ok(User {
        id: id(row, "id", UserId::from_bytes)?,
        email: parsed(row, "email")?,
        name: parsed_opt(row, "name")?,
        password: row.try_get::<_, Option<String>>("password")?.map(PasswordHash::new),
        admin: row.try_get("admin")?,
        disabled_at: instant_opt(row, "disabled_at")?,
        created_at: instant(row, "created_at")?,
        updated_at: instant(row, "updated_at")?,
    })
}
