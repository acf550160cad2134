//! Why a component has no twin.

use wasm_encoder::reencode;

/// The component cannot be instrumented.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Uninstrumentable {
    /// The bytes are something else.
    #[error("not a component, expected a WebAssembly component")]
    NotAComponent,
    /// They begin like one.
    #[error("invalid component: {message}")]
    Invalid {
        /// What the validator said.
        message: String,
    },
    /// A component nested in the component is handed on and instantiated elsewhere, where the hooks do not reach.
    #[error(
        "a component nested in the component is handed on to others, expected it to be instantiated where it stands"
    )]
    ForeignComponent,
    /// A core module is not in the component's bytes but imported or taken out of an instance.
    #[error("a core module comes from outside of the component")]
    ForeignModule,
    /// Functions that the parts of a composed component call have too many values in their types.
    #[error("{found} values are handed from part to part, expected at most {limit}")]
    TooManyValues {
        /// How many there are up to the section that has too many.
        found: u64,
        /// The bound.
        limit: u64,
    },
    /// A function can be left other than by returning.
    #[error(
        "function {function} of core module {module} uses `{operator}`, which leaves functions unseen"
    )]
    NonLocalExit {
        /// The core module, counted from 0.
        module: u32,
        /// The function's index in it.
        function: u32,
        /// The first such operator.
        operator: &'static str,
    },
    /// The name of the hooks is used by the component itself.
    #[error("the component uses the name `{}` itself", crate::HOOKS)]
    NameTaken,
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
