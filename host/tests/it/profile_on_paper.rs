//! The fuel of single functions, counted by hand: entering costs 1, each operator costs 1, and `drop`, `block`,
//! `loop`, `end`, `return` and the like cost nothing.

use fractalaw_host::{FunctionFuel, Host, Profile, ProfileNode, Run};

use crate::components::{cache, component, guest_bytes};
use crate::profile::profile;

/// Calls, own fuel, fuel with callees.
type Cost = (u64, u64, u64);

/// Items of the module, the body of `run`, and the expected costs of functions by name.
type Case = (&'static str, &'static str, &'static [(&'static str, Cost)]);

fn function<'a>(profile: &'a Profile, name: &str) -> &'a FunctionFuel {
    let found = profile.functions.iter().find(|found| found.name == name);
    found.unwrap_or_else(|| panic!("`{name}` in {:?}", profile.functions))
}

#[track_caller]
fn check(profile: &Profile, expected: &[(&str, Cost)]) {
    for (name, cost) in expected {
        let found = function(profile, name);
        let found = (found.calls, found.own_fuel, without_host(profile, name));
        assert_eq!(found, *cost, "`{name}`");
    }
}

/// The fuel of a function with everything that it called, without what the host charged.
fn without_host(profile: &Profile, name: &str) -> u64 {
    let name_of = |node: &ProfileNode| &profile.functions[node.function as usize].name;
    let mut within = Vec::with_capacity(profile.nodes.len());
    let mut charged = 0;
    for node in &profile.nodes {
        let is_within = node.parent.is_some_and(|parent| within[parent as usize]);
        within.push(is_within || name_of(node) == name);
        if within[within.len() - 1] && profile.is_host(node.function) {
            charged += node.own_fuel;
        }
    }
    function(profile, name).total_fuel - charged
}

#[test]
fn each_construct_costs_what_it_does_without_hooks() {
    let host = Host::builder().slots(1).cache(cache()).build().unwrap();
    // `run` ends with a constant, so it costs 2 besides its body. A call costs 4, an indirect call 6, a loop 1.
    let cases: [Case; 16] = [
        ("", "", &[("run", (1, 2, 2)), ("[run]", (1, 0, 2))]),
        (
            "(func $leaf (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))",
            "(drop (call $leaf (i32.const 5))) (drop (call $leaf (i32.const 5)))",
            &[("leaf", (2, 8, 8)), ("run", (1, 12, 20))],
        ),
        (
            "(func $empty)",
            "(call $empty)",
            &[("empty", (1, 1, 1)), ("run", (1, 6, 7))],
        ),
        (
            "(func $two (result i32 i32) i32.const 1 i32.const 2)",
            "call $two drop drop",
            &[("two", (1, 3, 3)), ("run", (1, 6, 9))],
        ),
        (
            "(func $swap (param i32 i64) (result i64 i32) local.get 1 local.get 0 return)",
            "i32.const 1 i64.const 2 call $swap drop drop",
            &[("swap", (1, 3, 3)), ("run", (1, 8, 11))],
        ),
        (
            "(func $early (param i32) (block (loop (br_if 1 (local.get 0)) (return))) (drop (i32.const 1)))",
            "(call $early (i32.const 0)) (call $early (i32.const 1))",
            &[("early", (2, 4 + 5, 9)), ("run", (1, 12, 21))],
        ),
        (
            "(func $out (param i32) (br_if 0 (local.get 0)) (block (br 1)) (drop (i32.const 1)))",
            "(call $out (i32.const 0)) (call $out (i32.const 1))",
            &[("out", (2, 4 + 3, 7)), ("run", (1, 12, 19))],
        ),
        (
            "(func $pick (param i32) (result i32)
                (drop (block (result i32) (br_table 0 1 (i32.const 7) (local.get 0)))) i32.const 8)",
            "(drop (call $pick (i32.const 0))) (drop (call $pick (i32.const 1)))",
            &[("pick", (2, 5 + 4, 9)), ("run", (1, 12, 21))],
        ),
        (
            "(table 1 funcref) (elem (i32.const 0) $called) (type $t (func (result i32)))
             (func $called (type $t) i32.const 1)",
            "(drop (call_indirect (type $t) (i32.const 0)))",
            &[("called", (1, 2, 2)), ("run", (1, 9, 11))],
        ),
        (
            "(func $down (param i32)
                (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1))))))",
            "(call $down (i32.const 5000))",
            &[
                ("down", (5001, 10 * 5000 + 3, 10 * 5000 + 3)),
                ("run", (1, 7, 10 * 5000 + 10)),
            ],
        ),
        (
            "(func $even (param i32)
                (if (local.get 0) (then (call $odd (i32.sub (local.get 0) (i32.const 1))))))
             (func $odd (param i32)
                (if (local.get 0) (then (call $even (i32.sub (local.get 0) (i32.const 1))))))",
            "(call $even (i32.const 4))",
            &[("even", (3, 10 + 10 + 3, 43)), ("odd", (2, 20, 33))],
        ),
        (
            "(func $init (drop (i32.const 1))) (start $init)",
            "",
            &[
                ("init", (1, 2, 2)),
                // Wasmtime enters a function that calls the start function.
                ("[instantiation]", (1, 2, 4)),
                ("[run]", (1, 0, 2)),
            ],
        ),
        (
            "",
            "(call $record)",
            // Six constants and a host call in a function of the module.
            &[("record", (1, 11, 11)), ("run", (1, 6, 17))],
        ),
        (
            "(func $stops (drop (i32.const 1)) unreachable)",
            "(call $stops)",
            &[("stops", (1, 2, 2)), ("run", (1, 5, 7))],
        ),
        // The processor stops a function before it has stored anything, including its entry.
        (
            "(func $divides (drop (i32.div_u (i32.const 1) (i32.const 0))))",
            "(call $divides)",
            &[("divides", (1, 0, 0)), ("run", (1, 5, 5))],
        ),
        (
            "(func $init (drop (i32.div_u (i32.const 1) (i32.const 0)))) (start $init)",
            "",
            &[
                ("init", (1, 0, 0)),
                ("[instantiation]", (1, 2, 2)),
                ("[run]", (0, 0, 0)),
            ],
        ),
    ];
    for (items, body, expected) in cases {
        let profile = profile(&host, &component(items, body), Run::new()).unwrap();
        check(&profile, expected);
    }
}

