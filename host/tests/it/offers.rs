//! What follows from the offer of a host: for components, for the cache, and if tables do not fit together.

use fractalaw_host::capability::wasmtime::Result as Called;
use fractalaw_host::capability::{Capability, Granted, Interface, PricedLinker, Session, Table};
use fractalaw_host::{
    Code, Host, HostError, Inspection, LoadError, Manifest, Outcome, Refusal, Run, Section,
};

use crate::components::{RUNTIME, component, run, with_manifest};
use crate::store::{Store, TABLE, granted, guest, host, text};

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

/// What needs no grant begins a session only for a component that imports it.
#[test]
fn a_capability_for_everybody_has_a_session_only_of_who_imports_it() {
    let broken = Store {
        is_broken: true,
        ..Store::default()
    };
    let host = Host::builder().slots(1).offer(Free(broken));
    let host = host.build().unwrap();
    let without = run(&host, &component("", ""), Run::new());
    assert_eq!(without.outcome.kind(), "completed");
    let app = host.load(&guest("")).unwrap();
    let error = RUNTIME.block_on(host.run(&app, &Run::new())).unwrap_err();
    assert_eq!(error.to_string(), "`store` failed");
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
