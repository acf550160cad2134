//! The structure of WIT types as text. Two types are the same if their texts are.
//!
//! Named types are written out. The names of types do not matter to whether a component and a host fit together,
//! while their fields, cases and order do. Errors show the same text.

use std::error::Error;
use std::fmt;

use wit_parser::{Function, Handle, Resolve, Type, TypeDefKind, TypeId};

use crate::limits::{SHAPE_BYTES, TYPE_DEPTH};

/// A type that is not written out, because its text has more than [`SHAPE_BYTES`] or it has more than
/// [`TYPE_DEPTH`] levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "written out it has more than {SHAPE_BYTES} bytes or {TYPE_DEPTH} levels"
        )
    }
}

impl Error for TooLong {}

/// The type of a function, for example `func(text: string) -> result<list<f32>, string>`.
///
/// # Errors
///
/// If it is too long to be written out. No type in `wit/` is.
pub fn function(resolve: &Resolve, function: &Function) -> Result<String, TooLong> {
    let mut shape = Shape {
        resolve,
        text: String::new(),
        depth: 0,
    };
    if function.kind.is_async() {
        shape.push("async ")?;
    }
    shape.push("func(")?;
    shape.list(&function.params, |shape, param| {
        shape.push(&param.name)?;
        shape.push(": ")?;
        shape.ty(&param.ty)
    })?;
    shape.push(")")?;
    if let Some(result) = &function.result {
        shape.push(" -> ")?;
        shape.ty(result)?;
    }
    Ok(shape.text)
}

/// A text that grows up to its limit.
struct Shape<'a> {
    resolve: &'a Resolve,
    text: String,
    /// The levels of types around the one that is being written.
    depth: u32,
}

impl<'a> Shape<'a> {
    fn push(&mut self, part: &str) -> Result<(), TooLong> {
        if self.text.len() + part.len() > SHAPE_BYTES {
            return Err(TooLong);
        }
        self.text.push_str(part);
        Ok(())
    }

    fn ty(&mut self, ty: &Type) -> Result<(), TooLong> {
        let name = match ty {
            Type::Bool => "bool",
            Type::U8 => "u8",
            Type::U16 => "u16",
            Type::U32 => "u32",
            Type::U64 => "u64",
            Type::S8 => "s8",
            Type::S16 => "s16",
            Type::S32 => "s32",
            Type::S64 => "s64",
            Type::F32 => "f32",
            Type::F64 => "f64",
            Type::Char => "char",
            Type::String => "string",
            Type::ErrorContext => "error-context",
            Type::Id(id) => {
                if self.depth == TYPE_DEPTH {
                    return Err(TooLong);
                }
                self.depth += 1;
                self.defined(*id)?;
                self.depth -= 1;
                return Ok(());
            }
        };
        self.push(name)
    }

    fn defined(&mut self, id: TypeId) -> Result<(), TooLong> {
        let resolve = self.resolve;
        match &resolve.types[id].kind {
            TypeDefKind::Type(ty) => self.ty(ty),
            TypeDefKind::Record(record) => self.braced("record", &record.fields, |shape, field| {
                shape.push(&field.name)?;
                shape.push(": ")?;
                shape.ty(&field.ty)
            }),
            TypeDefKind::Variant(variant) => {
                self.braced("variant", &variant.cases, |shape, case| {
                    shape.push(&case.name)?;
                    match &case.ty {
                        Some(ty) => shape.enclosed("(", [ty], ")"),
                        None => Ok(()),
                    }
                })
            }
            TypeDefKind::Enum(of) => {
                self.braced("enum", &of.cases, |shape, case| shape.push(&case.name))
            }
            TypeDefKind::Flags(of) => {
                self.braced("flags", &of.flags, |shape, flag| shape.push(&flag.name))
            }
            TypeDefKind::Tuple(tuple) => self.enclosed("tuple<", &tuple.types, ">"),
            TypeDefKind::Option(ty) => self.enclosed("option<", [ty], ">"),
            TypeDefKind::Result(result) => match (&result.ok, &result.err) {
                (None, None) => self.push("result"),
                (Some(ok), None) => self.enclosed("result<", [ok], ">"),
                (Some(ok), Some(err)) => self.enclosed("result<", [ok, err], ">"),
                (None, Some(err)) => self.enclosed("result<_, ", [err], ">"),
            },
            TypeDefKind::List(ty) => self.enclosed("list<", [ty], ">"),
            TypeDefKind::FixedLengthList(ty, length) => {
                self.enclosed("list<", [ty], &format!(", {length}>"))
            }
            TypeDefKind::Map(key, value) => self.enclosed("map<", [key, value], ">"),
            TypeDefKind::Future(None) => self.push("future"),
            TypeDefKind::Future(Some(ty)) => self.enclosed("future<", [ty], ">"),
            TypeDefKind::Stream(None) => self.push("stream"),
            TypeDefKind::Stream(Some(ty)) => self.enclosed("stream<", [ty], ">"),
            TypeDefKind::Handle(Handle::Own(id)) => self.named("own<", *id, ">"),
            TypeDefKind::Handle(Handle::Borrow(id)) => self.named("borrow<", *id, ">"),
            // A resource is only its name.
            TypeDefKind::Resource => self.named("resource ", id, ""),
            TypeDefKind::Unknown => self.push("unknown"),
        }
    }

