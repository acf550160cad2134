//! The contract in `wit/` as Rust types: the one `bindgen!`.

wasmtime::component::bindgen!({
    path: "wit",
    world: "fractal:app/micro-app",
    imports: { default: trappable },
    exports: { default: async },
});
