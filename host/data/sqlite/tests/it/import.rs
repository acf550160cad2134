//! Files that fill tables.

use std::fs;

use fractalaw_sqlite::import;
use rusqlite::Connection;
use tempfile::TempDir;

const TABLE: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, part REAL, yes BOOLEAN, day DATE, v FLOAT[2], j JSON)";

/// The result of an import, and the rows of the table after it, as text.
fn imported(name: &str, text: &str) -> (Result<u64, String>, Vec<String>) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(TABLE).unwrap();
    let result = import(&connection, &path).map_err(|error| {
        let folder = format!("{}/", folder.path().display());
        error.to_string().replace(&folder, "")
    });
    let mut statement = connection
        .prepare("SELECT concat_ws('|', id, quote(name), quote(part), quote(yes), quote(day), quote(v), quote(j)) FROM t")
        .unwrap();
    let rows = statement.query_map((), |row| row.get(0)).unwrap();
    (result, rows.collect::<Result<_, _>>().unwrap())
}

#[test]
fn rows_come_from_each_kind_of_file() {
    for (name, text, count, rows) in [
        (
            "any.sql",
            "INSERT INTO t (id) VALUES (1), (2); UPDATE t SET name = 'a' WHERE id = 2;",
            3,
            &[
                "1|NULL|NULL|NULL|NULL|NULL|NULL",
                "2|'a'|NULL|NULL|NULL|NULL|NULL",
            ][..],
        ),
        (
            "t.csv",
            "id,NAME,part,yes,day\n1,\"O'Brien, \"\"Ltd\"\"\",2.5,true,2025-12-31\n2,\"\",3,0,\n",
            2,
            &[
                "1|'O''Brien, \"Ltd\"'|2.5|1|'2025-12-31'|NULL|NULL",
                "2|''|3.0|0|NULL|NULL|NULL",
            ],
        ),
        (
            "t.jsonl",
            "{\"id\": 1, \"yes\": true, \"v\": [1, 0.5], \"j\": {\"b\": [1]}}\n\n{\"name\": null, \"id\": 2, \"part\": 1e3, \"j\": [1]}\n",
            2,
            &[
                "1|NULL|NULL|1|NULL|X'0000803F0000003F'|'{\"b\": [1]}'",
                "2|NULL|1000.0|NULL|NULL|NULL|'[1]'",
            ],
        ),
        ("t.csv", "id\n", 0, &[]),
        ("t.jsonl", "", 0, &[]),
    ] {
        let rows: Vec<String> = rows.iter().map(|row| (*row).to_owned()).collect();
        assert_eq!(imported(name, text), (Ok(count), rows), "{name}");
    }
}

#[test]
fn a_file_is_imported_whole_or_not_at_all() {
    for (name, text, error) in [
        (
            "t.csv",
            "id,name\n1,a\n2\n",
            "`t.csv`, line 3: 1 fields, expected 2",
        ),
        (
            "t.csv",
            "",
            "`t.csv`, line 1: expected the names of the columns",
        ),
        (
            "t.csv",
            "id\n1\n1\n",
            "`t.csv`, line 3: UNIQUE constraint failed: t.id",
        ),
        (
            "t.csv",
            "id,x\n1,2\n",
            "`t.csv`, line 1: table t has no column named x",
        ),
        (
            "t.jsonl",
            "{\"id\": 1}\n[2]\n",
            "`t.jsonl`, line 2: invalid type: sequence, expected a map at line 1 column 0",
        ),
        (
            "any.sql",
            "INSERT INTO t (id) VALUES (1); INSERT INTO t (id) VALUES (1);",
            "`any.sql`, line 1: UNIQUE constraint failed: t.id",
        ),
        (
            "t.csv",
            "id,ID\n1,2\n",
            "`t.csv`, line 1: the column `ID` is there twice",
        ),
        (
            "t.jsonl",
            "{\"id\": 1, \"ID\": 2}\n",
            "`t.jsonl`, line 1: the column `id` is there twice",
        ),
        (
            "t.jsonl",
            "{\"id\": 1}\n{\"id\": 2, \"name\": \"a\", \"name\": \"b\"}\n",
            "`t.jsonl`, line 2: the key `name` is there twice at line 1 column 35",
        ),
        (
            "t.jsonl",
            "{\"id\": 1, \"j\": [{\"a\": {\"b\": 1, \"b\": 1}}]}\n",
            "`t.jsonl`, line 1: the key `b` is there twice at line 1 column 38",
        ),
        (
            "any.sql",
            "INSERT INTO t (id) VALUES (1);\nATTACH 'other.db' AS other;\n",
            "`any.sql`, line 2: `ATTACH` would reach another file",
        ),
        (
            "any.sql",
            "INSERT INTO t (id) VALUES (1);\n\0INSERT INTO t (id) VALUES (2);",
            "`any.sql`, line 2: a zero byte",
        ),
        (
            "t.jsonl",
            "{\"id\": 1}\n{\"id\": 2, \"part\": 9007199254740993}\n",
            "`t.jsonl`, line 2: the column would not keep all digits of the number 9007199254740993\nhint: a column of the type `TEXT` keeps them",
        ),
        (
            "t.txt",
            "id\n1\n",
            "`t.txt` is no file of data\nhint: call it `….sql`, `TABLE.csv` or `TABLE.jsonl`",
        ),
    ] {
        assert_eq!(
            imported(name, text),
            (Err(error.to_owned()), vec![]),
            "{name}: {text}"
        );
    }
}

