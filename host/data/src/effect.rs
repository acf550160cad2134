//! What a run changed, as effects: the rows that were inserted, updated and deleted, by table, in the order of
//! their keys.

use std::fmt::Write;

use fractalaw_host::{Effect, Settled};
use fractalaw_sqlite::{Key, LeftOut, Row, RowChange, TableChanges, Value};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::limits::{SHOWN_BLOB_BYTES, SHOWN_ROWS, SHOWN_VALUE_BYTES};

/// The effects of a run. The rows beyond those that are shown are one effect for each table. It has a digest over
/// all of them, so two different changes never look the same. A table is there more than once if each call of the
/// run was a transaction. Rows of which the values are not kept are one effect for each table too.
pub(crate) fn effects(changes: &[TableChanges], settled: Settled) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut further: Vec<(&str, Further)> = Vec::new();
    for table in changes {
        let (shown, rest) = table
            .rows
            .split_at(table.rows.len().min(SHOWN_ROWS - effects.len()));
        effects.extend(
            shown
                .iter()
                .map(|row| row_effect(&table.table, &table.columns, row, settled)),
        );
        if rest.is_empty() {
            continue;
        }
        let place = further.iter().position(|(name, _)| *name == table.table);
        let place = place.unwrap_or_else(|| {
            further.push((&table.table, Further::default()));
            further.len() - 1
        });
        for row in rest {
            further[place].1.add(table, row);
        }
    }
    let further = further.into_iter();
    effects.extend(further.map(|(table, rows)| rows.effect(table, settled)));
    let left_out = changes.iter().filter_map(|table| {
        let LeftOut {
            inserted,
            updated,
            deleted,
        } = table.left_out;
        let fields = counted(inserted, updated, deleted);
        let effect = || effect_on("rows-left-out", &table.table, fields.clone(), settled);
        (!fields.is_empty()).then(effect)
    });
    effects.extend(left_out);
    effects
}

/// A changed row of a table as an effect.
fn row_effect(table: &str, columns: &[String], row: &RowChange, settled: Settled) -> Effect {
    let (kind, fields) = fields(columns, row);
    effect_on(kind, table, fields, settled)
}

/// All values of a row that was inserted or deleted. For an updated row, its key and what changed.
fn fields(columns: &[String], row: &RowChange) -> (&'static str, Vec<(String, Json)>) {
    let all = |values: &Row| {
        let named = columns.iter().zip(values);
        named
            .map(|(column, value)| (column.clone(), shown(value)))
            .collect()
    };
    match (&row.before, &row.after) {
        (None, Some(after)) => ("insert", all(after)),
        (Some(before), None) => ("delete", all(before)),
        (Some(before), Some(after)) => {
            let mut fields = vec![("key".to_owned(), key(&row.key))];
            for ((column, before), after) in columns.iter().zip(before).zip(after) {
                if before != after {
                    let change = json!({ "before": shown(before), "after": shown(after) });
                    fields.push((column.clone(), change));
                }
            }
            ("update", fields)
        }
        (None, None) => ("none", Vec::new()),
    }
}

fn key(key: &Key) -> Json {
    match key {
        Key::Rowid(rowid) => shown(&Value::Integer(*rowid)),
        Key::Columns(values) => values.iter().map(shown).collect(),
    }
}

/// Readers of JSON keep integers from -(2^53) to 2^53 exactly.
const EXACT: u64 = 1 << 53;

/// A value, so that no two values look the same. Text and small integers are shown as they are. What JSON would
/// round or cannot hold is an object that names its type.
fn shown(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Integer(number) if number.unsigned_abs() <= EXACT => json!(number),
        Value::Integer(number) => json!({ "integer": number.to_string() }),
        Value::Real(number) => json!({ "real": format!("{number:?}") }),
        Value::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => shown_text(text),
            Err(_) if bytes.len() <= SHOWN_BLOB_BYTES => json!({ "text-hex": hex(bytes) }),
            Err(_) => long("text", bytes),
        },
        Value::Blob(bytes) if bytes.len() <= SHOWN_BLOB_BYTES => json!({ "blob": hex(bytes) }),
        Value::Blob(bytes) => long("blob", bytes),
    }
}

fn long(kind: &str, bytes: &[u8]) -> Json {
    json!({ kind: { "bytes": bytes.len(), "sha256": hex(&Sha256::digest(bytes)) } })
}

