//! Tables of capabilities that do not fit: another's, the host's own, or their own WIT.

use fractalaw_host::capability::wasmtime::Result as Called;
use fractalaw_host::capability::{
    Capability, Function, GrantKey, Granted, Interface, PricedLinker, Session, Table, Wit,
};
use fractalaw_host::{Host, HostError, LoadError, Quota, QuotaLimit, Run};

use crate::components::RUNTIME;
use crate::store::{HOLD, SPEND, TABLE, WIT};

/// A capability with any table.
struct Any {
    table: &'static Table,
    offers: Vec<&'static Function>,
}

struct Nothing;

impl Session for Nothing {}

impl Capability for Any {
    fn table(&self) -> &'static Table {
        self.table
    }

    fn add_to_linker(&self, linker: &mut PricedLinker<'_>) -> Called<()> {
        for function in &self.offers {
            linker.function(function, |_, (): ()| Ok(()))?;
        }
        Ok(())
    }

    fn begin(&self, _: &Granted<'_>) -> Result<Box<dyn Session>, HostError> {
        Ok(Box::new(Nothing))
    }
}

static EMPTY_ONE: Table = EMPTY;

const EMPTY: Table = Table {
    name: "any",
    wit: &[],
    interfaces: &[],
    keys: &[],
    quotas: &[],
    functions: &[],
};

#[test]
fn a_table_that_does_not_fit_starts_no_host() {
    static ONE: Table = Table {
        functions: &[&SPEND],
        ..EMPTY
    };
    static OWN_NAME: Table = Table {
        name: "wasi",
        ..EMPTY
    };
    static OWN_QUOTA: Table = Table {
        quotas: &[&CALLS],
        ..EMPTY
    };
    static CALLS: QuotaLimit = QuotaLimit::host(Quota::HOST_CALLS, 7);
    static OWN_KEY: Table = Table {
        keys: &[GrantKey::names("tier", "the tier")],
        ..EMPTY
    };
    static OWN_INTERFACE: Table = Table {
        interfaces: &[Interface::free("wasi:sockets")],
        ..EMPTY
    };
    static IN_OWN_PACKAGE: Table = Table {
        interfaces: &[Interface::free("wasi:cli/exit")],
        ..EMPTY
    };
    static GRANTED_IN_FREE: Table = Table {
        interfaces: &[
            Interface::free("test:store"),
            Interface::granted("test:store/things"),
        ],
        ..EMPTY
    };
    static OWN_BOUND: Table = Table {
        quotas: &[&CROSSING],
        ..EMPTY
    };
    static CROSSING: QuotaLimit = QuotaLimit::host(Quota::new("crossing-bytes", "bytes"), 7);
    static NO_KEBAB_QUOTA: Table = Table {
        quotas: &[&ROWS],
        ..EMPTY
    };
    static ROWS: QuotaLimit = QuotaLimit::host(Quota::new("rows_read", "rows"), 7);
    static NO_KEBAB_KEY: Table = Table {
        keys: &[GrantKey::names("the tables", "the table")],
        ..EMPTY
    };
    for (table, offers, message) in [
        (
            &IN_OWN_PACKAGE,
            vec![],
            "cannot offer this: the interface `wasi:cli/exit` is offered twice, expected once",
        ),
        (
            &GRANTED_IN_FREE,
            vec![],
            "cannot offer this: the interface `test:store/things` is offered twice, expected once",
        ),
        (
            &OWN_BOUND,
            vec![],
            "cannot offer this: the quota `crossing-bytes` is offered twice, expected once",
        ),
        (
            &NO_KEBAB_QUOTA,
            vec![],
            "cannot offer this: the quota `rows_read` is not in kebab case, expected it to be",
        ),
        (
            &NO_KEBAB_KEY,
            vec![],
            "cannot offer this: the key `the tables` is not in kebab case, expected it to be",
        ),
        (
            &ONE,
            vec![&HOLD],
            "could not set up the linker: `hold` of `test:store/things@1.2.0` is not in the table of `any`",
        ),
        (
            &ONE,
            vec![&SPEND, &SPEND],
            "could not set up the linker: `spend` of `test:store/things@1.2.0` is offered twice by `any`",
        ),
        (
            &ONE,
            vec![],
            "could not set up the linker: `spend` is in the table of `any`, which does not offer it",
        ),
        (
            &OWN_NAME,
            vec![],
            "cannot offer this: the capability `wasi` is offered twice, expected once",
        ),
        (
            &OWN_QUOTA,
            vec![],
            "cannot offer this: the quota `host-calls` is offered twice, expected once",
        ),
        (
            &OWN_KEY,
            vec![],
            "cannot offer this: the key `tier` is offered twice, expected once",
        ),
        (
            &OWN_INTERFACE,
            vec![],
            "cannot offer this: the interface `wasi:sockets` is offered twice, expected once",
        ),
    ] {
        let built = Host::builder()
            .slots(1)
            .offer(Any { table, offers })
            .build();
        let error = built.err().unwrap().to_string();
        // The engine's errors can have a backtrace.
        assert_eq!(error.lines().next().unwrap(), message);
    }
}

/// The WIT is read when a component is first judged.
#[test]
fn wit_that_cannot_be_read_fails_what_is_to_be_loaded() {
    static BROKEN: Table = Table {
        wit: &[Wit::new(
            "broken.wit",
            "package test:broken@1.0.0; interface {}",
        )],
        interfaces: &[Interface::free("test:broken")],
        ..EMPTY
    };
    static ABSENT: Table = Table {
        wit: &[WIT],
        interfaces: &[Interface::free("test:store/else")],
        ..EMPTY
    };
    // What is linked follows the table, and what is judged follows the WIT.
    static LESS: Table = Table {
        functions: &[],
        ..TABLE
    };
    static MORE: Table = Table {
        wit: &[Wit::new(
            "store.wit",
            "package test:store@1.2.0; interface things { hold: func(bytes: u64); }",
        )],
        functions: &[&SPEND],
        ..TABLE
    };
    let plain = crate::components::component("", "");
    for (table, expected) in [
        (
            &LESS,
            "`[constructor]thing` of `test:store/things@1.2.0` is in the WIT, expected it in a table of functions too",
        ),
        (
            &MORE,
            "`spend` of `test:store/things@1.2.0` is in the table of `store`, expected it in its WIT too",
        ),
        (&BROKEN, "expected an identifier"),
        (&ABSENT, "`test:store/else` is in none of the packages"),
    ] {
        let offers = table.functions.to_vec();
        let host = Host::builder().slots(1).offer(Any { table, offers });
        let Err(LoadError::Host(error)) = host.build().unwrap().load(&plain) else {
            panic!("{expected}");
        };
        assert!(
            error.to_string().starts_with("cannot offer this: "),
            "{error}"
        );
        assert!(error.to_string().contains(expected), "{error}");
    }
}

/// Functions find their session by its type, so the functions of one would use what the other holds.
#[test]
fn two_capabilities_with_sessions_of_one_type_run_nothing() {
    static OTHER: Table = Table {
        name: "other",
        ..EMPTY
    };
    let any = |table| Any {
        table,
        offers: Vec::new(),
    };
    let host = Host::builder().slots(1).offer(any(&EMPTY_ONE));
    let host = host.offer(any(&OTHER)).build().unwrap();
    let app = host.load(&crate::components::component("", "")).unwrap();
    let error = RUNTIME.block_on(host.run(&app, &Run::new())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot offer this: `any` and `other` have sessions of one type, expected a type for each"
    );
}
