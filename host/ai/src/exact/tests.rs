//! The tokens of the exact model beside those of the reference tokenizer, which `table/reference.py` wrote down.

use std::env;
use std::io::ErrorKind;
use std::process::Command;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::exact::table::{Table, table};
use crate::exact::tokens::Tokens;
use crate::exact::vector::{Sum, cosine};

/// The tokens as the reference names them.
fn named(table: &Table, tokens: &Tokens) -> Vec<String> {
    let continuing = table.group(true);
    let name = |token: &usize| {
        let text = std::str::from_utf8(table.text(*token)).unwrap();
        let mark = if continuing.contains(token) { "##" } else { "" };
        format!("{mark}{text}")
    };
    tokens.known.iter().map(name).collect()
}

fn reference() -> impl Iterator<Item = Value> {
    let lines = include_str!("../../table/tokens.jsonl").lines();
    lines.map(|line| serde_json::from_str(line).unwrap())
}

#[test]
fn tokens_are_those_of_the_reference() {
    let mut compared = 0;
    for line in reference().filter(|line| line[0].is_string()) {
        let tokens = Tokens::of(table(), line[0].as_str().unwrap());
        let expected: Vec<String> = serde_json::from_value(line[1].clone()).unwrap();
        assert_eq!(named(table(), &tokens), expected, "{line}");
        assert_eq!(tokens.unknown as u64, line[2], "{line}");
        compared += 1;
    }
    assert_eq!(compared, 400);
}

/// Each character of the first three planes of Unicode, inside a word and alone.
#[test]
fn characters_are_those_of_the_reference() {
    let last = reference().last().unwrap();
    let end = u32::try_from(last[0].as_u64().unwrap()).unwrap();
    let mut hasher = Sha256::new();
    for character in (0..end).filter_map(char::from_u32) {
        let tokens = Tokens::of(table(), &format!("a{character}b {character}"));
        let names = named(table(), &tokens).join(" ");
        hasher.update(format!("{names} {}\n", tokens.unknown));
    }
    let digest: String = hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(digest, last[1]);
}

/// The bits of all vectors of the reference's texts, and of the cosine of each text and the one before it.
#[test]
fn vectors_and_cosines_have_the_same_bits_on_every_processor() {
    let texts = reference().filter_map(|line| Some(line[0].as_str()?.to_owned()));
    let sums: Vec<_> = texts
        .map(|text| Sum::of(table(), &Tokens::of(table(), &text)))
        .collect();
    let mut hasher = Sha256::new();
    for sum in &sums {
        for number in sum.normal() {
            hasher.update(number.to_le_bytes());
        }
    }
    for pair in sums.windows(2) {
        hasher.update(cosine(&pair[0], &pair[1]).to_le_bytes());
    }
    let digest: String = hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(
        digest,
        "9a990b55fb02fc19228609bba45142f26e48c7267d5102d85542e25d7bafce4a"
    );
}

/// The test above in QEMU, which knows no AVX: what chooses instructions when it runs chooses others.
#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn vectors_have_the_same_bits_on_a_processor_without_avx() {
    const ALONE: &str = "exact::tests::vectors_and_cosines_have_the_same_bits_on_every_processor";
    let mut qemu = Command::new("qemu-x86_64");
    qemu.args(["-cpu", "qemu64"])
        .arg(env::current_exe().unwrap());
    match qemu.args(["--exact", ALONE]).output() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("SKIPPED: there is no `qemu-x86_64`: install the package `qemu-user`");
        }
        output => {
            let output = output.unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{said}");
            assert!(said.contains("test result: ok. 1 passed"), "{said}");
        }
    }
}
