//! Writes more to standard output and standard error than a host keeps. What is over the bound is
//! dropped and counted, and the run goes on.

use std::io::{self, Write};

use fractal::app::audit_log::{AuditEntry, record_event};

wit_bindgen::generate!({ path: "../../wit", world: "micro-app" });

const LINE: &str = "a line of output that nobody will read to the end of, sixty-four\n";
const LINES_PER_BLOCK: usize = 1_000;
const BLOCKS: usize = 50;

struct OutputFlood;

impl Guest for OutputFlood {
    fn run() -> Result<String, String> {
        record_event(&AuditEntry {
            event_type: "flood-coming".into(),
            resource: "output-flood".into(),
            detail: format!(
                "{} bytes to each stream",
                BLOCKS * LINES_PER_BLOCK * LINE.len()
            ),
        });
        let block = LINE.repeat(LINES_PER_BLOCK);
        flood(&block, io::stdout()).map_err(|error| format!("standard output: {error}"))?;
        flood(&block, io::stderr()).map_err(|error| format!("standard error: {error}"))?;
        Ok("every write succeeded".into())
    }
}

fn flood(block: &str, mut stream: impl Write) -> io::Result<()> {
    for _ in 0..BLOCKS {
        stream.write_all(block.as_bytes())?;
    }
    stream.flush()
}

export!(OutputFlood);