/// What `query --json` writes for a value that JSON has no form for is that value. Every other object stays as it is.
#[test]
fn an_object_is_a_value_only_if_nothing_else_is_written_like_it() {
    for (member, stored) in [
        ("{\"text-hex\": \"ff\"}", "text:FF"),
        ("{\"text-hex\": \"61\"}", "text:{\"text-hex\": \"61\"}"),
        ("{\"blob\": \"00ff\"}", "blob:00FF"),
        ("{\"blob\": \"0\"}", "text:{\"blob\": \"0\"}"),
        (
            "{\"blob\": \"00\", \"of\": 1}",
            "text:{\"blob\": \"00\", \"of\": 1}",
        ),
        (
            "{\"integer\": \"9223372036854775807\"}",
            "integer:9223372036854775807",
        ),
        ("{\"integer\": \"7\"}", "text:{\"integer\": \"7\"}"),
        (
            "{\"integer\": 9223372036854775807}",
            "text:{\"integer\": 9223372036854775807}",
        ),
        ("{\"real\": \"-inf\"}", "real:-Inf"),
        ("{\"real\": \"1.5\"}", "text:{\"real\": \"1.5\"}"),
        ("{\"real\": \"nan\"}", "text:{\"real\": \"nan\"}"),
        (
            "{\"z\": 1.10, \"a\": [ {\"}\": \"\\\"\"} ]}",
            "text:{\"z\": 1.10, \"a\": [ {\"}\": \"\\\"\"} ]}",
        ),
        (
            "[12345678901234567890123, \"]\"]",
            "text:[12345678901234567890123, \"]\"]",
        ),
        ("0.30000000000000004", "real:0.30000000000000004"),
        ("8.41e21", "real:8.41e+21"),
        ("-0", "integer:0"),
        ("\"\\u0041, }\"", "text:A, }"),
        ("true", "integer:1"),
        ("null", "null:"),
    ] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("t.jsonl");
        fs::write(
            &path,
            format!(" {{ \"id\" : 1 ,\"x\":{member} ,\"y\":[ ]}}\n"),
        )
        .unwrap();
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE t (id, x, y)")
            .unwrap();
        assert_eq!(import(&connection, &path).unwrap(), 1, "{member}");
        let sql = "SELECT typeof(x) || ':' || CASE WHEN x = x'00ff' OR hex(x) = 'FF' THEN hex(x) \
                   WHEN typeof(x) = 'real' THEN printf('%!.17g', x) ELSE ifnull(x, '') END FROM t WHERE id = 1 AND y = '[ ]'";
        let found: String = connection.query_row(sql, (), |row| row.get(0)).unwrap();
        assert_eq!(found, stored, "{member}");
    }
}

/// A number comes back with the digits that it was written with, or it is not taken.
#[test]
fn no_number_loses_digits() {
    for (declared, number, stored) in [
        (
            "TEXT",
            "12345678901234567890",
            Some("text:12345678901234567890"),
        ),
        ("VARCHAR(9)", "1.50", Some("text:1.50")),
        ("TEXT", "-1e3", Some("text:-1e3")),
        ("", "12345678901234567890", None),
        (
            "INTEGER",
            "9223372036854775807",
            Some("integer:9223372036854775807"),
        ),
        ("INTEGER", "9223372036854775808", None),
        ("NUMERIC", "0.12345678901234567890", None),
        ("NUMERIC", "1.50", Some("real:1.5")),
        ("JSON", "12345678901234567890", None),
        ("REAL", "9007199254740992", Some("real:9007199254740992.0")),
        ("REAL", "9007199254740993", None),
        ("REAL", "-0.10e-2", Some("real:-0.001")),
        ("REAL", "100000000000000000000", Some("real:1.0e+20")),
        ("REAL", "0.000", Some("real:0.0")),
        ("REAL", "1e400", None),
        ("REAL", "1e-400", None),
        ("REAL", "1e99999999999999999999", None),
        ("FLOAT[2]", "9007199254740993", None),
    ] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("t.jsonl");
        fs::write(&path, format!("{{\"x\": {number}}}")).unwrap();
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(&format!("CREATE TABLE t (x {declared})"))
            .unwrap();
        let imported = import(&connection, &path);
        let sql = "SELECT typeof(x) || ':' || x FROM t";
        let found: Option<String> = connection.query_row(sql, (), |row| row.get(0)).ok();
        assert_eq!(found.as_deref(), stored, "{number} in `{declared}`");
        assert_eq!(
            imported.is_ok(),
            stored.is_some(),
            "{number} in `{declared}`"
        );
    }
}
