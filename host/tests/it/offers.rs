//! What follows from the offer of a host: for components, for the cache, and if tables do not fit together.

use fractalaw_host::capability::wasmtime::Result as Called;
use fractalaw_host::capability::{
    Capability, Function, GrantKey, Granted, Interface, PricedLinker, Session, Table, Wit,
};
use fractalaw_host::{
    Code, Host, HostError, Inspection, LoadError, Manifest, Outcome, Quota, QuotaLimit, Refusal,
    Run, Section,
};

use crate::components::{RUNTIME, with_manifest};
use crate::store::{HOLD, SPEND, Store, TABLE, WIT, granted, guest, host, text};

/// A host that offers the interface and a host that does not each give the same answer to `load` and to `inspect`.
#[test]
fn what_a_component_is_told_follows_from_what_its_host_offers() {
    let (bytes, store) = (guest(""), Store::default());
    let host = host(&store);
    let here = host.inspect(&bytes).unwrap();
    assert_eq!(here.refusal, None);
    assert_eq!(
        here.needs_grant("test:store/things@1.2.0"),
        Some("test:store/things")
    );
    let verdict = here.verdict(&Run::new(), None).unwrap();
    assert!(
        here.text(&verdict)
            .contains("test:store/things@1.2.0  needs a grant\n")
    );
    let elsewhere = Inspection::of(&bytes).unwrap();
    let refusal = elsewhere.refusal.unwrap();
    assert_eq!(
        refusal.to_string(),
        "not offered by this host: `test:store/things@1.2.0`"
    );
    assert_eq!(
        refusal.hint(),
        "this host offers `fractal:app/audit-log@0.1.0` and WASI 0.2.12"
    );
    // For another version or another type, the hint names the package that is offered.
    for (from, to) in [("@1.2.0", "@2.0.0"), ("(result bool)", "(result u8)")] {
        let text = text("").replace(from, to);
        let Err(LoadError::Refused(refusal)) = host.load(&wat::parse_str(text).unwrap()) else {
            panic!("{to}");
        };
        assert_eq!(
            refusal.hint(),
            "build it against `test:store@1.2.0`",
            "{to}"
        );
    }
}

/// Two hosts share a cache, and only one of them offers the interface. Each judges for itself what is offered and granted.
#[test]
fn a_cache_that_hosts_share_which_offer_different_things_grants_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let with = |store: Option<&Store>| {
        let builder = Host::builder().slots(1).cache(folder.path());
        let builder = match store {
            Some(store) => builder.offer(store.clone()),
            None => builder,
        };
        builder.build().unwrap()
    };
    let store = Store::default();
    let bytes = guest("(drop (call $spend (i64.const 5)))");
    let not_offered = |host: &Host| match host.load(&bytes) {
        Err(LoadError::Refused(Refusal::InterfaceNotOffered { .. })) => {}
        other => panic!("{other:?}"),
    };
    // A refused component leaves nothing in the cache.
    not_offered(&with(None));
    assert_eq!(
        with(Some(&store)).load(&bytes).unwrap().code(),
        Code::Compiled
    );
    // The code of a component that one host accepted is there, and the other host still judges the component.
    for _ in 0..2 {
        not_offered(&with(None));
        let host = with(Some(&store));
        let app = host.load(&bytes).unwrap();
        assert_eq!(app.code(), Code::Cached);
        assert_eq!(app.interfaces().collect::<Vec<_>>(), ["test:store/things"]);
        let report = RUNTIME.block_on(host.run(&app, &granted())).unwrap();
        assert_eq!(report.outcome.kind(), "completed");
        // Without the grant, the same host refuses the run.
        let report = RUNTIME.block_on(host.run(&app, &Run::new())).unwrap();
        let Outcome::Refused(Refusal::NotGranted(not_granted)) = &report.outcome else {
            panic!("{:?}", report.outcome);
        };
        assert_eq!(not_granted.missing.len(), 1);
    }
    // A host that offers the interface to everybody judges the component, takes the code, and asks for no grant.
    let free = Host::builder().slots(1).cache(folder.path());
    let free = free.offer(Free(Store::default())).build().unwrap();
    let app = free.load(&bytes).unwrap();
    assert_eq!(app.code(), Code::Cached);
    assert_eq!(app.interfaces().count(), 0);
    let report = RUNTIME.block_on(free.run(&app, &Run::new())).unwrap();
    assert_eq!(report.outcome.kind(), "completed");
    let host = with(Some(&store));
    let app = host.load(&bytes).unwrap();
    assert_eq!(app.interfaces().collect::<Vec<_>>(), ["test:store/things"]);
}

/// A manifest that names interfaces must name what needs a grant: whether it does is for each host to say.
#[test]
fn a_manifest_is_held_against_the_grants_of_the_host_that_loads_it() {
    let folder = tempfile::tempdir().unwrap();
    let host = || Host::builder().slots(1).cache(folder.path());
    let free = host().offer(Free(Store::default())).build().unwrap();
    let granting = host().offer(Store::default()).build().unwrap();
    let silent = Manifest {
        interfaces: Some(Vec::new()),
        ..Manifest::default()
    };
    let bytes = with_manifest(&guest(""), &silent);
    for _ in 0..2 {
        free.load(&bytes).unwrap();
        let Err(LoadError::Refused(refusal)) = granting.load(&bytes) else {
            panic!("it names no interface");
        };
        assert_eq!(
            refusal.to_string(),
            "the component imports `test:store/things`, which its manifest does not name"
        );
    }
}

/// The hint names the file of the host's own limits. It does not know where a capability has its own.
#[test]
fn a_policy_over_the_bound_of_a_quota_is_told_whose_bound_it_is() {
    let host = host(&Store::default());
    let own = "a policy lowers the host's own bounds, which stand in `host/report/src/limits.rs`";
    for (line, message, hint) in [
        (
            "quotas.units = 1_000_001",
            "`units` is 1000001, expected at most 1000000",
            "a policy lowers the host's own bounds",
        ),
        (
            "quotas.handles = 257",
            "`handles` is 257, expected at most 256",
            own,
        ),
    ] {
        let section = Section::parse(line).unwrap();
        let error = section.check(host.offer()).unwrap_err();
        assert_eq!((&*error.to_string(), &*error.hint), (message, hint));
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

/// The same interface, offered without a grant.
struct Free(Store);

static FREE: Table = Table {
    name: "free-store",
    interfaces: &[Interface::free("test:store/things")],
    ..TABLE
};

impl Capability for Free {
    fn table(&self) -> &'static Table {
        &FREE
    }

    fn add_to_linker(&self, linker: &mut PricedLinker<'_>) -> Called<()> {
        self.0.add_to_linker(linker)
    }

    fn begin(&self, granted: &Granted<'_>) -> Result<Box<dyn Session>, HostError> {
        self.0.begin(granted)
    }
}

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
        // The engine's errors may have a backtrace behind them.
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
