//! The program `fractalaw-registry`: with layout folders, with a server that does what a test says, and with Debian's
//! `docker-registry`.

mod lab;

mod artifact;
mod credentials;
mod debian;
mod docker;
mod encrypted;
mod folders;
mod malformed;
mod same_folder;
mod served;
mod server;
mod together;
mod wkg;
