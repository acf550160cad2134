//! Data behind real ADBC drivers, through the real program. `cargo xtask drivers` fetches the drivers. A test
//! prints `SKIPPED` if its driver is missing.

// From the ground up.
mod databases;
mod rows;

mod deadlines;
mod ends;
mod inserts;
mod kills;
mod mistakes;
mod opening;
mod same_rows;
mod statements;
