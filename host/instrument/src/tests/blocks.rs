//! Which instructions belong to a block, and where they stand.

use super::{PRICE, around, encode};
use crate::{instrument_blocks, meter_crossings};

/// The count of functions is one byte longer with the function that pays, so everything behind it stands elsewhere.
#[test]
fn blocks_stand_where_they_were_before_the_parts_paid() {
    let many = "(func)".repeat(125);
    let component = encode(&format!(
        r#"(component (component $a
            (core module (memory (export "m") 1)
                (func (export "r") (param i32 i32 i32 i32) (result i32)
                    (if (result i32) (local.get 0) (then (i32.const 1)) (else (i32.const 2))))
                (func (export "f") (param i32 i32) nop nop) {many})
            (core instance $i (instantiate 0))
            (func (export "f") (param "s" string)
                (canon lift (core func $i "f") (memory $i "m") (realloc (func $i "r"))))))"#
    ));
    let (plain, paying) = (
        instrument_blocks(&component, None).unwrap(),
        instrument_blocks(&component, Some(&PRICE)).unwrap(),
    );
    assert_eq!(plain.functions.len(), 127);
    assert_eq!(paying.functions.len(), 128);
    // The count of functions, then the size of the body and of its locals: `local.get`, `if`.
    assert_eq!((plain.blocks[0].start, plain.blocks[0].end), (3, 7));
    assert_eq!(plain.blocks, paying.blocks);
    assert_eq!(plain.code, paying.code);
    assert_eq!(component[paying.code[0].clone()][0], 127);
    let metered = meter_crossings(&component, &PRICE).unwrap();
    let moved = instrument_blocks(&metered, None).unwrap();
    assert_eq!((moved.blocks[0].start, moved.blocks[0].end), (4, 8));
    assert_eq!(
        (moved.bytes, moved.functions),
        (
            instrument_blocks(&metered, None).unwrap().bytes,
            paying.functions
        )
    );
}

/// Each block by its first byte and the byte after its last, counted from the first instruction of the function.
fn blocks(body: &str) -> Vec<(u32, u32)> {
    let text = format!("(func $f (param i32) {body}) (func $g)");
    let twin = instrument_blocks(&around(&text), None).unwrap();
    // The count of functions, the size of the body and the count of its locals come first.
    let blocks = twin
        .blocks
        .iter()
        .map(|block| (block.start - 3, block.end - 3));
    let mut blocks: Vec<_> = blocks.collect();
    // That of `$g`, which is only its end.
    blocks.pop();
    blocks
}

#[test]
fn a_block_ends_where_what_follows_may_not_run() {
    for (body, expected) in [
        // Its end belongs to it.
        ("nop nop", &[(0, 3)][..]),
        // A call may not return.
        ("nop call $g nop", &[(0, 3), (3, 5)]),
        // `local.get`, `if`: the condition. Then the two ways, and what follows both.
        (
            "local.get 0 if nop else nop nop end nop",
            &[(0, 4), (4, 5), (6, 8), (9, 11)],
        ),
        // What stands behind a branch is not reached, and what the branch leads to is.
        ("block br 0 nop end nop", &[(0, 4), (6, 8)]),
        (
            "block local.get 0 br_if 0 nop end nop",
            &[(0, 6), (6, 7), (8, 10)],
        ),
        // A loop that does not end leads nowhere.
        ("loop nop br 0 end", &[(0, 2), (2, 5)]),
        // A trap is nothing that somebody wrote, and a branch to the end of the function does not pass its end.
        (
            "local.get 0 if call $g unreachable end",
            &[(0, 4), (4, 6), (8, 9)],
        ),
        ("local.get 0 br_if 0", &[(0, 4)]),
    ] {
        assert_eq!(blocks(body), expected, "{body}");
    }
}
