//! Reads or writes rows with this library. `rows_by_arrow.rs` does the same with the crate `arrow-ipc`, so that both can be compared: the
//! README says how.

use std::env;

use micro_app::{Sql, insert, query};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Owned {
    site: String,
    unit: String,
    value: Option<f64>,
    number: i64,
    valid: bool,
    remark: Option<String>,
}

/// A row whose texts stay in the stream that it came in.
#[derive(Deserialize, Serialize)]
struct Reading<'a> {
    site: &'a str,
    unit: &'a str,
    value: Option<f64>,
    number: i64,
    valid: bool,
    remark: Option<&'a str>,
}

micro_app::main!(run);

fn run() -> Result<String, String> {
    let args: Vec<String> = env::args().skip(1).collect();
    match (args.first().map(String::as_str), rows(&args)?) {
        (Some("read"), rows) => read(rows),
        (Some("borrow"), rows) => borrow(rows),
        (Some("write"), rows) => write(rows),
        _ => Err("expected `read`, `borrow` or `write`, and a number of rows".to_owned()),
    }
}

fn rows(args: &[String]) -> Result<i64, String> {
    let rows = args.get(1).map_or("0", String::as_str);
    rows.parse()
        .map_err(|_| format!("`{rows}` is no number of rows"))
}

fn readings(rows: i64) -> Sql {
    let columns = "site, unit, value, number, valid, remark";
    Sql::trusted(format!("SELECT {columns} FROM reading LIMIT {rows}"))
}

fn read(rows: i64) -> Result<String, String> {
    let readings: Vec<Owned> = query(readings(rows))?.to_vec()?;
    let mut sum = Sum::default();
    for reading in &readings {
        sum.add(&Reading {
            site: &reading.site,
            unit: &reading.unit,
            value: reading.value,
            number: reading.number,
            valid: reading.valid,
            remark: reading.remark.as_deref(),
        });
    }
    Ok(sum.told())
}

fn borrow(rows: i64) -> Result<String, String> {
    let rows = query(readings(rows))?;
    let mut sum = Sum::default();
    for reading in rows.iter()? {
        sum.add(&reading?);
    }
    Ok(sum.told())
}

#[derive(Default)]
struct Sum {
    rows: usize,
    bytes: usize,
    sum: f64,
}

impl Sum {
    fn add(&mut self, reading: &Reading<'_>) {
        self.rows += 1;
        self.bytes += reading.site.len() + reading.unit.len();
        self.bytes += reading.remark.map_or(0, str::len);
        self.sum += reading.value.unwrap_or_default() + reading.number as f64;
        self.sum += f64::from(u8::from(reading.valid));
    }

    fn told(&self) -> String {
        format!("{} rows, {} bytes, {}", self.rows, self.bytes, self.sum)
    }
}

fn write(rows: i64) -> Result<String, String> {
    let texts: Vec<(String, Option<String>)> = (0..rows)
        .map(|number| {
            let remark = (number % 5 == 0).then(|| format!("remark {number}"));
            (format!("site {number}"), remark)
        })
        .collect();
    let readings: Vec<Reading<'_>> = (0..rows)
        .zip(&texts)
        .map(|(number, (site, remark))| Reading {
            site,
            unit: "mg/m3",
            value: (number % 7 > 0).then_some(number as f64 / 4.0),
            number,
            valid: number % 2 == 0,
            remark: remark.as_deref(),
        })
        .collect();
    Ok(format!("{} rows", insert("reading", &readings)?))
}
