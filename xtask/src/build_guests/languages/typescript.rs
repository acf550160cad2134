//! Checks the types of a guest in TypeScript before esbuild removes them.
//!
//! The types of what the guest imports and exports are written from its world, so they are those of the contract. The
//! compiler's messages name the file and the line.

use std::collections::BTreeMap;
use std::io::Read;
use std::process::Stdio;

use anyhow::{Context, Result};
use wit_parser::{
    Function, FunctionKind, Handle, InterfaceId, Resolve, Type, TypeDef, TypeDefKind, TypeOwner,
    World, WorldItem, WorldKey,
};

use super::workshop::{WIT, Workshop};
use super::world::WORLD;
use crate::fault::guest as fault;
use crate::guest::Other;

/// The types of what every guest finds.
const GLOBALS: &str = include_str!("javascript/globals.d.ts");

/// What the compiler checks, and how.
const OPTIONS: &str = include_str!("javascript/tsconfig.json");

/// Calls the compiler, which is a library of node's.
const CHECK: &str = include_str!("javascript/check.js");

/// Fails if the source has a type error, or does not export what its world says. `compiler` is the package of TypeScript, and
/// `folder` is what messages call the guest's folder.
pub(super) fn check(
    workshop: &Workshop,
    compiler: &std::path::Path,
    guest: &str,
    folder: &str,
    other: &Other,
) -> Result<()> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve
        .push_dir(workshop.path(WIT))
        .context("cannot read the guest's world")?;
    let world = resolve.select_world(&[package], Some(WORLD))?;
    let world = &resolve.worlds[world];
    workshop.write("globals.d.ts", GLOBALS)?;
    workshop.write("tsconfig.json", OPTIONS)?;
    workshop.write("imports.d.ts", &Types(&resolve).modules(world))?;
    workshop.write("world.ts", &Types(&resolve).exported(world, &other.source))?;
    let mut tsc = workshop.command("node");
    tsc.args(["-e", CHECK])
        .arg(compiler.join("package"))
        .stdout(Stdio::piped());
    let mut tsc = crate::children::spawn(&mut tsc).context("cannot start `node`")?;
    let mut said = String::new();
    if let Some(mut output) = tsc.child.stdout.take() {
        output
            .read_to_string(&mut said)
            .context("cannot read what the compiler of TypeScript says")?;
    }
    if tsc.wait().context("cannot wait for `node`")?.success() {
        return Ok(());
    }
    // What this command prints is for programs.
    eprint!("{}", in_folder(&said, folder));
    Err(fault(format!("the types of `{guest}` are wrong"))
        .hint("the messages above name the lines; `world.ts` there is made of what the guest's world says that it exports")
        .into())
}

/// The messages with the guest's folder, in place of the folder with its copy.
fn in_folder(said: &str, folder: &str) -> String {
    let lines = said
        .split_inclusive('\n')
        .map(|line| match line.strip_prefix("app/") {
            Some(rest) => format!("{folder}/{rest}"),
            None => line.to_owned(),
        });
    lines.collect()
}

/// Writes types of WIT as those of TypeScript.
struct Types<'a>(&'a Resolve);

