//! The audit log, as administrators read it.

use counterfoil_core::audit::Entry;
use counterfoil_core::port::AuditFilter;
use counterfoil_core::{Page, PageRequest};

use crate::{Authority, Error};

impl Authority {
    /// A page of the audit log, newest first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn audit(
        &self,
        filter: AuditFilter,
        page: PageRequest<u64>,
    ) -> Result<Page<Entry, u64>, Error> {
        Ok(self.0.stores.accounts.audit(&filter, page).await?)
    }
}
