//! Many malformed inputs: each gets an answer, and none makes the host panic. A sample is run by default.
//! `FRACTALAW_FUZZ_RUNS` sets another number of mutations for each target.

use std::env;

use fractalaw_fuzz::mutate::{Random, mutate};
use fractalaw_fuzz::{TARGETS, Target};

/// Takes some seconds for all targets together.
const SAMPLE: u64 = 100;

fn runs() -> u64 {
    let asked = env::var("FRACTALAW_FUZZ_RUNS").ok();
    asked.map_or(SAMPLE, |runs| runs.parse().expect("it is a number"))
}

#[test]
fn mutations_of_every_target_keep_the_promises() {
    for target in &TARGETS {
        let (seeds, mut random) = ((target.seeds)(), Random::new(1));
        for run in 0..runs() {
            eprintln!("{} {run}", target.name);
            (target.run)(&mutate(&seeds, &mut random));
        }
    }
}

#[test]
fn every_truncation_of_a_component_is_answered() {
    let target = Target::find("component").unwrap();
    let seeds = (target.seeds)();
    let smallest = seeds.iter().filter(|seed| seed.len() > 200);
    let smallest = smallest.min_by_key(|seed| seed.len()).unwrap();
    for end in 0..smallest.len() {
        (target.run)(&smallest[..end]);
    }
}

#[test]
fn the_same_seed_makes_the_same_inputs() {
    let seeds = vec![b"one".to_vec(), b"another".to_vec()];
    let made = |seed| {
        let mut random = Random::new(seed);
        (0..100)
            .map(|_| mutate(&seeds, &mut random))
            .collect::<Vec<_>>()
    };
    assert_eq!(made(7), made(7));
    assert_ne!(made(7), made(8));
}
