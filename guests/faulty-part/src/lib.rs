//! A part that traps, loops, and hands over more than is sensible. `part-faults` uses it, and the cases there test it.

use std::hint::black_box;
use std::mem;

use exports::acme::faults::faults::Guest;

wit_bindgen::generate!({ path: "wit", world: "part" });

struct FaultyPart;

impl Guest for FaultyPart {
    fn trap() {
        panic!("the part has a fault");
    }

    fn endless() {
        loop {
            black_box(());
        }
    }

    fn take(text: String) -> u32 {
        text.len() as u32
    }

    fn take_numbers(numbers: Vec<u64>) -> u32 {
        numbers.len() as u32
    }

    fn give(bytes: u32) -> String {
        "x".repeat(bytes as usize)
    }

    fn keep(bytes: u32) {
        mem::forget(black_box(vec![1_u8; bytes as usize]));
    }
}

export!(FaultyPart);
