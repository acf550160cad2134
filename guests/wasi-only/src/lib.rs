//! Imports WASI and none of our interfaces, so that any host of WASI 0.2 can run it: the guest that
//! cold starts are measured with.

wit_bindgen::generate!({ path: "../../wit", world: "micro-app" });

struct WasiOnly;

impl Guest for WasiOnly {
    fn run() -> Result<String, String> {
        println!("on standard output");
        Ok("nothing of our own was imported".into())
    }
}

export!(WasiOnly);
