//! Models outside of the host: where they are, what they are asked, and what they answer.

// From the ground up.
mod failed;
mod model;
mod question;
mod refusal;

mod stream;

mod http;

mod openai;

pub(crate) use model::Served;
pub(crate) use openai::ask;
pub(crate) use question::Question;
