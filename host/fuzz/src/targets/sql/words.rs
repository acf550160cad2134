//! The words of which statements are made: names, literals, functions, operators, and whole statements.

/// Names of tables, as statements write them. The first ones are granted.
#[rustfmt::skip]
pub(super) const TABLES: [&str; 34] = [
    "plain", "mixed", "keyed", "strict_one", "made", "parent", "child", "logged", "log", "deep", "docs", "names", "sums",
    "main.plain", "MIXED", "\"mixed\"", "[keyed]", "`docs`", "watched", "owned", "half", "far", "counted", "zqvault",
    "main.zqvault", "zqdocs", "zqview", "docs_content", "docs_data", "zqdocs_content", "sqlite_schema", "sqlite_stat1",
    "sqlite_sequence", "\"odd \"\"name\"",
];

#[rustfmt::skip]
pub(super) const COLUMNS: [&str; 32] = [
    "id", "n", "t", "name", "a", "b", "c", "r", "x", "y", "z", "day", "flag", "any", "parent", "title", "body", "rowid", "s", "word",
    "rank", "docs", "zqword", "zqnumber", "mixed.zqword", "oid", "_rowid_", "value", "key", "sql", "NULL", "1",
];

#[rustfmt::skip]
pub(super) const LITERALS: [&str; 30] = [
    "1", "NULL", "0", "-1", "2.5", "''", "'text 1'", "x''", "x'00ff'", "9223372036854775807", "-9223372036854775808", "1e308", "'a%'",
    "'{\"a\":[1,2,{\"b\":null}]}'", "'[1,2,3]'", "'2025-02-30'", "'now'", "'permit'", "'NEAR(permit holder, 2)'", "'\"'", "1e-320", "0x7fffffff",
    "TRUE", "CURRENT_TIMESTAMP", "99", "'c3'", "1.0",
    "'name 3'", "'x'", "3",
];

/// What is rarely right.
pub(super) const ODD: [&str; 9] = [
    "?", "?1", ":a", "@b", "$c", "\"text\"", "*", "1e999", "X'0'",
];

/// The columns of the first tables in `TABLES`, in their order.
#[rustfmt::skip]
pub(super) const COLUMNS_OF: [&[&str]; 13] = [
    &["id", "n", "t", "r", "b", "rowid"], &["id", "name", "rowid"], &["a", "b", "c"], &["id", "day", "flag", "any"], &["x", "y", "z"],
    &["id", "name"], &["id", "parent"], &["id", "t"], &["id", "t"], &["id", "n"], &["title", "body", "rank", "rowid"], &["id", "name"],
    &["t", "c", "s"],
];

/// Functions with the number of their arguments. Guests may not use some.
#[rustfmt::skip]
pub(super) const FUNCTIONS: [(&str, usize); 72] = [
    ("count", 1), ("sum", 1), ("total", 1), ("avg", 1), ("min", 1), ("max", 1), ("group_concat", 2), ("string_agg", 2), ("json_group_array", 1),
    ("json_group_object", 2), ("abs", 1), ("changes", 0), ("char", 2), ("coalesce", 2), ("concat", 2), ("concat_ws", 3), ("format", 3), ("printf", 3),
    ("hex", 1), ("ifnull", 2), ("iif", 3), ("instr", 2), ("last_insert_rowid", 0), ("length", 1), ("like", 2), ("glob", 2), ("lower", 1), ("ltrim", 2),
    ("nullif", 2), ("octet_length", 1), ("quote", 1), ("random", 0), ("randomblob", 1), ("replace", 3), ("round", 2), ("rtrim", 2), ("sign", 1),
    ("substr", 3), ("trim", 2), ("typeof", 1), ("unhex", 2), ("unicode", 1), ("upper", 1), ("zeroblob", 1), ("json", 1), ("json_array", 3),
    ("json_extract", 2), ("json_patch", 2), ("json_set", 3), ("json_remove", 2), ("json_type", 1), ("json_valid", 1), ("date", 1), ("datetime", 2),
    ("julianday", 1), ("strftime", 2), ("timediff", 2), ("unixepoch", 1), ("cosine_distance", 2), ("bm25", 1), ("highlight", 4), ("snippet", 4),
    ("sqlite_version", 0), ("sqlite_source_id", 0), ("sqlite_offset", 1), ("load_extension", 1), ("readfile", 1), ("soundex", 1), ("likelihood", 2),
    ("row_number", 0), ("lag", 1), ("ntile", 1),
];

