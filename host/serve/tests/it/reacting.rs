//! Three real guests that react to each other on one database: `change-monitor` tells of each regulation that changed,
//! `gap-analyser` writes down which obligations that leaves unchecked, and `deadline-keeper` schedules a reminder for each.

use std::time::Duration;

use fractalaw_testing::guest_bytes;
use rusqlite::Connection;

use crate::lab::Site;

pub(crate) const GUESTS: [&str; 3] = ["change-monitor", "gap-analyser", "deadline-keeper"];

const POLICY: &str = r#"
[all]
data.file = "data.db"
interfaces."fractal:app/data-query" = true
interfaces."fractal:app/data-mutate" = true

[apps.change-monitor]
data.read = ["regulation", "known_regulation"]
data.write = ["known_regulation"]
interfaces."fractal:app/events-emit" = true
on."data-ingested" = { from = ["operator"] }
emits."regulatory-change" = true

[apps.gap-analyser]
stdin = true
data.read = ["obligation"]
data.write = ["gap"]
interfaces."fractal:app/events-emit" = true
on."regulatory-change" = { from = ["change-monitor"] }
emits."gap-found" = true

[apps.deadline-keeper]
stdin = true
data.read = ["deadline"]
data.write = ["deadline"]
interfaces."fractal:app/events-schedule" = true
on."gap-found" = { from = ["gap-analyser"] }
on."gap-closed" = true
schedules."deadline-keeper" = true
"#;

const SCHEMA: [&str; 3] = [
    include_str!("../../../../tests/cases/change-monitor/schema.sql"),
    include_str!("../../../../tests/cases/gap-analyser/schema.sql"),
    include_str!("../../../../tests/cases/deadline-keeper/schema.sql"),
];

/// The folder, with an empty database.
pub(crate) fn site(listen: &str) -> Site {
    let site = Site::new("");
    let apps = GUESTS.map(|name| format!("[apps.{name}]\nsource = \"{name}.wasm\"\nretry = 100\n"));
    site.configure(&format!("slots = 4\nlisten = {listen}"), &apps.concat());
    site.write("policy.toml", POLICY.as_bytes());
    for name in GUESTS {
        site.write(&format!("{name}.wasm"), &guest_bytes(name));
    }
    let data = data(&site);
    data.pragma_update(None, "journal_mode", "wal").unwrap();
    data.execute_batch(&SCHEMA.concat()).unwrap();
    site
}

/// The database, beside the host.
pub(crate) fn data(site: &Site) -> Connection {
    let data = Connection::open(site.file("data.db")).unwrap();
    data.busy_timeout(Duration::from_secs(60)).unwrap();
    data
}

/// Somebody ingests a regulation, with one obligation that nobody has checked against it.
pub(crate) fn ingest(data: &Connection, number: u64) {
    let sql = format!(
        "BEGIN IMMEDIATE;
         INSERT INTO regulation VALUES ('regulation {number}', 'Title', 1);
         INSERT INTO obligation VALUES ('obligation {number}', 'regulation {number}', 'Selby', 0);
         COMMIT"
    );
    data.execute_batch(&sql).unwrap();
}

/// The rows of a query with one column.
pub(crate) fn column(data: &Connection, sql: &str) -> Vec<String> {
    let mut statement = data.prepare(sql).unwrap();
    let rows = statement.query_map((), |row| row.get(0));
    rows.unwrap().map(Result::unwrap).collect()
}
