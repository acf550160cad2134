//! Panics some calls deep, so that a backtrace has names to show. The argument `out-of-bounds`
//! makes the language raise the panic instead of the program.

use std::env;

use fractal::app::audit_log::{AuditEntry, record_event};

wit_bindgen::generate!({ path: "../../wit", world: "micro-app" });

struct Panics;

impl Guest for Panics {
    fn run() -> Result<String, String> {
        let out_of_bounds = env::args()
            .skip(1)
            .any(|argument| argument == "out-of-bounds");
        record_event(&AuditEntry {
            event_type: "panic-coming".into(),
            resource: "panics".into(),
            detail: if out_of_bounds {
                "by an index out of bounds"
            } else {
                "by a failed expectation"
            }
            .into(),
        });
        Ok(assess_permits(out_of_bounds))
    }
}

#[inline(never)]
fn assess_permits(out_of_bounds: bool) -> String {
    // How many arguments there are is unknown to the optimiser, which would otherwise fold the
    // functions into one.
    let permits: Vec<u32> = env::args()
        .skip(1)
        .zip(7..)
        .map(|(_, permit)| permit)
        .collect();
    format!(
        "permit {}",
        if out_of_bounds {
            permit_after_the_last(&permits)
        } else {
            permit_of_site(&permits)
        }
    )
}

#[inline(never)]
fn permit_of_site(permits: &[u32]) -> u32 {
    *permits
        .iter()
        .find(|permit| **permit == 0)
        .expect("every site has a permit")
}

#[inline(never)]
fn permit_after_the_last(permits: &[u32]) -> u32 {
    permits[permits.len()]
}

export!(Panics);