impl Types<'_> {
    /// A module for each interface that the world imports or exports.
    fn modules(&self, world: &World) -> String {
        let mut modules = BTreeMap::new();
        // An interface that is imported and exported has one text.
        for (key, item) in world.imports.iter().chain(&world.exports) {
            if let (WorldKey::Interface(_), WorldItem::Interface { id, .. }) = (key, item) {
                let name = self.0.name_world_key(key);
                let module = self.module(&name, *id);
                modules.insert(name, module);
            }
        }
        modules.into_values().collect()
    }

    fn module(&self, name: &str, id: InterfaceId) -> String {
        let interface = &self.0.interfaces[id];
        let mut text = format!("declare module \"{name}\" {{\n");
        for (name, ty) in &interface.types {
            let ty = &self.0.types[*ty];
            text += &match &ty.kind {
                TypeDefKind::Resource => {
                    let methods = interface.functions.values();
                    let methods = methods.filter_map(|function| self.method(name, function));
                    let methods: String = methods.collect();
                    format!("  export class {} {{\n{methods}  }}\n", pascal(name))
                }
                _ => format!(
                    "  export type {} = {};\n",
                    pascal(name),
                    self.definition(ty)
                ),
            };
        }
        for function in interface.functions.values() {
            if matches!(function.kind, FunctionKind::Freestanding) {
                let (name, of) = (camel(&function.name), self.function(function));
                text += &match is_reserved(&name) {
                    false => format!("  export function {name}{of};\n"),
                    true => {
                        format!("  function {name}_{of};\n  export {{ {name}_ as {name} }};\n")
                    }
                };
            }
        }
        text + "}\n"
    }

    /// A method of the resource with this name.
    fn method(&self, resource: &str, function: &Function) -> Option<String> {
        let name = camel(function.item_name());
        let before = match function.kind {
            FunctionKind::Method(_) => name,
            FunctionKind::Static(_) => format!("static {name}"),
            FunctionKind::Constructor(_) => "constructor".to_owned(),
            _ => return None,
        };
        let of = function.kind.resource()?;
        let is_its = self.0.types[of].name.as_deref() == Some(resource);
        let of = self.function(function);
        let of = match function.kind {
            FunctionKind::Constructor(_) => {
                let without_result = of.rsplit_once(": ");
                without_result.map_or_else(String::new, |(params, _)| params.to_owned())
            }
            _ => of,
        };
        is_its.then(|| format!("    {before}{of};\n"))
    }

    /// The parameters and the result of a function. An error is thrown.
    fn function(&self, function: &Function) -> String {
        let is_method = matches!(function.kind, FunctionKind::Method(_));
        let params = function.params.iter().skip(usize::from(is_method));
        let params: Vec<String> = params
            .map(|param| format!("{}: {}", parameter(&param.name), self.of(&param.ty)))
            .collect();
        let result = function.result.map(|result| match result {
            Type::Id(id) => match &self.0.types[id].kind {
                TypeDefKind::Result(result) => self.or_void(result.ok),
                _ => self.of(&Type::Id(id)),
            },
            other => self.of(&other),
        });
        let result = result.unwrap_or_else(|| "void".to_owned());
        format!("({}): {result}", params.join(", "))
    }

    fn or_void(&self, ty: Option<Type>) -> String {
        ty.map_or_else(|| "void".to_owned(), |ty| self.of(&ty))
    }

    /// A type where it is used: by its name if it has one.
    fn of(&self, ty: &Type) -> String {
        match ty {
            Type::Bool => "boolean".to_owned(),
            Type::Char | Type::String => "string".to_owned(),
            Type::ErrorContext => "unknown".to_owned(),
            Type::Id(id) => {
                let ty = &self.0.types[*id];
                match (&ty.name, ty.owner) {
                    (Some(name), TypeOwner::Interface(interface)) => {
                        let module = self.0.id_of(interface).unwrap_or_default();
                        format!("import(\"{module}\").{}", pascal(name))
                    }
                    _ => self.definition(ty),
                }
            }
            _ => "number".to_owned(),
        }
    }

    fn definition(&self, ty: &TypeDef) -> String {
        let joined = |parts: Vec<String>| match parts.is_empty() {
            true => "never".to_owned(),
            false => parts.join(" | "),
        };
        match &ty.kind {
            TypeDefKind::Record(record) => {
                let fields = record.fields.iter();
                let fields = fields.map(|field| {
                    // A field that may be left out has no value then.
                    let optional = if self.is_option(&field.ty) { "?" } else { "" };
                    format!("{}{optional}: {}", camel(&field.name), self.of(&field.ty))
                });
                format!("{{ {} }}", fields.collect::<Vec<_>>().join("; "))
            }
            TypeDefKind::Flags(flags) => {
                let flags = flags.flags.iter();
                let flags = flags.map(|flag| format!("{}?: boolean", camel(&flag.name)));
                format!("{{ {} }}", flags.collect::<Vec<_>>().join("; "))
            }
            TypeDefKind::Tuple(tuple) => {
                let types = tuple.types.iter().map(|ty| self.of(ty));
                format!("[{}]", types.collect::<Vec<_>>().join(", "))
            }
            TypeDefKind::Variant(variant) => {
                let cases = variant.cases.iter();
                joined(cases.map(|case| self.case(&case.name, case.ty)).collect())
            }
            TypeDefKind::Enum(cases) => {
                let cases = cases.cases.iter();
                joined(cases.map(|case| format!("\"{}\"", case.name)).collect())
            }
            TypeDefKind::Option(ty) => format!("{} | undefined", self.of(ty)),
            TypeDefKind::Result(result) => joined(vec![
                self.case("ok", result.ok),
                self.case("err", result.err),
            ]),
            TypeDefKind::List(Type::U8) => "Uint8Array".to_owned(),
            TypeDefKind::List(ty) | TypeDefKind::FixedLengthList(ty, _) => {
                format!("Array<{}>", self.of(ty))
            }
            TypeDefKind::Map(key, value) => format!("Map<{}, {}>", self.of(key), self.of(value)),
            TypeDefKind::Type(ty) => self.of(ty),
            TypeDefKind::Handle(Handle::Own(id) | Handle::Borrow(id)) => self.of(&Type::Id(*id)),
            TypeDefKind::Resource
            | TypeDefKind::Future(_)
            | TypeDefKind::Stream(_)
            | TypeDefKind::Unknown => "unknown".to_owned(),
        }
    }

    fn case(&self, tag: &str, ty: Option<Type>) -> String {
        match ty {
            None => format!("{{ tag: \"{tag}\" }}"),
            Some(ty) => format!("{{ tag: \"{tag}\"; val: {} }}", self.of(&ty)),
        }
    }

    fn is_option(&self, ty: &Type) -> bool {
        match ty {
            Type::Id(id) => matches!(self.0.types[*id].kind, TypeDefKind::Option(_)),
            _ => false,
        }
    }

    /// A script that is right if the guest exports what its world says.
    fn exported(&self, world: &World, source: &str) -> String {
        let mut text =
            format!("import * as guest from \"./app/{source}\";\n\ninterface Exports {{\n");
        for (key, item) in &world.exports {
            let name = self.0.name_world_key(key);
            text += &match item {
                WorldItem::Function(function) => {
                    format!("  {}{};\n", camel(&name), self.function(function))
                }
                WorldItem::Interface { id, .. } => {
                    let interface = self.0.interfaces[*id].name.as_deref();
                    let interface = camel(interface.unwrap_or_default());
                    format!("  {interface}: typeof import(\"{name}\");\n")
                }
                WorldItem::Type { .. } => String::new(),
            };
        }
        text + "}\n\nguest satisfies Exports;\n"
    }
}