fn path(profile: &Profile, node: &ProfileNode) -> String {
    let name = &profile.functions[node.function as usize].name;
    match node.parent {
        Some(parent) => format!("{}/{name}", path(profile, &profile.nodes[parent as usize])),
        None => name.clone(),
    }
}

#[test]
fn the_tree_has_a_node_for_each_path_and_recursion_adds_none() {
    let host = Host::builder().slots(1).cache(cache()).build().unwrap();
    let items = "
        (func $leaf)
        (func $a (param i32)
            (call $leaf)
            (if (local.get 0) (then (call $b (i32.sub (local.get 0) (i32.const 1))))))
        (func $b (param i32) (call $leaf) (call $a (local.get 0)))";
    let body = "(call $leaf) (call $a (i32.const 1000)) (call $leaf)";
    let profile = profile(&host, &component(items, body), Run::new()).unwrap();
    let found: Vec<_> = profile
        .nodes
        .iter()
        .map(|node| (path(&profile, node), node.calls, node.own_fuel))
        .collect();
    let expected = [
        ("[instantiation]", 1, 0),
        ("[run]", 1, 0),
        ("[run]/run", 1, 15),
        ("[run]/run/leaf", 2, 2),
        ("[run]/run/a", 1001, 1000 * 14 + 7),
        ("[run]/run/a/leaf", 1001, 1001),
        ("[run]/run/a/b", 1000, 1000 * 10),
        ("[run]/run/a/b/leaf", 1000, 1000),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|(path, calls, own)| ((*path).to_owned(), *calls, *own))
        .collect();
    assert_eq!(found, expected);
}

