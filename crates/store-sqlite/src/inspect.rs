//! What an operator should know of the file.

use async_trait::async_trait;
use counterfoil_core::Timestamp;
use counterfoil_core::port::{Fact, Inspect, StoreResult};

use crate::{Durability, SqliteStore};

#[async_trait]
impl Inspect for SqliteStore {
    async fn inspect(&self, _now: Timestamp) -> StoreResult<Vec<Fact>> {
        let good = self.readers.read_long(|connection| {
            connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0))
        });
        let good = good.await?;
        let (path, pages) = self.readers.read(|connection| {
            let bytes = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
            let bytes: i64 = connection.query_row(bytes, [], |row| row.get(0))?;
            Ok((connection.path().unwrap_or_default().to_owned(), bytes))
        })?;
        Ok(vec![
            Fact::new("kind", format!("SQLite {}, embedded", rusqlite::version())),
            Fact::new("file", path),
            Fact::new("size", format!("{} KiB", pages / 1024)),
            Fact::new("integrity", &good).unless(
                good == "ok",
                "stop the server, keep a copy of the file, and bring back the last backup that is whole",
            ),
            Fact::new("durability", self.durability).unless(
                self.durability == Durability::Full,
                "durability = \"full\"   # under [storage]: a power failure may forget a revocation otherwise",
            ),
        ])
    }
}
