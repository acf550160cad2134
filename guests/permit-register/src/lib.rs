//! Keeps a register of environmental permits. What it does is its first argument:
//!
//! - `review`: marks the permits that have expired, and reminds of those that soon will;
//! - `renew NUMBER DATE`: lets a permit run until that day;
//! - `revoke NUMBER`: revokes a permit, and those that were issued under it;
//! - `register`: takes new permits in, from lines of standard input.
//!
//! Whatever happens, the register is as it was or as the whole command leaves it.

mod event;
mod permit;
mod register;
mod renew;
mod review;
mod revoke;

use std::{env, process};

micro_app::main!(run);

fn run() -> Result<String, String> {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["review"] => review::review(),
        ["renew", number, until] => renew::renew(number, until),
        ["revoke", number] => revoke::revoke(number),
        ["register"] => register::register(),
        _ => {
            eprintln!(
                "usage: permit-register review | renew NUMBER DATE | revoke NUMBER | register"
            );
            process::exit(2);
        }
    }
}
