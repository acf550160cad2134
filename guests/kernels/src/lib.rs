//! Three common kinds of work, hashing, scanning and parsing, one chosen by the first argument: what the
//! benchmarks measure the cost of metering with.

mod work;

wit_bindgen::generate!({ path: "../../wit", world: "micro-app" });

struct Kernels;

impl Guest for Kernels {
    fn run() -> Result<String, String> {
        let wanted = std::env::args().nth(1).unwrap_or_default();
        let kernel = work::KERNELS.iter().find(|(name, _)| *name == wanted);
        let (_, compute) = kernel.ok_or_else(|| {
            let names: Vec<_> = work::KERNELS.iter().map(|(name, _)| *name).collect();
            format!(
                "no kernel is called `{wanted}`, expected one of {}",
                names.join(", ")
            )
        })?;
        Ok(compute())
    }
}

export!(Kernels);
