//! Reports as data: read from their JSON, and compared.

mod difference;
mod json;
mod samples;
mod text;
