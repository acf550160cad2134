//! Why a component cannot be instrumented.

use fractalaw_contract::slot_fit::Unfit;
use wasm_encoder::reencode;

use crate::hooks::HOOKS;

/// The result of rewriting a part of a component.
pub(crate) type Result<T, E = reencode::Error<Uninstrumentable>> = std::result::Result<T, E>;

/// The component cannot be instrumented.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Uninstrumentable {
    /// The bytes are not a component.
    #[error("not a component, expected a WebAssembly component")]
    NotAComponent,
    /// The bytes begin like a component and are not valid.
    #[error("invalid component: {message}")]
    Invalid {
        /// What the validator said.
        message: String,
    },
    /// A nested component is passed on and instantiated elsewhere, where the hooks do not reach.
    #[error(
        "a component nested in the component is handed on to others, expected it to be instantiated where it stands"
    )]
    ForeignComponent,
    /// A core module is not in the component's bytes: it is imported, or taken from an instance.
    #[error("a core module comes from outside of the component")]
    ForeignModule,
    /// The functions that the parts of a composed component call have too many values in their types.
    #[error("{found} values are handed from part to part, expected at most {limit}")]
    TooManyValues {
        /// The values counted for the first part that has too many, with all parts that it instantiates.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// A function can be left in another way than by returning.
    #[error(
        "function {function} of core module {module} uses `{operator}`, which leaves functions unseen"
    )]
    NonLocalExit {
        /// The core module, counted from 0.
        module: u32,
        /// The function's index in the module.
        function: u32,
        /// The first such operator.
        operator: &'static str,
    },
    /// The component itself uses the name of the hooks.
    #[error("the component uses the name `{}` itself", HOOKS)]
    NameTaken,
}

impl From<Unfit> for Uninstrumentable {
    fn from(error: Unfit) -> Uninstrumentable {
        Uninstrumentable::Invalid {
            message: error.to_string(),
        }
    }
}

impl From<wasmparser::Error> for Uninstrumentable {
    fn from(error: wasmparser::Error) -> Uninstrumentable {
        Uninstrumentable::Invalid {
            message: error.to_string(),
        }
    }
}

impl From<reencode::Error<Uninstrumentable>> for Uninstrumentable {
    fn from(error: reencode::Error<Uninstrumentable>) -> Uninstrumentable {
        match error {
            reencode::Error::UserError(error) => error,
            reencode::Error::ParseError(error) => error.into(),
            other => Uninstrumentable::Invalid {
                message: other.to_string(),
            },
        }
    }
}

/// The error for an index of something that comes later.
pub(crate) fn undefined(what: &str, index: u32) -> reencode::Error<Uninstrumentable> {
    reencode::Error::UserError(Uninstrumentable::Invalid {
        message: format!("{what} {index} is used before it is defined"),
    })
}
