//! Streams, held against those that Arrow's own crates write and read.

mod cells;
mod dictionaries;
mod heads;
mod made;
mod mutated;
mod reads;
mod refused;
mod samples;
mod views;
mod writes;
