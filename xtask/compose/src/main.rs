//! Joins the parts of a composed guest into one component. `cargo xtask build-guests` starts it.
//!
//! It is a program of its own because `wac-graph` brings a second release of the WebAssembly tools, which takes
//! longer to compile than `xtask` itself. `xtask` builds it when a guest is composed for the first time.
//!
//! Standard input is a [`Plan`] in JSON. The component is written where the plan says. Whatever is wrong is one
//! message on standard error, and exit code 1.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde::Deserialize;
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, NodeId, Processor};

/// What to join, and how.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    /// The guest whose imports are connected. The composed component has its exports.
    guest: Part,
    /// The parts that it uses. Each is instantiated once.
    parts: Vec<Part>,
    connections: Vec<Connection>,
    /// Where the composed component is written.
    to: PathBuf,
}

/// A component by the name of its guest.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    name: String,
    file: PathBuf,
}

/// An import of the guest that is connected to an export of a part. What is not connected is imported by the composed
/// component.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Connection {
    import: String,
    part: String,
    export: String,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let plan: Plan = serde_json::from_reader(io::stdin().lock()).context("cannot read the plan")?;
    let component = compose(&plan)?;
    fs::write(&plan.to, component).with_context(|| format!("cannot write `{}`", plan.to.display()))
}

fn compose(plan: &Plan) -> Result<Vec<u8>> {
    let mut graph = CompositionGraph::new();
    let mut parts = BTreeMap::new();
    for part in &plan.parts {
        parts.insert(&*part.name, instance(&mut graph, part)?);
    }
    let guest = instance(&mut graph, &plan.guest)?;
    for Connection {
        import,
        part,
        export,
    } in &plan.connections
    {
        let provider = parts.get(&**part);
        let provider = provider.with_context(|| format!("the plan has no part `{part}`"))?;
        let export = graph
            .alias_instance_export(*provider, export)
            .with_context(|| format!("`{part}` does not export `{export}`"))?;
        graph
            .set_instantiation_argument(guest, import, export)
            .with_context(|| format!("`{import}` of `{part}` does not fit"))?;
    }
    let exports = exports(&graph, guest);
    for name in exports {
        let export = graph.alias_instance_export(guest, &name)?;
        graph.export(export, &name)?;
    }
    let options = EncodeOptions {
        processor: Some(Processor {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
        }),
        ..EncodeOptions::default()
    };
    Ok(graph.encode(options)?)
}

/// Reads a component and instantiates it.
fn instance(graph: &mut CompositionGraph, part: &Part) -> Result<NodeId> {
    let Part { name, file } = part;
    let bytes = read(file)?;
    let package = Package::from_bytes(name, None, bytes, graph.types_mut())
        .with_context(|| format!("cannot read the component of `{name}`"))?;
    let package = graph.register_package(package)?;
    let instance = graph.instantiate(package);
    graph.set_node_name(instance, name);
    Ok(instance)
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("cannot read `{}`", file.display()))
}

fn exports(graph: &CompositionGraph, instance: NodeId) -> Vec<String> {
    let package = graph[instance].package();
    let exports = package.map(|package| &graph.types()[graph[package].ty()].exports);
    let exports = exports.into_iter().flat_map(|exports| exports.keys());
    exports.cloned().collect()
}
