//! Recurses without end. There are two stacks to overflow: the engine's own, and with the argument
//! `large-frames` the one that the compiler keeps in linear memory for values whose address is
//! taken.

use std::{env, hint};

use fractal::app::audit_log::{AuditEntry, record_event};

wit_bindgen::generate!({ path: "../../wit", world: "micro-app" });

const FRAME_BYTES: usize = 16 << 10;

struct DeepRecursion;

impl Guest for DeepRecursion {
    fn run() -> Result<String, String> {
        let large_frames = env::args()
            .skip(1)
            .any(|argument| argument == "large-frames");
        record_event(&AuditEntry {
            event_type: "descent-begun".into(),
            resource: "deep-recursion".into(),
            detail: if large_frames {
                "with large frames"
            } else {
                "with small frames"
            }
            .into(),
        });
        let reached = if large_frames {
            descend_with_large_frames(0)
        } else {
            descend(0)
        };
        Ok(format!("came back with {reached}"))
    }
}

/// The rotation after the call keeps the optimiser from making a loop of it, and no value needs
/// linear memory.
#[inline(never)]
fn descend(depth: u64) -> u64 {
    if depth == u64::MAX {
        depth
    } else {
        descend(depth + 1).rotate_left(1) ^ depth
    }
}

#[inline(never)]
fn descend_with_large_frames(depth: u64) -> u64 {
    let frame = hint::black_box([depth as u8; FRAME_BYTES]);
    if depth == u64::MAX {
        depth
    } else {
        descend_with_large_frames(depth + 1) ^ u64::from(frame[FRAME_BYTES / 2])
    }
}

export!(DeepRecursion);
