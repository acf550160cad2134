//! The auditor's program as it is started: exit codes, what it prints, what it writes.

mod commands;
mod exports;
mod lab;
