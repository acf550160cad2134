//! The supervisor through its public interface, with real components and real files.

mod config;
