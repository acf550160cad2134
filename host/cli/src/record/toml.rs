//! Values as TOML on one line.

use serde_json::Value;

/// A text.
pub(super) fn text(text: &str) -> String {
    // Text in JSON is text in TOML, except that TOML also wants this character escaped.
    Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

/// A number. TOML has none above 2^63, so a larger one is a text.
pub(super) fn number(number: u64) -> String {
    match i64::try_from(number) {
        Ok(number) => number.to_string(),
        Err(_) => text(&number.to_string()),
    }
}

/// A value of a policy. Nothing in a policy is `null`.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::String(string) => text(string),
        Value::Array(list) => {
            let list: Vec<_> = list.iter().map(self::value).collect();
            format!("[{}]", list.join(", "))
        }
        Value::Object(table) => {
            let pairs = table
                .iter()
                .map(|(key, value)| format!("{} = {}", text(key), self::value(value)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::value;

    #[test]
    fn values_are_toml() {
        for (from, expected) in [
            (json!("a\"\n\u{1}\u{7f}é"), "\"a\\\"\\n\\u0001\\u007fé\""),
            (json!([1, true, 0.5]), "[1, true, 0.5]"),
            (json!({ "near miss": ["a"] }), "{ \"near miss\" = [\"a\"] }"),
        ] {
            assert_eq!(value(&from), expected);
        }
    }
}
