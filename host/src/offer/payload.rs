//! How many bytes a value has where it crosses between guest and host.

use wasmtime::component::Resource;

/// A value that crosses. Numbers and handles count by their width, and text and lists by their contents. A record
/// counts as the sum of its fields, and an enumeration as one byte.
pub trait Payload {
    /// The size of every value of the type, if all have the same.
    const WIDTH: Option<u64> = None;

    /// The size of this value.
    fn bytes(&self) -> u64;
}

/// Types of one width. A record of numbers is as wide as its fields, and an enumeration is one byte.
macro_rules! fixed {
    ($($type:ty => $width:literal),* $(,)?) => {
        $(impl $crate::offer::payload::Payload for $type {
            const WIDTH: Option<u64> = Some($width);

            fn bytes(&self) -> u64 {
                $width
            }
        })*
    };
}
pub(crate) use fixed;

fixed! {
    () => 0,
    bool => 1,
    u8 => 1, u16 => 2, u32 => 4, u64 => 8,
    i8 => 1, i16 => 2, i32 => 4, i64 => 8,
    f32 => 4, f64 => 8,
    char => 4,
}

impl<T: 'static> Payload for Resource<T> {
    const WIDTH: Option<u64> = Some(4);

    fn bytes(&self) -> u64 {
        4
    }
}

impl Payload for String {
    fn bytes(&self) -> u64 {
        self.len() as u64
    }
}

impl<T: Payload> Payload for Vec<T> {
    fn bytes(&self) -> u64 {
        match T::WIDTH {
            Some(width) => width * self.len() as u64,
            // An element has a length of its own in memory, so empty elements are not free.
            None => self.iter().map(|element| 8 + element.bytes()).sum(),
        }
    }
}

impl<T: Payload> Payload for Option<T> {
    fn bytes(&self) -> u64 {
        self.as_ref().map_or(0, Payload::bytes)
    }
}

impl<T: Payload, E: Payload> Payload for Result<T, E> {
    fn bytes(&self) -> u64 {
        match self {
            Ok(value) => value.bytes(),
            Err(error) => error.bytes(),
        }
    }
}

macro_rules! tuples {
    ($($name:ident)*) => {
        impl<$($name: Payload),*> Payload for ($($name,)*) {
            #[expect(non_snake_case, reason = "a field is called as its type is")]
            fn bytes(&self) -> u64 {
                let ($($name,)*) = self;
                0 $(+ $name.bytes())*
            }
        }
    };
}
tuples!(A);
tuples!(A B);
tuples!(A B C);
tuples!(A B C D);
tuples!(A B C D E);
tuples!(A B C D E F);
tuples!(A B C D E F G);
tuples!(A B C D E F G H);
