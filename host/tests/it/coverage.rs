//! Which instructions ran: the twin with a hook at each block does what the component does, and says it.

use std::fs;

use fractalaw_host::{Coverage, Host, ProfileError, Run};
use sha2::{Digest as _, Sha256};
use wasmparser::{Parser, Payload};

use crate::components::{RUNTIME, cache, component, guest_bytes, guest_bytes_or_skip, workspace};

fn covered(host: &Host, bytes: &[u8], run: &Run) -> Result<Coverage, ProfileError> {
    let app = host.load_covered(bytes)?;
    RUNTIME.block_on(host.coverage(&app, run, run))
}

fn host() -> Host {
    Host::builder().slots(1).cache(cache()).build().unwrap()
}

#[test]
fn what_ran_is_told_apart_from_what_did_not() {
    let host = host();
    // Each way is `nop`, one byte, and as often as no other.
    let taken = |condition: u32| {
        let body = format!(
            "(if (i32.const {condition}) (then nop nop nop) (else nop nop nop nop nop nop nop))"
        );
        let run = Run::new().deterministic();
        let coverage = covered(&host, &component("", &body), &run).unwrap();
        let modules = coverage.modules;
        assert_eq!(modules.len(), 1, "{modules:?}");
        let lengths = |ranges: &[(u32, u32)]| -> Vec<u32> {
            ranges.iter().map(|range| range.1 - range.0).collect()
        };
        let not_ran = lengths(&modules[0].not_ran);
        assert_eq!(modules[0].code_sha256.len(), 64);
        (lengths(&modules[0].ran), not_ran)
    };
    let (ran, not_ran) = taken(1);
    assert!(
        ran.contains(&3) && not_ran.contains(&7),
        "{ran:?} {not_ran:?}"
    );
    let (ran, not_ran) = taken(0);
    assert!(
        ran.contains(&7) && not_ran.contains(&3),
        "{ran:?} {not_ran:?}"
    );
}

/// However a run ends, and to the unit of fuel, or the twin would not count as the same.
#[test]
fn guests_do_the_same_when_each_block_is_watched() {
    let host = host();
    for (guest, run) in [
        ("hello-world", Run::new()),
        ("guest-error", Run::new()),
        ("panics", Run::new()),
        ("exits", Run::new()),
        ("time-and-chance", Run::new()),
        ("fuel-hog", Run::new().fuel(100_000)),
        ("fuel-hog", Run::new().fuel(100_001)),
        ("hello-world", Run::new().fuel(1_000)),
        ("memory-bomb", Run::new()),
    ] {
        let run = run.deterministic();
        let once = covered(&host, &guest_bytes(guest), &run).unwrap_or_else(|error| {
            panic!("{guest}: {error}");
        });
        assert!(!once.modules.is_empty(), "{guest}");
        assert_eq!(
            once,
            covered(&host, &guest_bytes(guest), &run).unwrap(),
            "{guest}"
        );
    }
}

/// The digest of the code of a guest's core module, as it was built.
fn code_of(guest: &str) -> String {
    let module = workspace().join(format!("target/guests/core/{guest}.wasm"));
    let module = fs::read(module).unwrap();
    let mut sections =
        Parser::new(0)
            .parse_all(&module)
            .filter_map(|section| match section.unwrap() {
                Payload::CodeSectionStart { range, .. } => Some(range),
                _ => None,
            });
    format!("{:x}", Sha256::digest(&module[sections.next().unwrap()]))
}

/// The parts pay for what they hand to each other, in functions that the host adds. What ran is told of the code as it was
/// built, so it is found by the digest of that code.
#[test]
fn of_a_component_of_three_languages_each_part_is_counted() {
    let test = "coverage::of_a_component_of_three_languages_each_part_is_counted";
    let Some(bytes) = guest_bytes_or_skip("customs-entry", test) else {
        return;
    };
    let host = host();
    let entry = fs::read(workspace().join("tests/cases/customs-entry/entry.csv")).unwrap();
    let of = |input: Vec<u8>| {
        let run = Run::new().deterministic().stdin(input);
        covered(&host, &bytes, &run).unwrap()
    };
    let ran = |coverage: &Coverage, guest: &str| -> u32 {
        let code = code_of(guest);
        let module = coverage
            .modules
            .iter()
            .find(|module| module.code_sha256 == code);
        let module = module.unwrap_or_else(|| panic!("no code of `{guest}`"));
        assert!(!module.not_ran.is_empty(), "{guest}");
        module.ran.iter().map(|(start, end)| end - start).sum()
    };
    let (whole, malformed) = (of(entry), of(b"CSQU3054383,8703,JP".to_vec()));
    for guest in ["customs-entry", "container-numbers"] {
        let ran = (ran(&whole, guest), ran(&malformed, guest));
        assert!(ran.0 > ran.1 + 1_000, "{guest}: {ran:?}");
    }
    // Without an item, the part in C is only initialised.
    assert_eq!(ran(&malformed, "container-numbers"), 33);
}
