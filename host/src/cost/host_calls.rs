//! The prices of host calls.
//!
//! A call is charged before the host does its work: its base, and its rate for each byte that the guest hands
//! over or asks for. Bytes that the host hands back beyond that are charged before the guest gets them.

/// A function that guests may call.
#[derive(Debug)]
pub struct Function {
    /// The interface's full name, such as `wasi:io/streams@0.2.12`.
    pub interface: &'static str,
    /// The name of the function, such as `[method]input-stream.read`. The function that drops a resource has the
    /// resource's name after `[drop]`.
    pub name: &'static str,
    /// The price of a call.
    pub price: Price,
}

/// What one call of a function costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// Units of fuel for the call itself. One unit stands for half a nanosecond of a guest's own work.
    pub base: u64,
    /// Units of fuel for each byte that crosses.
    pub per_byte: u64,
}

impl Price {
    /// A price of `base` units for a call and `per_byte` units for each byte.
    pub const fn new(base: u64, per_byte: u64) -> Price {
        Price { base, per_byte }
    }

    /// The price of a call that hands over that many bytes.
    pub(crate) fn of(self, bytes: u64) -> u64 {
        self.base.saturating_add(self.bytes(bytes))
    }

    /// The bytes that this much fuel pays for, without the base.
    pub(crate) fn bytes_for(self, fuel: u64) -> u64 {
        fuel.checked_div(self.per_byte).unwrap_or(u64::MAX)
    }

    /// The price of further bytes of the same call.
    pub(crate) fn bytes(self, bytes: u64) -> u64 {
        self.per_byte.saturating_mul(bytes)
    }
}

/// Answered from the run's own memory. Crossing the boundary is most of the work.
pub(crate) const LOOKUP: Price = Price {
    base: 250,
    per_byte: 1,
};

/// Makes or drops a handle. It costs as much as a lookup, and an allocation.
pub(crate) const HANDLE: Price = Price {
    base: 350,
    per_byte: 1,
};

/// Reads or writes a stream in memory. The bytes are copied.
pub(crate) const STREAM: Price = Price {
    base: 400,
    per_byte: 1,
};

/// Waits. The run gives way to others and is woken.
pub(crate) const WAIT: Price = Price {
    base: 500,
    // The bytes are a list of four-byte handles, and each handle is polled.
    per_byte: 25,
};

/// Reads a clock of the system.
pub(crate) const CLOCK: Price = Price {
    base: 350,
    per_byte: 1,
};

/// Draws random bytes. The system's cost a system call, and seeded ones cost arithmetic.
pub(crate) const RANDOM: Price = Price {
    base: 250,
    per_byte: 8,
};

/// One system call on a file or folder, made on another thread because it may block.
pub(crate) const FILE: Price = Price {
    base: 25_000,
    per_byte: 2,
};

/// What a stream costs more each time that it reads or writes a file. Then it does the same work as `FILE`.
pub(crate) const STREAM_OF_A_FILE: u64 = FILE.base - STREAM.base;

/// An entry of a folder that is listed. The system reads it, and it is sorted by name.
pub(crate) const LISTED_ENTRY: u64 = 2_000;

/// A system call on a socket. Every address is denied.
pub(crate) const SOCKET: Price = Price {
    base: 5_000,
    per_byte: 2,
};

/// An audit entry. Its text is checked, copied, traced and kept.
pub(crate) const AUDIT: Price = Price {
    base: 1_000,
    per_byte: 2,
};
