//! Reports as data: read from what they are written to, and held against each other.

mod difference;
mod json;
mod samples;
