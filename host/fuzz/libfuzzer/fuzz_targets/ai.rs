//! libFuzzer's program for the target `ai`.

#![no_main]

use fractalaw_fuzz::Target;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let target = Target::find("ai").expect("it is in the table");
    (target.run)(bytes);
});
