//! Data through the real host: real components, the real engine, and databases in files.

mod adbc;
mod bounds;
mod codes;
mod databases;
mod each_call;
mod ends;
mod folders;
mod grants;
mod guests;
mod lab;
mod repeats;
mod stops;
