//! Inputs that were found once, and the seeds of mutations, break no promise.

use fractalaw_fuzz::{TARGETS, corpus};

#[test]
fn every_input_of_the_corpus_keeps_the_promises() {
    let mut inputs = 0;
    for target in &TARGETS {
        for (name, bytes) in corpus::inputs(target.name).unwrap() {
            eprintln!("{}/{name}", target.name);
            (target.run)(&bytes);
            inputs += 1;
        }
    }
    assert!(inputs > 10, "the corpus is not there");
}

#[test]
fn every_folder_of_the_corpus_is_a_targets() {
    let root = corpus::folder("");
    for entry in std::fs::read_dir(root).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(TARGETS.iter().any(|target| target.name == name), "{name}");
    }
}

#[test]
fn every_seed_keeps_the_promises() {
    for target in &TARGETS {
        for seed in (target.seeds)() {
            (target.run)(&seed);
        }
    }
}
