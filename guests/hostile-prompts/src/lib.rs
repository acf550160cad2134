//! Asks models what it must not, one thing for each argument. The host must end each in time, with an outcome or with an
//! error that has a code.

mod attempts;

use std::env;

use micro_app::record;

micro_app::main!(run);

fn run() -> Result<String, String> {
    let what = env::args().nth(1).unwrap_or_default();
    record("attempt", "hostile-prompts", &*what);
    attempts::make(&what)
}
