//! Where a component comes from, and who vouches for it.
//!
//! `apps.lock` pins components by digest. A signature is a statement about a component, by digest and name, in a file
//! beside it: `NAME.wasm.sig`. The host reads both before it compiles anything, and `fractalaw-registry` writes them.

#![deny(missing_docs)]
#![forbid(unsafe_code)]

// From the ground up:
pub mod limits;

mod digest;
mod file;

mod key;

mod statement;
mod wanted;

mod envelope;

mod signatures;

mod lock;

pub use digest::{Digest, sha256};
pub use file::{read_regular, write_whole};
pub use key::{KeyError, PublicKey, SecretKey};
pub use lock::{FILE as LOCK_FILE, Lock, LockError, Locked, NotAsLocked, check_name};
pub use signatures::{BadSignatures, Signatures, SignaturesError, beside};
pub use statement::Subject;
pub use wanted::{NotSigned, Wanted};
