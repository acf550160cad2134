//! The interfaces that are offered: everything in Wasmtime's WASI 0.2, linked and priced.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use fractalaw_contract::shape;
use fractalaw_contract::standard::offered;
use fractalaw_host::capability::Offer;
use fractalaw_host::{
    Host, Inspection, LoadError, Manifest, Outcome, QuotaLimits, Refusal, Run, TrapCode,
};
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve, WorldId, WorldItem};

use crate::components::{run, with_manifest, workspace};

/// The folder of the WIT that the host's Wasmtime implements.
fn wasmtimes_wit() -> PathBuf {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .current_dir(workspace())
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let mut manifests = packages
        .iter()
        .filter(|package| package["name"] == "wasmtime-wasi")
        .map(|package| PathBuf::from(package["manifest_path"].as_str().unwrap()));
    let manifest = manifests.next().unwrap();
    assert_eq!(manifests.next(), None, "there is one Wasmtime");
    manifest.parent().unwrap().join("src/p2/wit")
}

/// Interface, function or resource, and type of everything that a world imports.
fn items(resolve: &Resolve, world: WorldId) -> BTreeMap<(String, String), String> {
    let mut items = BTreeMap::new();
    for item in resolve.worlds[world].imports.values() {
        let WorldItem::Interface { id, .. } = item else {
            continue;
        };
        let name = resolve.id_of(*id).unwrap();
        if !name.starts_with("wasi:") {
            continue;
        }
        let interface = &resolve.interfaces[*id];
        for (function, ty) in &interface.functions {
            items.insert(
                (name.clone(), function.clone()),
                shape::function(resolve, ty).unwrap(),
            );
        }
        for (ty, id) in &interface.types {
            if matches!(resolve.types[*id].kind, wit_parser::TypeDefKind::Resource) {
                items.insert((name.clone(), ty.clone()), "resource".to_owned());
            }
        }
    }
    items
}

#[test]
fn every_stable_function_of_wasmtimes_wasi_is_offered() {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(wasmtimes_wit()).unwrap();
    let world = resolve.select_world(&[package], Some("bindings")).unwrap();
    let theirs = items(&resolve, world);
    let ours = items(&offered().resolve, offered().world);
    assert_eq!(ours, theirs);
    assert!(ours.len() > 100, "{}", ours.len());
}

#[test]
fn every_function_that_has_a_price_is_one_of_the_contract() {
    let offer = Offer::standard();
    let mut priced = 0;
    for table in offer.tables() {
        for function in table.functions {
            let item = offered().item(function.interface, function.name);
            assert!(item.is_some(), "{function:?} of `{}`", table.name);
            priced += 1;
        }
    }
    // Each function, and the drop of each resource.
    assert_eq!(priced, items(&offered().resolve, offered().world).len() + 1);
}

/// `xtask` does not link the host, and has these lists from the crates that it shares with it.
#[test]
fn what_xtask_takes_for_a_hosts_offer_is_what_the_capabilities_have_in_their_tables() {
    let offer = Offer::standard();
    assert!(std::ptr::eq(offer.offered().unwrap(), offered()));
    assert_eq!(offer.quotas(), QuotaLimits::standard());
}

/// A component that imports everything in its world, as the toolchains of some languages make them.
fn keeps_every_import(resolve: &Resolve, world: WorldId) -> Vec<u8> {
    let abi = ManglingAndAbi::Legacy(LiftLowerAbi::Sync);
    let mut module = dummy_module(resolve, world, abi);
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8).unwrap();
    let encoder = ComponentEncoder::default().module(&module);
    encoder.unwrap().encode().unwrap()
}

/// The linker itself has each of them, with that type.
#[test]
fn whatever_is_offered_is_linked() {
    let offered = offered();
    let component = keeps_every_import(&offered.resolve, offered.world);
    let imports = Inspection::of(&component).unwrap().imports;
    assert_eq!(imports.len(), offered.interfaces().count());
    let host = Host::builder().slots(1).build().unwrap();
    host.load(&component).unwrap();
}

#[test]
fn toolchains_that_keep_every_import_have_a_world_of_what_every_host_offers() {
    let resolve = &offered().resolve;
    let component = |name: &str| {
        let mut worlds = resolve.worlds.iter();
        let (world, _) = worlds.find(|(_, world)| world.name == name).unwrap();
        keeps_every_import(resolve, world)
    };
    let host = Host::builder().slots(1).build().unwrap();
    host.load(&component("minimal")).unwrap();
    let Err(LoadError::Refused(refusal)) = host.load(&component("micro-app")) else {
        panic!("the host offers more than it did");
    };
    let Refusal::InterfaceNotOffered { interfaces, .. } = &refusal else {
        panic!("{refusal}");
    };
    assert_eq!(interfaces.len(), 7);
    assert!(refusal.hint().contains("the world `minimal` in `wit/`"));
}

/// A tool may have kept an import that nobody named. An import that a manifest names is wanted.
#[test]
fn who_lacks_a_grant_for_what_a_tool_kept_is_told_how_to_leave_it_out() {
    let component = keeps_every_import(&offered().resolve, offered().world);
    let named = Manifest {
        interfaces: Some(vec!["wasi:sockets".to_owned()]),
        ..Manifest::default()
    };
    let lines = "put the lines that you agree to into a policy file and run with `--policy FILE`, or give each after `--grant`";
    let kept = "; where a tool keeps imports that are not used, target the world `minimal` in `wit/`, and leave out WASI \
        with `--stub-wasi` of componentize-py";
    for (component, hint) in [
        (&with_manifest(&component, &named), lines.to_owned()),
        (&component, format!("{lines}{kept}")),
    ] {
        let verdict = Inspection::of(component)
            .unwrap()
            .verdict(&Run::new(), None)
            .unwrap();
        assert_eq!(verdict.refusal.unwrap().hint(), hint);
    }
}

#[test]
fn a_guest_that_exits_with_a_code_is_reported_with_it() {
    let host = Host::builder().slots(1).build().unwrap();
    for (call, status) in [("exit-with-code", 7), ("exit-with-code", 255), ("exit", 1)] {
        let text = include_str!("../components/exits.wat")
            .replace("{call}", call)
            .replace("{status}", &status.to_string());
        let report = run(&host, &wat::parse_str(text).unwrap(), Run::new());
        let Outcome::Trap(trap) = &report.outcome else {
            panic!("{}", report.outcome);
        };
        assert_eq!(trap.code, TrapCode::Exit { status });
        assert_eq!(
            report.outcome.to_string(),
            format!("trap: the guest called exit with status {status} instead of returning")
        );
        let calls: Vec<_> = report
            .host_calls
            .iter()
            .map(|call| &*call.function)
            .collect();
        assert_eq!(calls, [call]);
    }
}
