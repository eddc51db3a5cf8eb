//! From a configuration to a running authority: data folder, lock, master key, stores.

mod data_folder;
mod installation;
mod lock;
mod master_key;
mod plain_http;
mod stores;

pub(crate) use data_folder::{open_folder, private_mode};
pub(crate) use installation::{Installation, Purpose};
pub(crate) use lock::{FirstStart, FolderLock};
pub(crate) use plain_http::refuse_plain_http;
pub(crate) use stores::{OpenStores, StoreUrls};