/// Functions that the host calls have no hooks, because they may not call the host.
#[test]
fn what_the_host_calls_counts_where_it_was_called() {
    let host = Host::builder().slots(1).cache(cache()).build().unwrap();
    let bytes = wat::parse_str(
        r#"(component
            (import "wasi:cli/environment@0.2.0" (instance $environment
                (export "get-arguments" (func (result (list string))))))
            (core module $lib
                (memory (export "memory") 1)
                (global $next (mut i32) (i32.const 1024))
                (func $bump (param i32) (result i32)
                    (global.get $next) (global.set $next (i32.add (global.get $next) (local.get 0))))
                (func (export "realloc") (param i32 i32 i32 i32) (result i32)
                    (call $bump (i32.const 64)))
                (func $clean (export "clean") (param i32) (drop (call $bump (i32.const 64)))))
            (core instance $lib (instantiate $lib))
            (core func $args (canon lower (func $environment "get-arguments")
                (memory $lib "memory") (realloc (func $lib "realloc"))))
            (core module $m
                (import "host" "args" (func $args (param i32)))
                (func (export "run") (result i32)
                    (call $args (i32.const 512)) i32.const 16))
            (core instance $i (instantiate $m (with "host" (instance (export "args" (func $args))))))
            (func (export "run") (result (result string (error string)))
                (canon lift (core func $i "run")
                    (memory $lib "memory") (post-return (func $lib "clean")))))"#,
    )
    .unwrap();
    // One list, the program's name and an argument: three `realloc` calls of 6 units each, and `bump` of 6.
    let profile = profile(&host, &bytes, Run::new().arg("one")).unwrap();
    check(
        &profile,
        &[
            ("function 1", (1, 7 + 3 * (6 + 6), 43)),
            ("[post-return]", (1, 6 + 6, 12)),
            ("[run]", (1, 0, 55)),
        ],
    );
    // The entries that are not the component's, `run`, and the function of the host.
    assert_eq!(profile.functions.len(), 3 + 1 + 1);
}

/// As in a component that is linked from several modules with one allocator for all.
#[test]
fn what_the_host_calls_may_reach_other_modules() {
    let host = Host::builder().slots(1).cache(cache()).build().unwrap();
    let bytes = wat::parse_str(
        r#"(component
            (import "wasi:cli/environment@0.2.0" (instance $environment
                (export "get-arguments" (func (result (list string))))))
            (core module $libc
                (memory (export "memory") 1)
                (global $next (mut i32) (i32.const 1024))
                (func $malloc (export "malloc") (param i32) (result i32)
                    (global.get $next) (global.set $next (i32.add (global.get $next) (local.get 0)))))
            (core instance $libc (instantiate $libc))
            (core module $lib
                (import "libc" "malloc" (func $malloc (param i32) (result i32)))
                (func $realloc (export "realloc") (param i32 i32 i32 i32) (result i32)
                    (call $malloc (i32.const 64))))
            (core instance $lib (instantiate $lib (with "libc" (instance $libc))))
            (core func $args (canon lower (func $environment "get-arguments")
                (memory $libc "memory") (realloc (func $lib "realloc"))))
            (core module $m
                (import "lib" "realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
                (import "host" "args" (func $args (param i32)))
                (func $run (export "run") (result i32)
                    (drop (call $realloc (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
                    (call $args (i32.const 512)) i32.const 16))
            (core instance $i (instantiate $m (with "lib" (instance $lib))
                (with "host" (instance (export "args" (func $args))))))
            (func (export "run") (result (result string (error string)))
                (canon lift (core func $i "run") (memory $libc "memory"))))"#,
    )
    .unwrap();
    // The guest calls it once. The host calls it for one list and the program's name, which counts for `run`.
    let profile = profile(&host, &bytes, Run::new()).unwrap();
    check(
        &profile,
        &[
            ("malloc", (1, 6, 6)),
            ("realloc", (1, 6, 12)),
            ("run", (1, 15 + 2 * (6 + 6), 51)),
        ],
    );
}

#[test]
fn a_component_with_as_many_core_instances_as_there_may_be_has_a_profile() {
    let host = Host::builder().slots(1).cache(cache()).build().unwrap();
    let others = "(core instance (instantiate $other))".repeat(15);
    let text = format!(
        r#"(component
            (core module $other (func $init) (start $init))
            {others}
            (core module $m (memory (export "memory") 1)
                (func (export "run") (result i32) i32.const 16))
            (core instance $i (instantiate $m))
            (func (export "run") (result (result string (error string)))
                (canon lift (core func $i "run") (memory $i "memory"))))"#
    );
    let profile = profile(&host, &wat::parse_str(text).unwrap(), Run::new()).unwrap();
    assert_eq!(function(&profile, "init").calls, 15);
}

#[test]
fn functions_have_readable_names_and_those_towards_the_host_the_imports() {
    let host = Host::builder().slots(1).cache(cache()).build().unwrap();
    let profile = profile(&host, &guest_bytes("granted-inputs"), Run::new()).unwrap();
    let known = [
        ("core::fmt::write", Some(0)),
        ("fractal:app/audit-log@0.1.0#record-event", Some(1)),
        ("[run]", None),
    ];
    for (name, module) in known {
        assert_eq!(function(&profile, name).module, module);
    }
}
