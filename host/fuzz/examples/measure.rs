use std::time::{Duration, Instant};
use fractalaw_host::{Host, LoadError, Refusal};
fn status(key: &str) -> u64 { std::fs::read_to_string("/proc/self/status").unwrap().lines().find(|l| l.starts_with(key)).unwrap().split_whitespace().nth(1).unwrap().parse().unwrap() }
fn main() {
    let name = std::env::args().nth(1).unwrap();
    let copies: usize = std::env::args().nth(2).map_or(1, |c| c.parse().unwrap());
    let host = Host::builder().slots(1).compile_time(Duration::from_secs(600)).build().unwrap();
    let mut n = fractalaw_fuzz::bombs::F;
    loop {
        let bytes = fractalaw_fuzz::bombs::one(&name, n, copies).unwrap();
        std::fs::write("/proc/self/clear_refs", "5").unwrap();
        let before = status("VmRSS");
        let t = Instant::now();
        let r = host.load(&bytes);
        let e = t.elapsed();
        let said = match r { Ok(_) => "accepted".to_owned(), Err(LoadError::Refused(Refusal::OverSlot { what, found, limit })) if n > 600 && what.contains("function") && copies == 1 => {
            let next = (n as f64 * limit as f64 / found as f64 * 0.999) as usize; if next < n { n = next; } else { n = n * 9 / 10; } continue }
            Err(e) => e.to_string().chars().take(60).collect() };
        println!("{name:20} n={n:<7} {:>9} bytes {:>8.2} s  {:>6} MiB  {said}", bytes.len(), e.as_secs_f64(), status("VmHWM").saturating_sub(before) >> 10);
        break;
    }
}
