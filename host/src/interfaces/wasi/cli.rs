//! `wasi:cli`: arguments, environment, standard streams and exit. No stream is ever a terminal.

use wasmtime::component::Linker;
use wasmtime_wasi::cli::WasiCliView;
use wasmtime_wasi::p2::bindings::cli::{
    environment, exit, stderr, stdin, stdout, terminal_input, terminal_output, terminal_stderr,
    terminal_stdin, terminal_stdout,
};

use crate::offer::charge::offer;
use crate::offer::state::RunState;

pub(super) fn add_to_linker(linker: &mut Linker<RunState>) -> wasmtime::Result<()> {
    offer! { linker, "wasi:cli/environment@0.2.12", state => state.cli();
        sync "get-environment"() -> value = LOOKUP, environment::Host::get_environment;
        sync "get-arguments"() -> value = LOOKUP, environment::Host::get_arguments;
        sync "initial-cwd"() -> value = LOOKUP, environment::Host::initial_cwd;
    }
    offer! { linker, "wasi:cli/exit@0.2.12", state => state.cli();
        sync "exit"(status) -> nothing = LOOKUP, exit::Host::exit;
        sync "exit-with-code"(status) -> nothing = LOOKUP, exit::Host::exit_with_code;
    }
    offer! { linker, "wasi:cli/stdin@0.2.12", state => state.cli();
        sync "get-stdin"() -> value = HANDLE, stdin::Host::get_stdin;
    }
    offer! { linker, "wasi:cli/stdout@0.2.12", state => state.cli();
        sync "get-stdout"() -> value = HANDLE, stdout::Host::get_stdout;
    }
    offer! { linker, "wasi:cli/stderr@0.2.12", state => state.cli();
        sync "get-stderr"() -> value = HANDLE, stderr::Host::get_stderr;
    }
    offer! { linker, "wasi:cli/terminal-input@0.2.12", state => state.cli();
        [sync "terminal-input": terminal_input::TerminalInput, terminal_input::HostTerminalInput::drop;]
    }
    offer! { linker, "wasi:cli/terminal-output@0.2.12", state => state.cli();
        [sync "terminal-output": terminal_output::TerminalOutput, terminal_output::HostTerminalOutput::drop;]
    }
    offer! { linker, "wasi:cli/terminal-stdin@0.2.12", state => state.cli();
        sync "get-terminal-stdin"() -> value = LOOKUP, terminal_stdin::Host::get_terminal_stdin;
    }
    offer! { linker, "wasi:cli/terminal-stdout@0.2.12", state => state.cli();
        sync "get-terminal-stdout"() -> value = LOOKUP, terminal_stdout::Host::get_terminal_stdout;
    }
    offer! { linker, "wasi:cli/terminal-stderr@0.2.12", state => state.cli();
        sync "get-terminal-stderr"() -> value = LOOKUP, terminal_stderr::Host::get_terminal_stderr;
    }
    Ok(())
}
