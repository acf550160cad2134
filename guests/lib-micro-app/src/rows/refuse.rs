//! The parts of a serializer that only say no.

/// Everything that is not taken, and why.
macro_rules! refuse {
    ($problem:expr; $($name:ident($($type:ty),*) -> $ok:ty;)*) => {
        $(fn $name(self, $(_: $type),*) -> Result<$ok> { Err($problem) })*
    };
}

/// What has others in it, and is not taken.
macro_rules! refuse_generic {
    ($problem:expr) => {
        fn serialize_newtype_variant<T: Serialize + ?Sized>(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: &T,
        ) -> Result<()> {
            Err($problem)
        }

        refuse! {
            $problem;
            serialize_unit() -> ();
            serialize_unit_struct(&'static str) -> ();
            serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
            serialize_map(Option<usize>) -> Self::SerializeMap;
            serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
        }
    };
}

pub(super) use {refuse, refuse_generic};
