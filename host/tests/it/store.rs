//! A small capability for tests. Each function does one thing that a test asks about.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use fractalaw_host::capability::wasmtime::Result as Called;
use fractalaw_host::capability::wasmtime::component::Resource;
use fractalaw_host::capability::{
    Capability, Ended, Function, Granted, Interface, Price, PricedLinker, RunState, Session, Table,
    Wit,
};
use fractalaw_host::{Effect, Host, HostError, Quota, QuotaLimit, Run, Section, Settled};

pub(crate) const WIT: Wit = Wit::new(
    "store.wit",
    "package test:store@1.2.0;
     interface things {
         resource thing { constructor(name: string); }
         spend: func(units: u64) -> bool;
         wait: func(text: string) -> string;
         hold: func(bytes: u64);
         fail: func(units: u64);
     }",
);

macro_rules! functions {
    ($($constant:ident = $name:literal, $base:literal, $per_byte:literal;)*) => {$(
        pub(crate) static $constant: Function = Function {
            interface: "test:store/things@1.2.0",
            name: $name,
            price: Price::new($base, $per_byte),
        };
    )*};
}

functions! {
    SPEND = "spend", 1_000, 10;
    WAIT = "wait", 2_000, 10;
    HOLD = "hold", 3_000, 10;
    FAIL = "fail", 4_000, 10;
    MAKE = "[constructor]thing", 5_000, 10;
    DROP = "[drop]thing", 6_000, 10;
}

pub(crate) static UNITS: QuotaLimit =
    QuotaLimit::host(Quota::new("units", "units spent"), 1_000_000);

pub(crate) const TABLE: Table = Table {
    name: "store",
    wit: &[WIT],
    interfaces: &[Interface::granted("test:store/things")],
    keys: &[],
    quotas: &[&UNITS],
    functions: &[&SPEND, &WAIT, &HOLD, &FAIL, &MAKE, &DROP],
};

/// Counts the bytes of dropped resources, and remembers how runs ended.
#[derive(Clone, Default)]
pub(crate) struct Store {
    pub(crate) dropped: Arc<AtomicU64>,
    pub(crate) ended: Arc<Mutex<Vec<String>>>,
    /// Whether it cannot serve runs.
    pub(crate) is_broken: bool,
}

struct Things {
    store: Store,
    waited: u64,
}

struct Thing(String, Arc<AtomicU64>);

impl Drop for Thing {
    fn drop(&mut self) {
        self.1.fetch_add(self.0.len() as u64, Ordering::Relaxed);
    }
}

impl Session for Things {
    fn prepare(&mut self, ended: &Ended<'_>) -> Called<Vec<Effect>> {
        let kind = ended.outcome().kind().to_owned();
        self.store.ended.lock().unwrap().push(kind);
        if self.waited > 7 {
            return Err(broken().into());
        }
        Ok(vec![Effect {
            capability: "store".to_owned(),
            kind: "waited".to_owned(),
            subject: self.waited.to_string(),
            fields: Vec::new(),
            settled: Settled::of(ended.outcome()),
        }])
    }
}

fn broken() -> HostError {
    HostError::Capability {
        capability: "store",
        source: "the shelf is gone".into(),
    }
}

impl Capability for Store {
    fn table(&self) -> &'static Table {
        &TABLE
    }

    fn add_to_linker(&self, linker: &mut PricedLinker<'_>) -> Called<()> {
        linker.function(&SPEND, |state: &mut RunState, (units,): (u64,)| {
            state.count(&UNITS, units)?;
            state.charge(units)?;
            Ok((state.is_deterministic(),))
        })?;
        linker.async_function(&WAIT, wait)?;
        linker.function(&HOLD, |state: &mut RunState, (bytes,): (u64,)| {
            state.account().hold(bytes)
        })?;
        linker.function(
            &FAIL,
            |state: &mut RunState, (units,): (u64,)| -> Called<()> {
                state.charge(units)?;
                Err(std::io::Error::other("it fails").into())
            },
        )?;
        linker.function(&MAKE, |state: &mut RunState, (name,): (String,)| {
            let dropped = Arc::clone(&state.session::<Things>().store.dropped);
            Ok((state.handles().push(Thing(name, dropped))?,))
        })?;
        linker.resource(&DROP, |state: &mut RunState, thing: Resource<Thing>| {
            state.handles().delete(thing)?;
            Ok(())
        })
    }

    fn begin(&self, _: &Granted<'_>) -> Result<Box<dyn Session>, HostError> {
        if self.is_broken {
            return Err(broken());
        }
        let store = self.clone();
        Ok(Box::new(Things { store, waited: 0 }))
    }
}

async fn wait(state: &mut RunState, (text,): (String,)) -> Called<(String,)> {
    tokio::task::yield_now().await;
    state.session::<Things>().waited += text.len() as u64;
    Ok((format!("{text}{text}"),))
}

/// A component that may call what is offered, and returns `ok("")`. `$wait` and `$make` take a place and a
/// length. The text "abcdefgh" is at 64.
pub(crate) fn guest(body: &str) -> Vec<u8> {
    wat::parse_str(text(body)).unwrap()
}

pub(crate) fn text(body: &str) -> String {
    let text = r#"(component $shop
        (import "test:store/things@1.2.0" (instance $things
            (export "thing" (type $thing (sub resource)))
            (export "[constructor]thing" (func (param "name" string) (result (own $thing))))
            (export "spend" (func (param "units" u64) (result bool)))
            (export "wait" (func (param "text" string) (result string)))
            (export "hold" (func (param "bytes" u64)))
            (export "fail" (func (param "units" u64)))))
        (alias export $things "thing" (type $thing))
        (core module $lib
            (memory (export "memory") 1)
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024))
        (core instance $lib (instantiate $lib))
        (core func $spend (canon lower (func $things "spend")))
        (core func $hold (canon lower (func $things "hold")))
        (core func $fail (canon lower (func $things "fail")))
        (core func $make (canon lower (func $things "[constructor]thing") (memory $lib "memory")))
        (core func $drop (canon resource.drop $thing))
        (core func $wait (canon lower (func $things "wait")
            (memory $lib "memory") (realloc (func $lib "realloc"))))
        (core module $guest
            (import "lib" "memory" (memory 1))
            (import "host" "spend" (func $spend (param i64) (result i32)))
            (import "host" "hold" (func $hold (param i64)))
            (import "host" "fail" (func $fail (param i64)))
            (import "host" "make" (func $make (param i32 i32) (result i32)))
            (import "host" "drop" (func $drop (param i32)))
            (import "host" "wait" (func $wait (param i32 i32 i32)))
            (data (i32.const 64) "abcdefgh")
            (func (export "run") (result i32) {body} i32.const 16))
        (core instance $guest (instantiate $guest (with "lib" (instance $lib)) (with "host" (instance
            (export "spend" (func $spend)) (export "hold" (func $hold)) (export "fail" (func $fail))
            (export "make" (func $make)) (export "drop" (func $drop)) (export "wait" (func $wait))))))
        (func (export "run") (result (result string (error string)))
            (canon lift (core func $guest "run") (memory $lib "memory"))))"#;
    text.replace("{body}", body)
}

pub(crate) fn host(store: &Store) -> Host {
    Host::builder()
        .slots(1)
        .offer(store.clone())
        .build()
        .unwrap()
}

pub(crate) fn granted() -> Run {
    let line = "interfaces.\"test:store/things\" = true";
    Run::new().grant(Section::parse(line).unwrap())
}
