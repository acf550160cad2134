//! Requests and answers as text that is the same wherever they are the same: JSON with sorted keys and no spaces.

use std::fmt::Write;

use serde_json::{Number, Value};
use sha2::{Digest, Sha256};

/// The canonical text of a value. Features of `serde_json` that keep the order of keys do not change it.
pub(crate) fn text(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Array(values) => {
            text.push('[');
            for (place, value) in values.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write(value, text);
            }
            text.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            text.push('{');
            for (place, (name, value)) in fields.into_iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write(&Value::from(name.as_str()), text);
                text.push(':');
                write(value, text);
            }
            text.push('}');
        }
        simple => {
            let _ = write!(text, "{simple}");
        }
    }
}

/// Sets right what reading has made of numbers. All of them were 32-bit floats when they were written. `serde_json` reads
/// some that are very small or very large as a neighbour of what stands there, whose text is another one.
pub(crate) fn as_written(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(as_written),
        Value::Object(fields) => fields.values_mut().for_each(as_written),
        Value::Number(number) => {
            let is_read_exactly = |float: f64| float == 0.0 || (1e-12..1e12).contains(&float.abs());
            if let Some(float) = number.as_f64().filter(|float| !is_read_exactly(*float))
                && number.is_f64()
            {
                *value = as_number(float as f32);
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// The shortest decimal number that stands for this one. A negative zero is a zero.
pub(crate) fn as_number(number: f32) -> Value {
    let shortest = (number + 0.0).to_string().parse::<f64>();
    let number = shortest.ok().and_then(Number::from_f64);
    number.map_or(Value::Null, Value::Number)
}

/// The SHA-256 in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The SHA-256 of a value's canonical text.
pub(crate) fn digest(value: &Value) -> String {
    sha256(text(value).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_text_does_not_depend_on_the_order_of_keys() {
        let value = json!({ "b": [1, null, { "z": "a\"\n", "y": 0.5 }], "a": true, "é": -2 });
        let expected = r#"{"a":true,"b":[1,null,{"y":0.5,"z":"a\"\n"}],"é":-2}"#;
        assert_eq!(text(&value), expected);
        let digest = digest(&value);
        assert_eq!(digest, sha256(expected.as_bytes()));
        assert_eq!(
            sha256(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
