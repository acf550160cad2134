//! Guards that what a guest leaves in a folder is seen to the byte: changes folders as standard input says, a step a
//! line.

use std::fs;
use std::io::{self, Read};

wit_bindgen::generate!({ path: "../../wit", world: "micro-app" });

struct FolderWriter;

impl Guest for FolderWriter {
    fn run() -> Result<String, String> {
        let mut steps = String::new();
        let read = io::stdin().read_to_string(&mut steps);
        read.map_err(|error| format!("cannot read the steps: {error}"))?;
        for step in steps.lines() {
            take(step).map_err(|error| format!("`{step}`: {error}"))?;
        }
        Ok(format!("{} steps taken", steps.lines().count()))
    }
}

fn take(step: &str) -> Result<(), String> {
    let mut words = step.splitn(3, ' ');
    let mut next = || words.next().ok_or("a word is missing");
    let (what, path) = (next()?, next()?);
    let done = match what {
        "write" => fs::write(path, next()?),
        "hex" => fs::write(path, bytes(next()?)?),
        // So many numbered lines.
        "lines" => {
            let count: usize = next()?.parse().map_err(|_| "no number of lines")?;
            let lines: String = (1..=count).map(|line| format!("line {line}\n")).collect();
            fs::write(path, lines)
        }
        "folder" => fs::create_dir(path),
        "rename" => fs::rename(path, next()?),
        "remove" => fs::remove_file(path),
        _ => return Err("no such step".into()),
    };
    done.map_err(|error| error.to_string())
}

fn bytes(digits: &str) -> Result<Vec<u8>, String> {
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| {
            let pair = std::str::from_utf8(pair).map_err(|error| error.to_string())?;
            u8::from_str_radix(pair, 16).map_err(|error| error.to_string())
        })
        .collect()
}

export!(FolderWriter);
