//! Says what to do if SQLite would be compiled without the hook that this crate needs. The linker's message would
//! say less.

fn main() {
    println!("cargo:rerun-if-env-changed=LIBSQLITE3_FLAGS");
    let flags = std::env::var("LIBSQLITE3_FLAGS").unwrap_or_default();
    if !flags.contains("SQLITE_ENABLE_PREUPDATE_HOOK") {
        println!(
            "cargo:warning=SQLite is compiled without its hook before updates, and linking will fail; hint: set \
             LIBSQLITE3_FLAGS=-DSQLITE_ENABLE_PREUPDATE_HOOK in `[env]` of `.cargo/config.toml`"
        );
    }
}
