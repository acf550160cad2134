//! Names of functions that grow: fifty bytes that stand for a million, in a backtrace and in a profile.

use fractalaw_host::{Host, ProfileError, Run};

use crate::components::{RUNTIME, component, run};

/// A mangled name of 45 bytes, whose readable form would have a million.
const BOMB: &str = "_RYFG_FGyyEvRYFF_EvRYFFEvERLB_B_B_ERLRjB_B_B_";

/// The longest name, and the mark that it was cut.
const NAME_BYTES: usize = 1024 + " … (cut)".len();

/// A component whose `run` calls that many functions with this name.
fn calls(functions: usize) -> Vec<u8> {
    let each = |function| format!("(func $f{function} (@name \"{BOMB}\") nop)");
    let items: String = (0..functions).map(each).collect();
    let body: String = (0..functions).map(|f| format!("call $f{f} ")).collect();
    component(&items, &body)
}

#[test]
fn a_backtrace_shows_the_beginning_of_each_name() {
    let host = Host::builder().slots(1).build().unwrap();
    let each = |f| format!("(func $f{f} (@name \"{BOMB}\") (call $f{}))", f + 1);
    let items: String = (0..19).map(each).collect();
    let items = format!("{items} (func $f19 (@name \"{BOMB}\") unreachable)");
    let report = run(&host, &component(&items, "call $f0"), Run::new());
    assert_eq!(report.outcome.kind(), "trap");
    let bytes: Vec<usize> = report.backtrace.iter().map(String::len).collect();
    assert_eq!(bytes, [NAME_BYTES; 20]);
    assert!(report.text().len() < 32 << 10);
}

/// Reading a name of 450 nested types takes 256 to 512 KiB of stack, unoptimised, besides the 270 KiB of a run.
#[test]
fn names_are_read_on_a_stack_of_their_own() {
    const STACK_BYTES: usize = 384 << 10;
    let host = Host::builder().slots(1).build().unwrap();
    let name = format!("_RMC1a{}u", "R".repeat(450));
    let items = format!("(func $f (@name \"{name}\") unreachable)");
    let bytes = component(&items, "call $f");
    let [app, profiled] = [&bytes; 2].map(|bytes| host.load_profiled(bytes).unwrap());
    let names = on_a_small_stack(STACK_BYTES, move || {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_time().build().unwrap();
        let report = runtime.block_on(host.run(app.app(), &Run::new())).unwrap();
        let profile = runtime.block_on(host.profile(&profiled, &Run::new().deterministic()));
        let functions = profile.unwrap().functions;
        let mut names = report.backtrace;
        names.extend(functions.into_iter().map(|function| function.name));
        names
    });
    let readable = format!("<{}()>", "&".repeat(450));
    let found = names.iter().filter(|found| **found == readable).count();
    assert_eq!(found, 2, "{names:?}");
}

fn on_a_small_stack<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let thread = std::thread::Builder::new().stack_size(bytes);
    thread.spawn(work).unwrap().join().unwrap()
}

#[test]
fn a_profile_holds_the_beginning_of_each_name_and_so_much_of_all() {
    let host = Host::builder().slots(1).build().unwrap();
    let profile = |functions| {
        let app = host.load_profiled(&calls(functions))?;
        RUNTIME.block_on(host.profile(&app, &Run::new().deterministic()))
    };
    let some = profile(100).unwrap();
    let bombs = some.functions.iter().filter(|f| f.name.len() == NAME_BYTES);
    assert_eq!(bombs.count(), 100);
    assert!(serde_json::to_string(&some).unwrap().len() < 200 << 10);
    let error = profile(5_000).unwrap_err();
    assert!(
        matches!(error, ProfileError::TooLongNames { limit: 4_194_304 }),
        "{error}"
    );
}
