//! The work itself, free of WebAssembly: the benchmarks also compile it for the machine.

use std::fmt::Write;

use regex::Regex;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A kernel: its name, and what it computes as a short text.
pub(crate) type Kernel = (&'static str, fn() -> String);

/// All of them.
pub(crate) const KERNELS: [Kernel; 3] = [("hash", hash), ("scan", scan), ("parse", parse)];

/// SHA-256 of two million bytes.
fn hash() -> String {
    let block: Vec<u8> = (0..=255).cycle().take(1 << 16).collect();
    let mut hasher = Sha256::new();
    for _ in 0..32 {
        hasher.update(&block);
    }
    format!("{:x}", hasher.finalize())
}

/// Every duty in a long text, found by a regular expression.
fn scan() -> String {
    let sentence = "The employer shall provide portable fire extinguishers. Each of them is kept in its \
                    place at all times, except during use, and must be inspected monthly. ";
    let text = sentence.repeat(2000);
    let duty =
        Regex::new(r"\b(shall|must)\s+(not\s+)?([a-z]+)\b").expect("the expression is valid");
    let (count, letters) = duty
        .captures_iter(&text)
        .fold((0, 0), |(count, letters), found| {
            (
                count + 1,
                letters + found.get(3).map_or(0, |verb| verb.len()),
            )
        });
    format!(
        "{count} duties, {letters} letters of verbs in {} bytes",
        text.len()
    )
}

/// A JSON document of some hundred kilobytes, parsed and summed up.
fn parse() -> String {
    let mut document = String::from("[");
    for i in 0..4000 {
        let comma = if i == 0 { "" } else { "," };
        write!(
            document,
            r#"{comma}{{"id":{i},"site":"north \"{i}\"","open":{},"load":{}.5,"tags":["a","b",null]}}"#,
            i % 2 == 0,
            i % 100,
        )
        .expect("a string takes it");
    }
    document.push(']');
    let records: Value = serde_json::from_str(&document).expect("it was just written");
    let records = records.as_array().map_or(&[][..], Vec::as_slice);
    let load: f64 = records
        .iter()
        .filter_map(|record| record["load"].as_f64())
        .sum();
    format!(
        "{} records, load {load}, {} bytes",
        records.len(),
        document.len()
    )
}
