//! What is wrong with a message, before it is known which one it is.

use crate::error::ReadError;

#[derive(Debug)]
pub(super) enum Fault {
    /// It is not as the format says.
    Malformed(&'static str),
    /// It is something that is not read.
    Refused(ReadError),
}

impl Fault {
    pub(super) fn in_message(self, message: usize) -> ReadError {
        match self {
            Fault::Malformed(problem) => ReadError::Malformed { message, problem },
            Fault::Refused(error) => error,
        }
    }
}

impl From<&'static str> for Fault {
    fn from(problem: &'static str) -> Fault {
        Fault::Malformed(problem)
    }
}

impl From<ReadError> for Fault {
    fn from(error: ReadError) -> Fault {
        Fault::Refused(error)
    }
}
