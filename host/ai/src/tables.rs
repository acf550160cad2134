//! The interfaces of AI, their functions and prices.

use fractalaw_host::capability::{Function, Price};

pub(crate) const EMBEDDINGS: &str = "fractal:app/ai-embeddings";
pub(crate) const CLASSIFY: &str = "fractal:app/ai-classify";

pub(crate) const INFERENCE: &str = "fractal:app/ai-inference";

/// A call besides its tokens. A server of models takes 5 ms for it, and the exact model far less. Both cost the same,
/// so that the fuel of a test is near that of production.
const CALL: Price = Price::new(CALL_FUEL, 1);

/// The base of a call.
pub(crate) const CALL_FUEL: u64 = 10_000_000;

/// One token that a model reads.
pub(crate) const TOKEN_FUEL: u64 = 700_000;

pub(crate) static EMBED_FUNCTION: Function = Function {
    interface: "fractal:app/ai-embeddings@0.1.0",
    name: "embed",
    price: CALL,
};

pub(crate) static EMBED_BATCH_FUNCTION: Function = Function {
    interface: "fractal:app/ai-embeddings@0.1.0",
    name: "embed-batch",
    price: CALL,
};

pub(crate) static CLASSIFY_FUNCTION: Function = Function {
    interface: "fractal:app/ai-classify@0.1.0",
    name: "classify",
    price: CALL,
};

/// How long a model writes depends on the machine, so no price is near it. Quotas and the run's deadline bound it.
pub(crate) static GENERATE_FUNCTION: Function = Function {
    interface: "fractal:app/ai-inference@0.1.0",
    name: "generate",
    price: CALL,
};
