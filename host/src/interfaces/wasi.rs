//! WASI 0.2 without anything ambient: a guest reaches only what it was granted.

// From the ground up: what one run has of WASI.
mod capture;
mod preopen;
pub(crate) mod system_error;
mod timer_list;

pub(crate) mod session;

mod offering;

// What its functions do.
mod descriptors;
mod directory_order;
mod file_metadata;
mod file_streams;
mod identity;
mod opening;
mod paths;
mod streams;
mod timers;

// The functions, by interface.
mod cli;
mod clocks;
mod filesystem;
mod io;
mod random;
mod sockets;

use fractalaw_contract::standard;

use crate::cost::host_calls::Function;
use crate::error::HostError;
use crate::offer::capability::{Capability, Granted};
use crate::offer::linker::PricedLinker;
use crate::offer::session::Session;
use crate::offer::table::Table;
use session::WasiSession;

/// The functions of each interface.
static LISTS: [&[Function]; 6] = [
    &io::FUNCTIONS,
    &cli::FUNCTIONS,
    &clocks::FUNCTIONS,
    &filesystem::FUNCTIONS,
    &random::FUNCTIONS,
    &sockets::FUNCTIONS,
];

static FUNCTIONS: [&Function; count()] = joined();

const fn count() -> usize {
    let (mut list, mut count) = (0, 0);
    while list < LISTS.len() {
        count += LISTS[list].len();
        list += 1;
    }
    count
}

const fn joined() -> [&'static Function; count()] {
    let mut joined = [&LISTS[0][0]; count()];
    let (mut list, mut place) = (0, 0);
    while list < LISTS.len() {
        let mut next = 0;
        while next < LISTS[list].len() {
            joined[place] = &LISTS[list][next];
            place += 1;
            next += 1;
        }
        list += 1;
    }
    joined
}

static TABLE: Table = Table {
    name: "wasi",
    wit: &standard::WASI_WIT,
    interfaces: &standard::WASI,
    keys: &[],
    quotas: &[],
    functions: &FUNCTIONS,
};

/// Offers WASI.
pub(crate) struct Wasi;

impl Capability for Wasi {
    fn table(&self) -> &'static Table {
        &TABLE
    }

    fn add_to_linker(&self, linker: &mut PricedLinker<'_>) -> wasmtime::Result<()> {
        io::add_to_linker(linker)?;
        cli::add_to_linker(linker)?;
        clocks::add_to_linker(linker)?;
        filesystem::add_to_linker(linker)?;
        random::add_to_linker(linker)?;
        sockets::add_to_linker(linker)
    }

    fn begin(&self, granted: &Granted<'_>) -> Result<Box<dyn Session>, HostError> {
        Ok(Box::new(WasiSession::new(granted)))
    }
}
