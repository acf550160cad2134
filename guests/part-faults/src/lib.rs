//! Lets `faulty-part` do what the first argument says: `trap`, `loop`, or with a number of bytes `take`, `take-numbers`, `give`
//! and `keep`, which the guest itself does too. With a third argument, it does so that many times.

use std::env;
use std::hint::black_box;

use acme::faults::faults;
use fractal::app::audit_log::{AuditEntry, record_event};

wit_bindgen::generate!({
    path: ["../../wit", "../faulty-part/wit"],
    inline: "package acme:part-faults;
        world whole { include fractal:app/minimal@0.1.0; import acme:faults/faults@1.0.0; }",
    world: "acme:part-faults/whole",
    generate_all,
});

struct PartFaults;

impl Guest for PartFaults {
    fn run() -> Result<String, String> {
        let args: Vec<String> = env::args().skip(1).collect();
        let number = |at: usize| args.get(at).and_then(|number| number.parse().ok());
        let (what, bytes) = (args.first().map_or("", String::as_str), number(1));
        let bytes: u32 = bytes.unwrap_or_default();
        record_event(&AuditEntry {
            event_type: "part-called".into(),
            resource: what.into(),
            detail: "nothing is recorded after this".into(),
        });
        let text = "x".repeat(if what == "take" { bytes as usize } else { 0 });
        let numbers = vec![
            1;
            if what == "take-numbers" {
                bytes as usize / 8
            } else {
                0
            }
        ];
        let kept = vec![1_u8; if what == "keep" { bytes as usize } else { 0 }];
        for _ in 0..number(2).unwrap_or(1) {
            match what {
                "trap" => faults::trap(),
                "loop" => faults::endless(),
                "take" => assert_eq!(faults::take(&text), bytes),
                "take-numbers" => assert_eq!(faults::take_numbers(&numbers), bytes / 8),
                "give" => assert_eq!(faults::give(bytes).len(), bytes as usize),
                "keep" => faults::keep(bytes),
                _ => return Err(format!("nobody knows how to `{what}`")),
            }
        }
        black_box(kept);
        Ok(format!("the part did `{what}`"))
    }
}

export!(PartFaults);
