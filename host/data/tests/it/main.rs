//! Data through the real host: real components, the real engine, databases in files.

mod ends;
mod grants;
mod guests;
mod lab;
mod repeats;
mod stops;