/// A text as a value is shown.
pub(crate) fn shown_text(text: &str) -> Json {
    if text.len() <= SHOWN_VALUE_BYTES {
        json!(text)
    } else {
        long("text", text.as_bytes())
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The rows of a table that are not shown.
#[derive(Default)]
struct Further {
    inserted: u64,
    updated: u64,
    deleted: u64,
    hasher: Sha256,
}

impl Further {
    fn add(&mut self, table: &TableChanges, row: &RowChange) {
        match (&row.before, &row.after) {
            (None, _) => self.inserted += 1,
            (Some(_), None) => self.deleted += 1,
            (Some(_), Some(_)) => self.updated += 1,
        }
        let (kind, fields) = fields(&table.columns, row);
        let line = json!([key(&row.key), kind, fields]).to_string();
        self.hasher.update((line.len() as u64).to_le_bytes());
        self.hasher.update(line);
    }

    fn effect(self, table: &str, settled: Settled) -> Effect {
        let mut fields = counted(self.inserted, self.updated, self.deleted);
        fields.push(("sha256".to_owned(), json!(hex(&self.hasher.finalize()))));
        effect_on("further-rows", table, fields, settled)
    }
}

/// How many rows of a table were changed, for each way in which any was.
fn counted(inserted: u64, updated: u64, deleted: u64) -> Vec<(String, Json)> {
    let counts = [
        ("inserted", inserted),
        ("updated", updated),
        ("deleted", deleted),
    ];
    let counts = counts.into_iter().filter(|(_, count)| *count > 0);
    counts
        .map(|(name, count)| (name.to_owned(), json!(count)))
        .collect()
}

/// What a run did to a table: a row, or what is told of rows that are not shown.
fn effect_on(kind: &str, table: &str, fields: Vec<(String, Json)>, settled: Settled) -> Effect {
    Effect {
        capability: "data".to_owned(),
        kind: kind.to_owned(),
        subject: table.to_owned(),
        fields,
        settled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.as_bytes().into())
    }

    fn change(key: i64, before: Option<Vec<Value>>, after: Option<Vec<Value>>) -> RowChange {
        RowChange {
            key: Key::Rowid(key),
            before: before.map(Into::into),
            after: after.map(Into::into),
        }
    }

    fn table(rows: Vec<RowChange>) -> TableChanges {
        TableChanges {
            table: "permit".to_owned(),
            columns: vec!["id".to_owned(), "site".to_owned()],
            rows,
            left_out: LeftOut::default(),
        }
    }

    #[test]
    fn each_row_says_what_became_of_it() {
        let row = |id: i64, site: &str| Some(vec![Value::Integer(id), text(site)]);
        let changes = table(vec![
            change(1, None, row(1, "north")),
            change(2, row(2, "east"), row(2, "west")),
            change(3, row(3, "south"), None),
        ]);
        let lines: Vec<_> = effects(&[changes], Settled::Committed)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            lines,
            [
                r#"[data] insert permit — id 1, site "north" (committed)"#,
                r#"[data] update permit — key 2, site {"after":"west","before":"east"} (committed)"#,
                r#"[data] delete permit — id 3, site "south" (committed)"#,
            ]
        );
    }

    #[test]
    fn no_two_values_look_the_same() {
        let values = [
            Value::Null,
            Value::Integer(1),
            Value::Real(1.0),
            text("1"),
            text("1.0"),
            Value::Blob((*b"1").into()),
            Value::Integer(i64::MAX),
            text(&i64::MAX.to_string()),
            Value::Integer(i64::MAX - 1),
            Value::Text((*b"\xff").into()),
            Value::Blob((*b"\xff").into()),
            Value::Blob([0; 33].into()),
            Value::Blob([1; 33].into()),
            Value::Real(f64::INFINITY),
            text(&"a".repeat(SHOWN_VALUE_BYTES + 1)),
            text(&"b".repeat(SHOWN_VALUE_BYTES + 1)),
        ];
        let shown: std::collections::BTreeSet<_> = values
            .iter()
            .map(|value| shown(value).to_string())
            .collect();
        assert_eq!(shown.len(), values.len(), "{shown:?}");
    }

    #[test]
    fn rows_beyond_what_is_shown_have_one_digest() {
        let many = |last: &str| {
            let rows = (0..SHOWN_ROWS as i64 + 2).map(|id| {
                let site = if id == SHOWN_ROWS as i64 {
                    last
                } else {
                    "site"
                };
                change(id, None, Some(vec![Value::Integer(id), text(site)]))
            });
            effects(&[table(rows.collect())], Settled::Discarded)
        };
        let (one, other) = (many("one"), many("other"));
        assert_eq!(one.len(), SHOWN_ROWS + 1);
        assert_eq!(one[SHOWN_ROWS].kind, "further-rows");
        assert_eq!(one[SHOWN_ROWS].fields[0], ("inserted".to_owned(), json!(2)));
        assert_eq!(one[..SHOWN_ROWS], other[..SHOWN_ROWS]);
        assert_ne!(one[SHOWN_ROWS], other[SHOWN_ROWS]);
    }

    /// The digest does not depend on how the rows came in parts.
    #[test]
    fn rows_beyond_what_is_shown_are_one_effect_for_each_table() {
        let rows = |from: i64, to: i64| {
            let rows = from..to;
            table(
                rows.map(|id| change(id, None, Some(vec![Value::Integer(id), text("site")])))
                    .collect(),
            )
        };
        let last = SHOWN_ROWS as i64 + 300;
        let whole = effects(&[rows(0, last)], Settled::Committed);
        let parts: Vec<_> = (0..last).map(|id| rows(id, id + 1)).collect();
        assert_eq!(effects(&parts, Settled::Committed), whole);
        assert_eq!(whole.len(), SHOWN_ROWS + 1);
    }
}
