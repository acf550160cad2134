//! Leaves a pattern in its memory and all over its stack. A pooled slot is used again, and
//! whoever runs in this one next must see none of it, in its memory or in its fuel.

use std::hint;

use fractal::app::audit_log::{AuditEntry, record_event};

wit_bindgen::generate!({ path: "../../wit", world: "micro-app" });

const PATTERN: u8 = 0xA5;
/// More than most guests ever touch. It runs before every case: to fill all that a slot has would cost more
/// than the cases do, and the host's own tests do it once.
const HEAP_BYTES: usize = 2 << 20;
/// Most of the stack in linear memory.
const FRAME_BYTES: usize = 900 << 10;
/// Frames on the engine's stack: tens of KiB.
const DEPTH: u64 = 1_000;

struct SlotScribbler;

impl Guest for SlotScribbler {
    fn run() -> Result<String, String> {
        record_event(&AuditEntry {
            event_type: "scribbling".into(),
            resource: "slot-scribbler".into(),
            detail: format!("{HEAP_BYTES} bytes of heap, {FRAME_BYTES} of stack, {DEPTH} frames"),
        });
        hint::black_box(vec![PATTERN; HEAP_BYTES]);
        scribble_stack();
        hint::black_box(scribble_frames(DEPTH));
        Ok("the slot is full of scribbles".into())
    }
}

#[inline(never)]
fn scribble_stack() {
    hint::black_box([PATTERN; FRAME_BYTES]);
}

/// The rotation after the call keeps the optimiser from making a loop of it.
#[inline(never)]
fn scribble_frames(depth: u64) -> u64 {
    let pattern = u64::from_ne_bytes([PATTERN; 8]);
    if depth == 0 {
        pattern
    } else {
        scribble_frames(depth - 1).rotate_left(1) ^ pattern
    }
}

export!(SlotScribbler);
