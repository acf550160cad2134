//! One thread for a model that writes.
//!
//! `candle` divides each product among as many threads as there are cores, and they wait for each other by spinning. If other
//! programs use the cores, a token takes five times as long as on one thread. The number of threads can only be said in the
//! environment, before `candle` is first used, so the program starts itself once more with it.

use std::env;
use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};

/// What the engine, and the library of its other threads, read.
const VARIABLES: [&str; 2] = ["CANDLE_NUM_THREADS", "RAYON_NUM_THREADS"];

/// Goes on in the same process with these variables, or returns if they are set.
pub(crate) fn ensure() -> Result<()> {
    if VARIABLES.iter().all(|name| env::var_os(name).is_some()) {
        return Ok(());
    }
    let program = env::current_exe().context("the program does not find itself")?;
    let mut again = Command::new(program);
    again.args(env::args_os().skip(1));
    for name in VARIABLES {
        if env::var_os(name).is_none() {
            again.env(name, "1");
        }
    }
    Err(again.exec()).context("the program cannot start itself again")
}
