//! WASI, function by function and release by release: what loads a component, what inspects it, and what builds it judge it
//! alike.

use fractalaw_contract::judge;
use fractalaw_contract::offered::split;
use fractalaw_contract::standard::offered;
use fractalaw_host::{Host, Inspection, LoadError, Refusal};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{Resolve, TypeDefKind, WorldItem};

use crate::components::cache;

/// The newest release of WASI 0.2 that is offered.
fn newest() -> u64 {
    offered().version("wasi:cli/exit").unwrap().patch
}

/// What is offered, as if it was this release of WASI 0.2.
fn release(patch: u64) -> Resolve {
    let mut resolve = offered().resolve.clone();
    for (_, package) in resolve.packages.iter_mut() {
        if package.name.namespace == "wasi" {
            package.name.version.as_mut().unwrap().patch = patch;
        }
    }
    resolve
}

/// Each function of WASI and each drop of a resource: its interface, its name, and the core type of its import.
fn functions(resolve: &Resolve) -> Vec<(String, String, String)> {
    let mut all = Vec::new();
    for item in resolve.worlds[offered().world].imports.values() {
        let WorldItem::Interface { id, .. } = item else {
            continue;
        };
        let name = resolve.id_of(*id).unwrap();
        if !name.starts_with("wasi:") {
            continue;
        }
        let interface = &resolve.interfaces[*id];
        for (function, ty) in &interface.functions {
            let signature = resolve.wasm_signature(AbiVariant::GuestImport, ty);
            let (params, results) = (core(&signature.params), core(&signature.results));
            let ty = format!("(param {params}) (result {results})");
            all.push((name.clone(), function.clone(), ty));
        }
        for (resource, id) in &interface.types {
            if matches!(resolve.types[*id].kind, TypeDefKind::Resource) {
                let drop = format!("[resource-drop]{resource}");
                all.push((name.clone(), drop, "(param i32)".to_owned()));
            }
        }
    }
    all
}

fn core(types: &[WasmType]) -> String {
    let names = types.iter().map(|ty| match ty {
        WasmType::I64 | WasmType::PointerOrI64 => "i64",
        WasmType::F32 => "f32",
        WasmType::F64 => "f64",
        WasmType::I32 | WasmType::Pointer | WasmType::Length => "i32",
    });
    names.collect::<Vec<_>>().join(" ")
}

/// A component that imports one function and nothing else, as tools encode it.
fn importing(resolve: &Resolve, interface: &str, function: &str, ty: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
            (import "{interface}" "{function}" (func {ty}))
            (memory (export "memory") 1)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
            (func (export "run") (result i32) unreachable))"#
    );
    let mut module = wat::parse_str(text).unwrap();
    embed_component_metadata(&mut module, resolve, offered().world, StringEncoding::UTF8).unwrap();
    let encoder = ComponentEncoder::default().module(&module).unwrap();
    encoder.validate(true).encode().unwrap()
}

/// What inspects it accepts it, and so does what builds guests.
fn is_accepted(component: &[u8], import: &str) {
    let inspection = Inspection::of(component).unwrap();
    assert_eq!(inspection.refusal, None, "{import}");
    let judged = judge(component, offered()).unwrap();
    assert!(judged.imports.contains(&import), "{import}");
    let (interfaces, functions) = (judged.interfaces, judged.functions);
    assert!(interfaces.is_empty() && functions.is_empty(), "{import}");
    assert_eq!((judged.mismatch, judged.run), (None, None), "{import}");
}

#[test]
fn each_function_alone_is_served() {
    let host = Host::builder().slots(1).cache(cache()).build().unwrap();
    let resolve = &offered().resolve;
    let functions = functions(resolve);
    assert!(functions.len() > 100, "{}", functions.len());
    for (interface, function, ty) in functions {
        let component = importing(resolve, &interface, &function, &ty);
        is_accepted(&component, &interface);
        // What is accepted is linked too.
        let loaded = host.load(&component);
        assert!(loaded.is_ok(), "{interface} {function}: {loaded:?}");
    }
}

/// The functions decide, and not the number of the release that a tool writes down.
#[test]
fn each_release_of_wasi_is_served() {
    for patch in 0..=newest() {
        let resolve = release(patch);
        for (interface, function, ty) in functions(&resolve) {
            assert_eq!(split(&interface).unwrap().1.patch, patch);
            // One of them is enough: a release is served or refused as a whole interface.
            if [
                "[method]pollable.ready",
                "exit-with-code",
                "get-environment",
            ]
            .contains(&&*function)
            {
                let component = importing(&resolve, &interface, &function, &ty);
                is_accepted(&component, &interface);
            }
        }
    }
}

#[test]
fn each_interface_of_another_release_is_refused_by_name() {
    let host = Host::builder().slots(1).build().unwrap();
    let next = newest() + 1;
    let others = [
        "0.1.0".to_owned(),
        "0.2.0-rc-2023-11-10".to_owned(),
        format!("0.2.{next}-rc.1"),
        "0.3.0-rc-2025-09-16".to_owned(),
        "0.3.0".to_owned(),
        "1.0.0".to_owned(),
    ];
    let interfaces = offered().interfaces();
    let wasi: Vec<_> = interfaces
        .filter(|name| name.starts_with("wasi:"))
        .collect();
    assert!(wasi.len() > 20, "{}", wasi.len());
    for interface in wasi {
        let (path, _) = split(&interface).unwrap();
        for version in &others {
            let import = format!("{path}@{version}");
            let items = format!("(import \"{import}\" (instance))");
            let text = include_str!("../components/bare.wat").replace("{items}", &items);
            let component = wat::parse_str(text).unwrap();
            let Err(LoadError::Refused(refusal)) = host.load(&component) else {
                panic!("`{import}` is served");
            };
            assert!(
                matches!(refusal, Refusal::InterfaceNotOffered { .. }),
                "{refusal}"
            );
            assert_eq!(
                refusal.to_string(),
                format!("not offered by this host: `{import}`")
            );
            assert_eq!(Inspection::of(&component).unwrap().refusal, Some(refusal));
            assert_eq!(judge(&component, offered()).unwrap().interfaces, [&*import]);
        }
    }
}
