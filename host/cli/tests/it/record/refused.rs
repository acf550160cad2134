//! What cannot be a case is not recorded.

use std::fs;

use fractalaw_report::Report;

use super::lab::{Lab, said};

#[test]
fn a_run_that_no_case_repeats_is_not_recorded() {
    let lab = Lab::new();
    for (guest, flags, said_of_it, code) in [
        (
            "endless-loop",
            &["--timeout", "300ms", "--fuel", "100000000000"][..],
            "warning: nothing was recorded: the run ended by its deadline, and how far it comes until then depends on the \
             machine\nhint: give it more time with `--timeout`, or bound it with `--fuel`\n",
            5,
        ),
        (
            "wants-everything",
            &[],
            "warning: nothing was recorded: the component was refused, and did not run\n\
             hint: grant what it asks for, and run again\n",
            3,
        ),
    ] {
        let flags = flags.iter().chain(&["--record", "new"]);
        let flags: Vec<_> = flags.map(|flag| (*flag).to_owned()).collect();
        let output = lab.run(guest, &flags);
        assert_eq!(
            (said(&output).as_str(), output.status.code()),
            (said_of_it, Some(code))
        );
        // The report is there all the same.
        serde_json::from_slice::<Report>(&output.stdout).unwrap();
        assert!(!lab.path("new").exists());
    }
    // A run that fails is a case.
    let (report, _) = lab.recorded("panics", &[]);
    assert_eq!(report.outcome.kind(), "trap");
    let (report, _) = lab.recorded("fuel-hog", &["--fuel", "1000000"]);
    assert_eq!(report.outcome.kind(), "out-of-fuel");
}

#[test]
fn what_cannot_be_recorded_is_not_run() {
    let lab = Lab::new();
    fs::create_dir_all(lab.path("full/inner")).unwrap();
    fs::create_dir(lab.path("linked")).unwrap();
    std::os::unix::fs::symlink("/etc", lab.path("linked/etc")).unwrap();
    fs::write(lab.path("answers"), "").unwrap();
    fs::create_dir(lab.path("huge")).unwrap();
    let huge = fs::File::create(lab.path("huge/file")).unwrap();
    huge.set_len((64 << 20) + 1).unwrap();
    let script = ["--stdin", "answers"];
    for (flags, expected) in [
        (
            &["--record", "answers.jsonl"][..],
            "error: `answers.jsonl` is no name for a case, expected lower-case words and digits with `-` between them\n\
             hint: name the folder as the case is to be called, such as `--record first-permit`\n",
        ),
        (
            &["--record", "answers"],
            "error: `answers` exists, expected a new folder for the record of the run\n\
             hint: name another folder, or remove this one\n",
        ),
        (
            &["--record", "full"],
            "error: `full` exists, expected a new folder for the record of the run\n\
             hint: name another folder, or remove this one\n",
        ),
        (
            &["--record", "nowhere/new"],
            "error: `nowhere/new` is to be in a folder that does not exist\nhint: make that folder first\n",
        ),
        (
            &["--dir", "huge::/data:rw", "--record", "huge/new"],
            "error: `huge/new` is to be in `huge`, which the guest is given\nhint: record it outside of the granted folders\n",
        ),
        (
            &["--dir", "huge/..::/data", "--record", "new"],
            "error: `new` is to be in `huge/..`, which the guest is given\nhint: record it outside of the granted folders\n",
        ),
        (
            &["--record", "answers/new"],
            "error: could not make the folder `answers/new`: Not a directory (os error 20)\n\
             hint: name a folder in a place where you may write\n",
        ),
        (
            &["--record", "new", "--dir", "huge::/in"],
            "error: the run is given more than can be recorded: 64 MiB in 10000 files\n\
             hint: record it with a smaller folder or database\n",
        ),
        (
            &[
                "--record",
                "new",
                "--data",
                "postgresql://127.0.0.1:9/permits",
            ],
            "error: a database behind a driver cannot be recorded\n\
             hint: record a run on an SQLite file, with `--data FILE`\n",
        ),
        (
            &["--record", "new", "--dir", "full::/out"],
            "error: the folder `full/inner` is empty, and git keeps no empty folder\n\
             hint: put a file into it, or remove it, and run again\n",
        ),
        (
            &["--record", "new", "--dir", "linked::/out"],
            "error: `linked/etc` is neither file nor folder, and cannot be recorded\n\
             hint: remove it from the granted folder, and run again\n",
        ),
    ] {
        let flags: Vec<_> = flags
            .iter()
            .chain(&script)
            .map(|flag| (*flag).to_owned())
            .collect();
        let output = lab.run("folder-writer", &flags);
        assert_eq!(
            (said(&output).as_str(), output.status.code()),
            (expected, Some(2)),
            "{flags:?}"
        );
        assert!(output.stdout.is_empty());
        assert!(!lab.path("new").exists(), "{flags:?}");
    }
}
