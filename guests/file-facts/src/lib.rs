//! Guards that files look the same wherever a deterministic run happens: lists `/data` as it is given, with
//! each entry's kind, size and time of change.

use std::fs;
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

wit_bindgen::generate!({ path: "../../wit", world: "micro-app" });

struct FileFacts;

impl Guest for FileFacts {
    fn run() -> Result<String, String> {
        let folder = Path::new("/data");
        let mut facts = vec![describe(folder).map_err(|error| error.to_string())?];
        // In the order in which the host lists them: the host has one.
        for entry in fs::read_dir(folder).map_err(|error| error.to_string())? {
            let entry = entry.map_err(|error| error.to_string())?;
            facts.push(describe(&entry.path()).map_err(|error| error.to_string())?);
        }
        Ok(facts.join("\n"))
    }
}

fn describe(path: &Path) -> io::Result<String> {
    let metadata = fs::metadata(path)?;
    let kind = if metadata.is_dir() { "folder" } else { "file" };
    // WASI has no word for an unknown time; the standard library shows it as the beginning of 1970.
    let modified = match metadata.modified()?.duration_since(UNIX_EPOCH) {
        Ok(age) if !age.is_zero() => format!("{} s after 1970", age.as_secs()),
        _ => "unknown".to_owned(),
    };
    let size = metadata.len();
    Ok(format!(
        "{}: {kind} of {size} bytes, modified {modified}",
        path.display()
    ))
}

export!(FileFacts);