    fn named(&mut self, before: &str, id: TypeId, after: &str) -> Result<(), TooLong> {
        self.push(before)?;
        self.push(self.resolve.types[id].name.as_deref().unwrap_or("_"))?;
        self.push(after)
    }

    /// Types between these two texts.
    fn enclosed<'t>(
        &mut self,
        before: &str,
        types: impl IntoIterator<Item = &'t Type>,
        after: &str,
    ) -> Result<(), TooLong> {
        self.push(before)?;
        self.list(types, |shape, ty| shape.ty(ty))?;
        self.push(after)
    }

    fn braced<T>(
        &mut self,
        kind: &str,
        items: impl IntoIterator<Item = T>,
        write: impl Fn(&mut Self, T) -> Result<(), TooLong>,
    ) -> Result<(), TooLong> {
        self.push(kind)?;
        self.push(" { ")?;
        self.list(items, write)?;
        self.push(" }")
    }

    fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        write: impl Fn(&mut Self, T) -> Result<(), TooLong>,
    ) -> Result<(), TooLong> {
        for (place, item) in items.into_iter().enumerate() {
            if place > 0 {
                self.push(", ")?;
            }
            write(self, item)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The type of the function `f` of a world with these types.
    fn shape(types: &str, of: &str) -> Result<String, TooLong> {
        let text = format!("package a:b; interface i {{ {types} f: func(a: {of}); }}");
        let mut resolve = Resolve::default();
        resolve.push_str("a.wit", &text).unwrap();
        let (_, interface) = resolve.interfaces.iter().next().unwrap();
        function(&resolve, &interface.functions["f"])
    }

    /// Types that each contain the previous one that many times. The first is a number.
    fn chain(levels: u32, times: usize) -> String {
        let next = |level: u32| {
            let before = match level {
                0 => "u8".to_owned(),
                level => format!("t{}", level - 1),
            };
            format!("type t{level} = tuple<{}>;", vec![before; times].join(", "))
        };
        (0..levels).map(next).collect()
    }

    #[test]
    fn a_type_is_written_out() {
        let types = "enum e { x, y } flags g { u, v } record r { a: e, b: option<g> } \
                     variant v { none, some(r), many(list<string>) } resource s;";
        let of = "result<_, tuple<v, borrow<s>>>";
        let written = "func(a: result<_, tuple<variant { none, some(record { a: enum { x, y }, \
                       b: option<flags { u, v }> }), many(list<string>) }, borrow<s>>>)";
        assert_eq!(shape(types, of).as_deref(), Ok(written));
    }

    #[test]
    fn types_that_double_each_other_are_written_up_to_a_bound() {
        assert_eq!(shape(&chain(9, 2), "t8").map(|text| text.len()), Ok(5632));
        assert_eq!(shape(&chain(40, 2), "t39"), Err(TooLong));
        assert_eq!(shape(&chain(32, 1), "t31").map(|text| text.len()), Ok(235));
        assert_eq!(shape(&chain(65, 1), "t64"), Err(TooLong));
    }
}
