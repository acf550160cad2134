//! Does honest work that never ends: it counts primes, and records each stage, until its fuel is
//! used up.

use fractal::app::audit_log::{AuditEntry, record_event};

wit_bindgen::generate!({ path: "../../wit", world: "micro-app" });

struct FuelHog;

impl Guest for FuelHog {
    fn run() -> Result<String, String> {
        let mut primes = 0_u64;
        for candidate in 2_u64.. {
            if is_prime(candidate) {
                primes += 1;
                if primes.is_multiple_of(1_000) {
                    record_event(&AuditEntry {
                        event_type: "stage-reached".into(),
                        resource: "fuel-hog".into(),
                        detail: format!("prime number {primes} is {candidate}"),
                    });
                }
            }
        }
        Ok(format!("found all {primes} primes"))
    }
}

fn is_prime(candidate: u64) -> bool {
    (2..)
        .take_while(|divisor| divisor * divisor <= candidate)
        .all(|divisor| !candidate.is_multiple_of(divisor))
}

export!(FuelHog);
