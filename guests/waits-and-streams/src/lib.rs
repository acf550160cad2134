//! Guards that what a guest waits for does not depend on how fast the machine is: waits for timers, reads and writes
//! files in every way that WASI has, and says what it saw. The first argument names what it does.

mod files;
mod waiting;

wit_bindgen::generate!({ path: "../../wit", world: "micro-app" });

struct WaitsAndStreams;

impl Guest for WaitsAndStreams {
    fn run() -> Result<String, String> {
        let mut args = std::env::args().skip(1);
        let what = args.next().unwrap_or_default();
        let mut number = || args.next().and_then(|arg| arg.parse().ok());
        let lines = match &*what {
            "waiting" => waiting::all(),
            "files" => files::all(),
            "timers" => waiting::timers(number().unwrap_or(1)),
            "one timer" => waiting::one_timer(number().unwrap_or(1)),
            _ => return Err(format!("nothing is called `{what}`")),
        };
        Ok(lines.join("\n"))
    }
}

export!(WaitsAndStreams);
