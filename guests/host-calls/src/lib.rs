//! Calls one function of the host over and over, chosen by the first argument, as often as the second says:
//! what the benchmarks measure the prices of host calls with.

mod calls;

wit_bindgen::generate!({ path: "../../wit", world: "micro-app" });

struct HostCalls;

impl Guest for HostCalls {
    fn run() -> Result<String, String> {
        let mut args = std::env::args().skip(1);
        let wanted = args.next().unwrap_or_default();
        let times = args.next().unwrap_or_default();
        let times: u32 = times
            .parse()
            .map_err(|_| format!("how often is `{times}`, expected a number"))?;
        let call = calls::CALLS.iter().find(|(name, _)| *name == wanted);
        let (_, call) = call.ok_or_else(|| {
            let names: Vec<_> = calls::CALLS.iter().map(|(name, _)| *name).collect();
            format!(
                "no call is named `{wanted}`, expected one of {}",
                names.join(", ")
            )
        })?;
        call(times);
        Ok(format!("{wanted}: {times} times"))
    }
}

export!(HostCalls);
