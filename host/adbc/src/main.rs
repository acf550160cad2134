//! `fractalaw-adbc` opens one database through its ADBC driver for one host. The host starts it and speaks the
//! protocol of `fractalaw_adbc_client::protocol`. People do not start it.
//!
//! It ends when its standard input closes. The database rolls back everything that was not committed.

#![forbid(unsafe_code)]

// From the ground up.
mod bounds;
mod faults;
mod opening;
mod rows_in;
mod rows_out;

mod session;

mod serving;

use std::io::{BufRead, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use fractalaw_adbc_client::protocol::{Open, Opened};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!(
                "error: {error:#}\nhint: the host starts this program: name a database in its policy"
            );
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    bounds::keep();
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .context("cannot read what to open")?;
    let open: Open = serde_json::from_str(&line)
        .map_err(|_| anyhow::anyhow!("expected what to open on standard input"))?;
    let (opened, database) = match opening::open(&open) {
        Ok(database) => (Opened::Ready, Some(database)),
        Err(why) => (why, None),
    };
    // The program listens before it answers, so that the host can connect at once.
    let listener = serving::listen(&open.socket)?;
    let mut answer = serde_json::to_vec(&opened).context("cannot answer")?;
    // A driver may have printed half a line.
    answer.insert(0, b'\n');
    answer.push(b'\n');
    let mut output = std::io::stdout().lock();
    output
        .write_all(&answer)
        .and_then(|()| output.flush())
        .context("cannot answer")?;
    drop(output);
    match database {
        Some(database) => serving::serve(&listener, &open.socket, database, open.traits),
        None => Ok(()),
    }
}
