//! AI through the real host: real components and the real model.

mod answers;
mod broken;
mod dialects;
mod ends;
mod grants;
mod guests;
mod keys;
mod kills;
mod listed;
mod recorded;
mod replay;
mod served;
mod server;
