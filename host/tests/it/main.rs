//! The host through its public face: real components in the real engine, and the `fractalaw` binary.

mod apart;
mod attacks;
mod cache;
mod cli;
mod components;
mod files;
mod first_run;
mod host_calls;
mod hostile;
mod interfaces;
mod isolation;
mod line;
mod metering;
mod printing;
mod profile;
mod profile_on_paper;