#[rustfmt::skip]
pub(super) const OPERATORS: [&str; 26] = [
    "+", "-", "*", "/", "%", "||", "=", "==", "<>", "<", "<=", ">", ">=", "AND", "OR", "IS", "IS NOT", "LIKE", "GLOB", "MATCH", "->", "->>", "&", "<<",
    "IS NOT DISTINCT FROM", "COLLATE NOCASE =",
];

/// Whole statements: what a guest may not do, and what takes much.
#[rustfmt::skip]
pub(super) const PLAIN: [&str; 61] = [
    "SELECT 1", "PRAGMA table_info(mixed)", "PRAGMA table_xinfo(mixed)", "PRAGMA index_list(mixed)", "PRAGMA foreign_key_list(owned)", "PRAGMA table_list",
    "SELECT * FROM pragma_table_info('zqvault')", "SELECT name FROM pragma_table_list", "SELECT sql FROM sqlite_master", "PRAGMA database_list",
    "PRAGMA integrity_check", "PRAGMA foreign_key_check", "PRAGMA writable_schema = 1", "PRAGMA journal_mode = OFF", "PRAGMA cache_size = 1000000",
    "PRAGMA temp_store_directory = '/tmp'", "ATTACH ':memory:' AS other", "DETACH main", "VACUUM", "VACUUM INTO '/tmp/copy.db'", "REINDEX", "ANALYZE",
    "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT call", "RELEASE call", "ROLLBACK TO call", "CREATE TABLE mine (x)", "CREATE TEMP TABLE mine (x)",
    "CREATE TEMP TRIGGER mine AFTER INSERT ON plain BEGIN DELETE FROM zqvault; END", "CREATE VIEW mine AS SELECT * FROM zqvault",
    "CREATE TEMP VIEW plain AS SELECT zqword AS t FROM zqvault", "CREATE INDEX i ON mixed (zqword)", "DROP TABLE zqvault", "DROP TABLE plain", "DROP VIEW names",
    "ALTER TABLE plain ADD COLUMN more", "ALTER TABLE plain RENAME TO zqvault", "CREATE VIRTUAL TABLE v USING fts5vocab(zqdocs, 'row')",
    "CREATE VIRTUAL TABLE v USING fts5(body, content=zqvault)", "SELECT * FROM dbstat", "SELECT * FROM sqlite_dbpage", "SELECT * FROM bytecode('SELECT 1')",
    "EXPLAIN SELECT * FROM plain", "EXPLAIN QUERY PLAN SELECT * FROM mixed WHERE name = 'x'", "EXPLAIN DELETE FROM plain",
    "INSERT INTO docs (docs) VALUES ('rebuild')", "INSERT INTO docs (docs, rank) VALUES ('merge', 500)", "INSERT INTO docs (docs) VALUES ('delete-all')",
    "INSERT INTO docs (docs, rank) VALUES ('rank', 'bm25(10.0)')", "SELECT count(*) FROM plain a, plain b, plain c, plain d, plain e",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n", "SELECT id FROM mixed", "SELECT name FROM mixed LIMIT 3",
    "SELECT rowid FROM mixed WHERE id > 3", "UPDATE mixed SET name = upper(name)", "UPDATE OR ROLLBACK keyed SET b = 2000", "REPLACE INTO parent VALUES (1, 'x')",
    "SELECT json_group_array(value) FROM json_each('[1,2,3]')", "DELETE FROM parent",
];
