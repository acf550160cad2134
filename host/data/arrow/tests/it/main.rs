//! Streams, held against those that Arrow's own crates write and read.

mod cells;
mod reads;
mod samples;
mod writes;
