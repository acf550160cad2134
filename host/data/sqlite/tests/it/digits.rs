//! Texts of digits, of which SQLite makes numbers in many columns.

use std::sync::Arc;

use arrow_array::{RecordBatch, StringArray};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{DataType, Field, Schema};

use crate::tables::{run, store, table, told};

const SET_UP: &str = "
CREATE TABLE json (x JSON);
CREATE TABLE uuid (x UUID);
CREATE TABLE word (x MONEY);
CREATE TABLE text (x TEXT);
CREATE TABLE none (x);
CREATE TABLE any (x ANY) STRICT;
";

fn stream(text: &str) -> Vec<u8> {
    let field = Field::new("x", DataType::Utf8, true);
    let schema = Arc::new(Schema::new(vec![field]));
    let column = Arc::new(StringArray::from(vec![text]));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![column]).unwrap();
    let mut writer = StreamWriter::try_new(Vec::new(), &schema).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

/// What `insert` takes, a query returns. What SQLite would make something else of, `insert` refuses.
#[test]
fn a_text_of_digits_is_returned_as_it_was_given_or_refused() {
    let digits = "12345678901234567890123456789012";
    let all = ["json", "uuid", "word", "text", "none", "any"];
    let keeps_texts = ["text", "none", "any"];
    let but_words = ["json", "uuid", "text", "none", "any"];
    for (text, kept) in [
        ("a duty", &all[..]),
        ("", &all),
        ("  ", &all),
        ("{\"a\":1}", &all),
        ("b54adc00-67f9-11d9-9669-0800200c9a66", &all),
        ("12 EUR", &all),
        ("1e", &all),
        ("1e+", &all),
        (".", &all),
        ("-", &all),
        ("0x10", &all),
        ("1_000", &all),
        ("inf", &all),
        ("12", &but_words),
        ("-3", &but_words),
        ("0", &but_words),
        ("9223372036854775807", &but_words),
        ("1.5", &but_words),
        ("-0.25", &but_words),
        ("0.10000000000001", &but_words),
        ("9223372036854775808", &keeps_texts),
        (digits, &keeps_texts),
        ("0.1000000000000000055", &keeps_texts),
        ("007", &keeps_texts),
        ("1.50", &keeps_texts),
        ("2.0", &keeps_texts),
        ("1e3", &keeps_texts),
        ("1E-3", &keeps_texts),
        (" 12", &keeps_texts),
        ("12\n", &keeps_texts),
        ("+1", &keeps_texts),
        ("-0", &keeps_texts),
        ("-0.0", &keeps_texts),
        (".5", &keeps_texts),
        ("5.", &keeps_texts),
        ("1e999", &keeps_texts),
    ] {
        let store = store(SET_UP);
        let mut run = run(&store, &["*"], &["*"]);
        for name in all {
            let inserted = run.insert(name, &stream(text));
            if kept.contains(&name) {
                assert_eq!(inserted, Ok(1), "{name}: {text}");
                let rows = run.query(&format!("SELECT x FROM {name}")).unwrap();
                assert_eq!(table(&rows), format!("x:Utf8\n{text}"), "{name}");
            } else {
                assert_eq!(
                    told(inserted),
                    "4: row 1: column `x`: a text of which SQLite would make a number, expected one that it keeps\n\
                     hint: declare the column as `TEXT`, which keeps every text",
                    "{name}: {text}"
                );
                // SQLite itself does it.
                run.execute(&format!("INSERT INTO {name} VALUES ('{text}')"))
                    .unwrap();
                let number = run.query(&format!("SELECT typeof(x) AS t FROM {name}"));
                assert_ne!(table(&number.unwrap()), "t:Utf8\ntext", "{name}: {text}");
            }
        }
    }
}
