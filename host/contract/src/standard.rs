//! What every host knows: the WIT packages of this project, and which of their interfaces need a grant.
//!
//! A host need not offer all of them. Whatever else it offers, it declares itself.

use std::sync::LazyLock;

use crate::offered::{Interface, Offered, Wit};

/// Names the files of the package `fractal:app` once, for a constant with their whole text, and one with each file. In
/// `wit/app/` are links to them, so that the published crate has the files.
macro_rules! app {
    ($($file:literal,)*) => {
        /// The package `fractal:app`, as in `wit/`.
        pub const APP_WIT: Wit = Wit {
            file: "app.wit",
            text: concat!($(include_str!(concat!("../wit/app/", $file)),)*),
        };

        /// Its files, each with its text. The WIT of a repository with guests of its own has a copy of them.
        pub const APP_FILES: &[Wit] = &[$(
            Wit::new($file, include_str!(concat!("../wit/app/", $file))),
        )*];
    };
}

app!["world.wit", "ai.wit", "audit.wit", "data.wit", "events.wit",];

/// The packages of WASI.
pub const WASI_WIT: [Wit; 6] = [
    Wit {
        file: "cli.wit",
        text: include_str!("../wit/cli.wit"),
    },
    Wit {
        file: "clocks.wit",
        text: include_str!("../wit/clocks.wit"),
    },
    Wit {
        file: "filesystem.wit",
        text: include_str!("../wit/filesystem.wit"),
    },
    Wit {
        file: "io.wit",
        text: include_str!("../wit/io.wit"),
    },
    Wit {
        file: "random.wit",
        text: include_str!("../wit/random.wit"),
    },
    Wit {
        file: "sockets.wit",
        text: include_str!("../wit/sockets.wit"),
    },
];

/// Classification by models.
pub const AI_CLASSIFY: Interface = Interface::granted("fractal:app/ai-classify");
/// Embeddings of text.
pub const AI_EMBEDDINGS: Interface = Interface::granted("fractal:app/ai-embeddings");
/// Text from models.
pub const AI_INFERENCE: Interface = Interface::granted("fractal:app/ai-inference");
/// The audit trail, which every run has.
pub const AUDIT_LOG: Interface = Interface::free("fractal:app/audit-log");
/// Changes of data.
pub const DATA_MUTATE: Interface = Interface::granted("fractal:app/data-mutate");
/// Queries of data.
pub const DATA_QUERY: Interface = Interface::granted("fractal:app/data-query");
/// Events for other micro-apps.
pub const EVENTS_EMIT: Interface = Interface::granted("fractal:app/events-emit");
/// Scheduled work.
pub const EVENTS_SCHEDULE: Interface = Interface::granted("fractal:app/events-schedule");

/// All interfaces of `fractal:app`, by name. Everything that reaches out of the run needs a grant. A host that
/// does not offer an interface still knows its grant, so that one policy can serve several hosts.
pub const APP: [Interface; 8] = [
    AI_CLASSIFY,
    AI_EMBEDDINGS,
    AI_INFERENCE,
    AUDIT_LOG,
    DATA_MUTATE,
    DATA_QUERY,
    EVENTS_EMIT,
    EVENTS_SCHEDULE,
];

/// What a host offers of WASI. Most of it needs no grant, because it gives access to nothing that was not granted
/// otherwise. The interfaces of the network are granted together, because they reach the same things.
pub const WASI: [Interface; 6] = [
    Interface::free("wasi:cli"),
    Interface::free("wasi:clocks"),
    Interface::free("wasi:filesystem"),
    Interface::free("wasi:io"),
    Interface::free("wasi:random"),
    Interface::granted("wasi:sockets"),
];

/// The keys of manifests that the project's own capabilities bring.
pub const MANIFEST_KEYS: [&str; 5] = ["data", "ai", "on", "emits", "schedules"];

/// The quotas that the project's own capabilities bring.
pub const MANIFEST_QUOTAS: [&str; 8] = [
    "data-statements",
    "data-rows",
    "data-bytes",
    "ai-calls",
    "ai-tokens",
    "events",
    "event-bytes",
    "tasks",
];

/// Read on first use: a component with cached code does not need it.
static OFFERED: LazyLock<Offered> = LazyLock::new(|| {
    let mut packages = vec![APP_WIT];
    packages.extend(WASI_WIT);
    let mut interfaces = vec![AUDIT_LOG];
    interfaces.extend(WASI);
    Offered::of(&packages, &interfaces).expect("our own WIT is valid")
});

/// What a host offers if nothing was added to it.
pub fn offered() -> &'static Offered {
    &OFFERED
}
