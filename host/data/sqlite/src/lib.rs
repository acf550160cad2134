//! Data for micro-apps: SQL on SQLite, granted by table and column, metered, and all or nothing.
//!
//! A [`Store`] is one database. A [`Run`] is one run's use of it, within its [`Grants`]: `query`, `execute` and
//! `insert`. It asks its [`Budget`] while SQLite works. A run is settled in two steps, with the ledger's closing
//! between them. [`Run::prepare`] writes what it changed to disk, and [`Prepared::settle`] makes it take effect
//! or undoes it.
//!
//! This crate knows nothing of WebAssembly or of the host. `TYPES.md` has the types in both directions.
//! `price.rs` says what a unit of fuel pays for, and `cargo xtask bench data` prints how long that takes.
//!
//! In reading order: `store`, `run`, `open`, `prepared`, `call`, `insert`; `world` and `guard` for what is granted;
//! `work` and `price` for what it costs; `rows_out`, `rows_in`, `kind`, `time` for Arrow, with the streams of
//! `fractalaw-arrow`; `touched`, `changes`, `pending`, `settling`, `codec` for what takes effect; `import` and `csv` to fill a
//! database from files; `by_hand` for what people do with a database.

#![deny(missing_docs)]
#![deny(unsafe_code)]

mod allowed;
mod bounds;
mod busy;
pub mod by_hand;
mod call;
mod catalogue;
mod changes;
mod charged;
mod codec;
mod committed;
mod compile;
mod csv;
mod desk;
mod error;
#[expect(
    unsafe_code,
    reason = "statements, the hook before updates, SQLite's allocator and its clock have no safe interface"
)]
mod ffi;
mod functions;
mod grants;
mod guard;
mod import;
mod inner;
mod insert;
mod joins;
mod json;
mod kind;
pub mod limits;
mod line;
mod lost;
mod messages;
mod names_out;
mod not_compiled;
mod open;
mod others;
mod paid;
mod pattern;
mod pending;
mod prepared;
mod price;
mod recent;
mod redo;
mod rows_in;
mod rows_out;
mod run;
mod search;
mod settling;
mod shape;
mod store;
mod text;
mod time;
mod tokens;
mod touched;
mod trial;
mod value;
mod words;
mod work;
mod world;

pub use changes::{LeftOut, RowChange, TableChanges};
pub use error::StoreError;
pub use fractalaw_data_call::{Amount, Budget, CallError, Code, Failure, Quota, Stop, Unlimited};
pub use grants::{GrantError, Grants};
pub use import::{ImportError, import};
pub use inner::Conditions;
pub use messages::{busy, unsettled};
pub use pending::{Ledgers, Verdict, is_unsettled};
pub use prepared::Prepared;
pub use run::Run;
pub use store::Store;
pub use touched::{Key, Row};
pub use value::Value;
pub use work::Used;
