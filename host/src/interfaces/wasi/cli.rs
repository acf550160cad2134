//! `wasi:cli`: arguments, environment, standard streams and exit. No stream is ever a terminal.

use fractalaw_report::App;
use wasmtime_wasi::cli::WasiCliView;
use wasmtime_wasi::p2::bindings::cli::{
    exit, stderr, stdin, stdout, terminal_input, terminal_output, terminal_stderr, terminal_stdin,
    terminal_stdout,
};

use super::offering::offer;
use crate::offer::state::RunState;

offer! {
    "wasi:cli/environment@0.2.12", state => state;
        sync "get-environment"() -> value = LOOKUP, get_environment;
        sync "get-arguments"() -> value = LOOKUP, get_arguments;
        sync "initial-cwd"() -> value = LOOKUP, initial_cwd;
    "wasi:cli/exit@0.2.12", state => state.cli();
        sync "exit"(status) -> nothing = LOOKUP, exit::Host::exit;
        sync "exit-with-code"(status) -> nothing = LOOKUP, exit::Host::exit_with_code;
    "wasi:cli/stdin@0.2.12", state => state.cli();
        sync "get-stdin"() -> value = HANDLE, stdin::Host::get_stdin;
    "wasi:cli/stdout@0.2.12", state => state.cli();
        sync "get-stdout"() -> value = HANDLE, stdout::Host::get_stdout;
    "wasi:cli/stderr@0.2.12", state => state.cli();
        sync "get-stderr"() -> value = HANDLE, stderr::Host::get_stderr;
    "wasi:cli/terminal-input@0.2.12", state => state.cli();
        [sync "terminal-input": terminal_input::TerminalInput, terminal_input::HostTerminalInput::drop;]
    "wasi:cli/terminal-output@0.2.12", state => state.cli();
        [sync "terminal-output": terminal_output::TerminalOutput, terminal_output::HostTerminalOutput::drop;]
    "wasi:cli/terminal-stdin@0.2.12", state => state.cli();
        sync "get-terminal-stdin"() -> value = LOOKUP, terminal_stdin::Host::get_terminal_stdin;
    "wasi:cli/terminal-stdout@0.2.12", state => state.cli();
        sync "get-terminal-stdout"() -> value = LOOKUP, terminal_stdout::Host::get_terminal_stdout;
    "wasi:cli/terminal-stderr@0.2.12", state => state.cli();
        sync "get-terminal-stderr"() -> value = LOOKUP, terminal_stderr::Host::get_terminal_stderr;
}

fn get_environment(state: &mut &mut RunState) -> wasmtime::Result<Vec<(String, String)>> {
    Ok(state.inputs.env.clone())
}

/// The program's name comes first.
fn get_arguments(state: &mut &mut RunState) -> wasmtime::Result<Vec<String>> {
    let arguments = state.inputs.args.iter().map(String::as_str);
    let all = std::iter::once(program_name(&state.app)).chain(arguments);
    Ok(all.map(str::to_owned).collect())
}

/// What the guest finds before its arguments, as every C library expects.
fn program_name(app: &App) -> &str {
    let name = app.name.as_deref();
    name.filter(|name| !name.is_empty()).unwrap_or("micro-app")
}

/// A guest has no current directory, because every path belongs to a granted folder.
fn initial_cwd(_: &mut &mut RunState) -> wasmtime::Result<Option<String>> {
    Ok(None)
}
