//! There is nothing to build. Cargo takes the features of build dependencies only from packages with a build script.

fn main() {}