/// The name of a parameter, which nobody uses.
fn parameter(name: &str) -> String {
    let name = camel(name);
    match is_reserved(&name) {
        true => name + "_",
        false => name,
    }
}

/// The words of JavaScript that are no names.
const RESERVED: &str = "arguments await break case catch class const continue debugger default delete do else enum eval \
    export extends false finally for function if implements import in instanceof interface let new null package private \
    protected public return static super switch this throw true try typeof var void while with yield";

fn is_reserved(name: &str) -> bool {
    RESERVED.split_whitespace().any(|word| word == name)
}

/// `auditEntry` for `audit-entry`.
fn camel(name: &str) -> String {
    let mut words = name.split('-');
    let first = words.next().unwrap_or_default().to_lowercase();
    words.fold(first, |text, word| text + &capital(word))
}

/// `AuditEntry` for `audit-entry`.
fn pascal(name: &str) -> String {
    name.split('-').map(capital).collect()
}

fn capital(word: &str) -> String {
    let mut characters = word.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_wit_are_those_that_a_script_sees() {
        let mut resolve = Resolve::default();
        let text = "package a:b@1.0.0;
            interface types { record point { x: u32, label: option<string> } }
            interface shapes {
                use types.{point};
                enum colour { dark-red, blue }
                variant shape { dot(point), line(tuple<point, point>), nothing }
                flags wants { wide-edges }
                resource canvas { constructor(size: u64); draw: func(what: shape) -> result<_, string>; }
                find-all: func(near: point, in-colour: colour) -> result<list<shape>, string>;
                bytes: func(wants: wants) -> list<u8>;
                delete: func(in: u32);
            }
            world guest { import shapes; export run: func() -> result<string, string>; export types; }";
        let package = resolve.push_str("text.wit", text).unwrap();
        let world = resolve.select_world(&[package], Some("guest")).unwrap();
        let (types, world) = (Types(&resolve), &resolve.worlds[world]);
        let module = types.modules(world);
        let at = module.find("declare module \"a:b/types").unwrap();
        let (after, before) = module.split_at(at);
        assert_eq!(
            before,
            "declare module \"a:b/types@1.0.0\" {\n  export type Point = { x: number; label?: string | undefined };\n}\n"
        );
        let point = "import(\"a:b/types@1.0.0\").Point";
        let here = |name: &str| format!("import(\"a:b/shapes@1.0.0\").{name}");
        let (own_point, shape, colour, wants) =
            (here("Point"), here("Shape"), here("Colour"), here("Wants"));
        for line in [
            format!("export type Point = {point};"),
            "export type Colour = \"dark-red\" | \"blue\";".to_owned(),
            format!(
                "export type Shape = {{ tag: \"dot\"; val: {own_point} }} | {{ tag: \"line\"; val: [{own_point}, {own_point}] }} \
                 | {{ tag: \"nothing\" }};"
            ),
            "export type Wants = { wideEdges?: boolean };".to_owned(),
            "export class Canvas {\n    constructor(size: number);\n".to_owned(),
            format!("    draw(what: {shape}): void;\n"),
            format!(
                "export function findAll(near: {own_point}, inColour: {colour}): Array<{shape}>;"
            ),
            "function delete_(in_: number): void;\n  export { delete_ as delete };\n".to_owned(),
            format!("export function bytes(wants: {wants}): Uint8Array;"),
        ] {
            assert!(after.contains(&line), "{line}\n{after}");
        }
        assert_eq!(
            types.exported(world, "main.ts"),
            "import * as guest from \"./app/main.ts\";\n\ninterface Exports {\n  run(): string;\n  \
             types: typeof import(\"a:b/types@1.0.0\");\n}\n\nguest satisfies Exports;\n"
        );
    }
}
