//! Why another version does not take the place of the one that runs.

/// Why the version in a file is not taken.
pub(super) enum NotTaken {
    /// It is not taken before the file or the policy is another.
    Standing(String),
    /// It may be taken another time.
    Passing(String),
}

impl NotTaken {
    pub(super) fn told(self) -> String {
        match self {
            NotTaken::Standing(why) | NotTaken::Passing(why) => why,
        }
    }
}

impl From<String> for NotTaken {
    fn from(why: String) -> NotTaken {
        NotTaken::Standing(why)
    }
}
