//! Tests the auditor's program from outside: exit codes, output and files.

mod commands;
mod exports;
mod lab;
mod sets;
