//! Small components that call WASI beside the micro-app's own interface.

/// A component of the world: `items` stand in its core module, `body` in `run`, which then returns `ok("")`, and
/// `realloc` gives the host memory. It may call `$record`, `$arguments`, `$stdout`, `$write`, `$subscribe`,
/// `$ready`, `$block` and `$drop`, of a pollable; memory from 4096 is for what the host writes.
pub(crate) fn with_wasi(items: &str, body: &str, realloc: &str) -> Vec<u8> {
    let text = include_str!("../components/with-wasi.wat")
        .replace("{items}", items)
        .replace("{realloc}", realloc)
        .replace("{body}", body);
    wat::parse_str(text).expect("the text is a component")
}

/// A `realloc` for [`with_wasi`] that gives memory and takes none back.
pub(crate) const BUMP: &str = "(global.get $next)
    (global.set $next (i32.and (i32.add (i32.add (global.get $next) (local.get 3)) (i32.const 7)) (i32.const -8)))";
