//! What the help says beyond the flags.

/// The way data flows, then each command with an example.
pub(super) const GUIDE: &str = "\
The way data flows:

    guests/NAME/                 the source of a micro-app, its manifest in Cargo.toml
    guests/LANGUAGE/NAME/        the same in another language, its manifest in micro-app.toml
      |  build-guests            rustc, for wasm32-wasip2
    target/guests/core/NAME.wasm the core module
      |  build-guests            encoded, checked against wit/, manifest added
    target/guests/NAME.wasm      the component: says what it is and what it asks for
      |  run, test               compiled once, then an instance with fuel, deadline and memory cap
    report                       outcome, audit entries, fuel, memory, output
      |  test                    compared exactly
    tests/snapshots/             reviewed and committed

Examples:

    cargo xtask run hello-world              build it, run it, print its report
    cargo xtask run hello-world --fuel 1000  the same, with less fuel than it needs
    cargo xtask run hello-world --ledger     the same, recorded in target/ledger/audit.ledger
    cargo xtask ledger runs target/ledger/audit.ledger
    cargo xtask serve /tmp/site --watch      run the micro-apps of a folder when something happens
    cargo xtask inspect hello-world          what it is, and what it asks for
    cargo xtask test                         hold every guest against its snapshots
    cargo xtask test hello-world --watch     the same again whenever something changes
    cargo xtask test hello-world --accept    accept what its cases do now
    cargo xtask report                       one page of all of that, to be read in a browser
    cargo xtask build-guests --json          build all guests, describe them for a tool
    cargo xtask profile duty-finder --against HEAD
                                             which functions became dearer since the last commit
    cargo xtask fuel                         what every case costs, and its share of the budget
    cargo xtask bench warm --save before     measure one more run beside raw Wasmtime's
    cargo xtask fuzz component --time 10m    look for bytes that break the host
    cargo xtask new my-app                   make a guest with a first case that passes
    cargo xtask new --repository ../desk     make a repository for guests of your own
    cargo xtask ci                           everything that CI checks
    cargo xtask drivers                      fetch the database drivers that tests use
    cargo xtask servers                      fetch the servers that tests use
    cargo xtask models get                   fetch the models that `fractalaw-models` serves
    cargo xtask tidy                         only the rules that no other tool checks
    cargo xtask completions bash             a script with which the shell completes all of this

Exit codes:

     0  all is well
     1  the micro-app returned an error of its own
     2  wrong usage
     3  refused: not a component that may run here
     4  out of fuel
     5  deadline exceeded
     6  memory limit exceeded
     7  stack overflow
     8  trap
     9  quota exceeded
    10  the host failed
    11  a guest failed to build
    12  another step failed: the host's build, a test, a check
    13  interrupted by a signal
    14  not acknowledged: the ledger failed after the run had begun
    15  `fuel`: a cost moved by more than is allowed, and nothing else is wrong";

/// Options of `run`, which the host's binary defines and parses; listed here to be found.
pub(crate) const RUN_OPTIONS: &str = "\
Options of the run, given to `fractalaw run` as they stand:

    --tier TIER                    lightweight, standard or heavy, instead of the manifest's
    --fuel N                       units of fuel, instead of the tier's
    --timeout DURATION             wall time, such as 500ms or 2s, instead of the tier's
    --memory SIZE                  memory cap, such as 64MiB, instead of the tier's
    --arg ARG                      an argument; repeat for more
    --env NAME=VALUE               an environment variable; repeat for more
    --dir HOST[::GUEST][:rw]       a folder, read-only unless `:rw` follows; repeat for more
    --stdin FILE                   standard input; `-` passes on our own
    --trigger LINE                 the event or tick that starts it, as a case has it: tests/README.md
    --data FILE[:rw]               an SQLite database, all of it, read-only unless `:rw` follows
    --record FOLDER                record the run as a case, for `cargo xtask test --from FOLDER`
    --replay FILE                  take the answers of served models from a file, and ask no server
    --policy FILE                  what is granted to which micro-apps: host/POLICY.md
    --grant LINE                   a line of policy for this run; repeat for more
    --ledger [FILE]                record it; without FILE in target/ledger/audit.ledger
    --durability entry|run|group   when the ledger's entries are on disk
    --ledger-wait DURATION         how long to wait for other processes that append
    --grace DURATION               how long it may go on after SIGINT or SIGTERM
    --json                         the report as JSON
    --trace                        list each host call with its place on the fuel axis
    --deterministic                virtual time and seeded randomness, as under test
    --clock RFC3339, --seed N      the time at which such a run begins, and its seed
    --compile-time DURATION        how long it may take to compile, unless said 60s or 4s a MiB
    --cache FOLDER, --no-cache     where compiled code is kept, or not at all

Examples:

    cargo xtask run hello-world
    cargo xtask run hello-world --fuel 1000 --json
    cargo xtask run path/to/component.wasm --tier heavy

The exit codes stand in `cargo xtask --help`.";
