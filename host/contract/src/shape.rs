//! The structure of WIT types as text: two are the same when their texts are.
//!
//! Named types are written out, because the names of types do not matter to whether a component and
//! a host fit together, and their fields, cases and order do. The same text is what errors show.

use wit_parser::{Function, Handle, Resolve, Type, TypeDefKind, TypeId};

/// A function's type, for example `func(text: string) -> result<list<f32>, string>`.
pub fn function(resolve: &Resolve, function: &Function) -> String {
    let params = function
        .params
        .iter()
        .map(|param| format!("{}: {}", param.name, describe(resolve, &param.ty)));
    let kind = if function.kind.is_async() {
        "async func"
    } else {
        "func"
    };
    let mut text = format!("{kind}({})", join(params));
    if let Some(result) = &function.result {
        text.push_str(" -> ");
        text.push_str(&describe(resolve, result));
    }
    text
}

fn describe(resolve: &Resolve, ty: &Type) -> String {
    match ty {
        Type::Bool => "bool".into(),
        Type::U8 => "u8".into(),
        Type::U16 => "u16".into(),
        Type::U32 => "u32".into(),
        Type::U64 => "u64".into(),
        Type::S8 => "s8".into(),
        Type::S16 => "s16".into(),
        Type::S32 => "s32".into(),
        Type::S64 => "s64".into(),
        Type::F32 => "f32".into(),
        Type::F64 => "f64".into(),
        Type::Char => "char".into(),
        Type::String => "string".into(),
        Type::ErrorContext => "error-context".into(),
        Type::Id(id) => named(resolve, *id),
    }
}

fn named(resolve: &Resolve, id: TypeId) -> String {
    let optional = |ty: &Option<Type>| ty.as_ref().map(|ty| describe(resolve, ty));
    match &resolve.types[id].kind {
        TypeDefKind::Type(ty) => describe(resolve, ty),
        TypeDefKind::Record(record) => {
            let fields = record.fields.iter();
            format!(
                "record {{ {} }}",
                join(fields.map(|f| format!("{}: {}", f.name, describe(resolve, &f.ty))))
            )
        }
        TypeDefKind::Variant(variant) => {
            let cases = variant.cases.iter().map(|case| match optional(&case.ty) {
                Some(ty) => format!("{}({ty})", case.name),
                None => case.name.clone(),
            });
            format!("variant {{ {} }}", join(cases))
        }
        TypeDefKind::Enum(cases) => {
            format!(
                "enum {{ {} }}",
                join(cases.cases.iter().map(|case| case.name.clone()))
            )
        }
        TypeDefKind::Flags(flags) => {
            format!(
                "flags {{ {} }}",
                join(flags.flags.iter().map(|flag| flag.name.clone()))
            )
        }
        TypeDefKind::Tuple(tuple) => {
            format!(
                "tuple<{}>",
                join(tuple.types.iter().map(|ty| describe(resolve, ty)))
            )
        }
        TypeDefKind::Option(ty) => format!("option<{}>", describe(resolve, ty)),
        TypeDefKind::Result(result) => match (optional(&result.ok), optional(&result.err)) {
            (None, None) => "result".into(),
            (Some(ok), None) => format!("result<{ok}>"),
            (ok, Some(err)) => format!("result<{}, {err}>", ok.as_deref().unwrap_or("_")),
        },
        TypeDefKind::List(ty) => format!("list<{}>", describe(resolve, ty)),
        TypeDefKind::FixedLengthList(ty, length) => {
            format!("list<{}, {length}>", describe(resolve, ty))
        }
        TypeDefKind::Map(key, value) => {
            format!(
                "map<{}, {}>",
                describe(resolve, key),
                describe(resolve, value)
            )
        }
        TypeDefKind::Future(ty) => parameterised("future", optional(ty)),
        TypeDefKind::Stream(ty) => parameterised("stream", optional(ty)),
        TypeDefKind::Handle(Handle::Own(id)) => format!("own<{}>", name(resolve, *id)),
        TypeDefKind::Handle(Handle::Borrow(id)) => format!("borrow<{}>", name(resolve, *id)),
        // A resource is its name; there is nothing in it to compare.
        TypeDefKind::Resource => format!("resource {}", name(resolve, id)),
        TypeDefKind::Unknown => "unknown".into(),
    }
}

fn parameterised(kind: &str, ty: Option<String>) -> String {
    match ty {
        Some(ty) => format!("{kind}<{ty}>"),
        None => kind.to_owned(),
    }
}

fn name(resolve: &Resolve, id: TypeId) -> &str {
    resolve.types[id].name.as_deref().unwrap_or("_")
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}
