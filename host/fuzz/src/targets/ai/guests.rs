//! Two guests that make one call each: the component with which AI is tested, with a body.

const CALLS: &str = include_str!("../../../../ai/tests/components/calls.wat");
const INFERENCE: &str = include_str!("../../../../ai/tests/components/inference.wat");

/// Asks for at most nine tokens after the prompt `?`.
pub(super) fn prompt() -> Vec<u8> {
    let call = "$try-generate (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1048576) (i32.const 1) (i32.const 9) \
        (f32.const 0)";
    guest("(data (i32.const 1048576) \"?\")", call)
}

/// Asks for the vectors of `a` and `b`.
pub(super) fn texts() -> Vec<u8> {
    let data = "(data (i32.const 1048576) \"ab\") (data (i32.const 1048584) \"\\00\\00\\10\\00\\01\\00\\00\\00\\01\\00\\10\\00\\01\\00\\00\\00\")";
    guest(data, "$try-batch (i32.const 1048584) (i32.const 2)")
}

fn guest(data: &str, call: &str) -> Vec<u8> {
    let body = format!("(if (call {call}) (then (return (i32.const 1))))");
    let parts = INFERENCE.split(";; {").skip(1);
    let text = parts.fold(CALLS.to_owned(), |text, part| {
        let (name, part) = part.split_once("}\n").expect("each part has a name");
        text.replace(&format!("{{{name}}}"), part)
    });
    let text = text.replace("{data}", data).replace("{body}", &body);
    wat::parse_str(text).expect("the text is a component")
}
