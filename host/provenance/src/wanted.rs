//! The keys whose signatures are wanted, and why no signature will do.

use crate::key::PublicKey;

/// A key whose signature is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its name for people.
    pub name: String,
    /// The key.
    pub key: PublicKey,
}

/// Why no signature will do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    /// There are none.
    #[error("it is not signed, and a signature of {wanted} is required")]
    Unsigned {
        /// The keys that would do.
        wanted: String,
    },
    /// There are only some of other keys.
    #[error("it is signed by {by}, and a signature of {wanted} is required")]
    ByOthers {
        /// The keys that would do.
        wanted: String,
        /// The keys that the signatures claim to be of.
        by: String,
    },
    /// A signature claims to be of the key, and is not.
    #[error("the signature of `{name}` is not valid: the statement or the signature was changed")]
    NotValid {
        /// The name of the key.
        name: String,
    },
    /// The key signed another component.
    #[error("the signature of `{name}` is for the component {signed}, and this one is {found}")]
    OtherComponent {
        /// The name of the key.
        name: String,
        /// The digest that was signed.
        signed: String,
        /// The digest of the component.
        found: String,
    },
    /// The key signed it under another name.
    #[error(
        "the signature of `{name}` is for `{signed}`, and the component names itself `{found}`"
    )]
    OtherName {
        /// The name of the key.
        name: String,
        /// The name that was signed.
        signed: String,
        /// The name that the component has.
        found: String,
    },
}

impl NotSigned {
    /// What the reader can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            NotSigned::Unsigned { .. } => {
                "`fractalaw sign FILE --key KEY` signs a component, and `fractalaw pull` brings its signatures along: they \
                 stand beside it in `FILE.sig`"
            }
            NotSigned::ByOthers { .. } => {
                "let whoever has a required key sign it with `fractalaw sign`, or, if you trust the other key, name it in \
                 `require-signature` of the policy"
            }
            NotSigned::NotValid { .. } => {
                "use nothing of it until you know who changed the file beside it, `FILE.sig`; `fractalaw pull` gets it again"
            }
            NotSigned::OtherComponent { .. } => {
                "the component was changed after it was signed, or the signature belongs to another: get both again with \
                 `fractalaw pull`, or sign what you built with `fractalaw sign`"
            }
            NotSigned::OtherName { .. } => {
                "sign it again with `fractalaw sign`, which takes the name from the component"
            }
        }
    }
}
