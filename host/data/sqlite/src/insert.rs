//! `insert`: the rows of an Arrow stream go into a table, all or none.

use fractalaw_arrow::Stream;
use fractalaw_data_call::{CallError, Code, Failure, Quota};

use crate::call::{Call, Driven, step, warm};
use crate::catalogue::{Kind, Table};
use crate::compile::compile;
use crate::ffi::{Entered, Statement};
use crate::grants::Columns;
use crate::guard::{Rules, lock};
use crate::kind::{ColumnKind, makes_numbers};
use crate::limits::{CALL_MEMORY_BYTES, INSERT_BYTES, INSERTED_ROWS};
use crate::messages;
use crate::price;
use crate::rows_in::{self, Cell};
use crate::rows_out::shown;
use crate::work::SharedWork;
use crate::world::{list, quoted};

impl Call<'_> {
    pub(crate) fn insert(&mut self, table: &str, stream: &[u8]) -> Result<u64, Failure> {
        self.pay_call(stream.len(), price::INSERTED_BYTE)?;
        let rules = std::sync::Arc::clone(&lock(&self.desk.guard).rules);
        let catalogue = std::sync::Arc::clone(&self.desk.catalogue);
        let table = writable(&rules, catalogue.get(table), table)?;
        if stream.len() > INSERT_BYTES {
            let bytes = stream.len();
            return Err(CallError::new(
                Code::TooLarge,
                format!("the data has {bytes} bytes, expected at most {INSERT_BYTES}"),
            )
            .into());
        }
        let stream = rows_in::read(stream)?;
        let names: Vec<&str> = stream.fields().iter().map(|field| field.name).collect();
        let kinds = kinds(table, &names)?;
        for (field, kind) in stream.fields().iter().zip(&kinds) {
            if !rows_in::fits(field, kind.kind) {
                return Err(wrong_type(field.name, &field.type_name(), kind.kind).into());
            }
        }
        let rows = stream.rows();
        if rows > INSERTED_ROWS {
            return Err(CallError::new(
                Code::TooLarge,
                format!("{rows} rows, expected at most {INSERTED_ROWS} in one call"),
            )
            .into());
        }
        {
            let mut work = lock(&self.desk.work);
            work.count(Quota::Rows, rows as u64)?;
            let row = price::ROW.saturating_add(price::VALUE.saturating_mul(names.len() as u64));
            work.spend(row.saturating_mul(rows as u64))?;
        }
        let places: Vec<String> = (1..=names.len()).map(|at| format!("?{at}")).collect();
        let sql = format!(
            "INSERT INTO {} ({}) VALUES ({})",
            quoted(&table.name),
            list(&names),
            places.join(", ")
        );
        self.change(|call| {
            // The guard checks this statement against the grants too, because a trigger can reach further.
            let desk = &mut *call.desk;
            compile(&mut desk.engine, &desk.guard, &sql, call.now_ms, &desk.work)?;
            warm(call.desk);
            let _at_work = Entered::new(CALL_MEMORY_BYTES, call.now_ms);
            step(
                &mut call.desk.engine,
                &call.desk.guard,
                &call.desk.work,
                |statement, work| insert_all(statement, work, &stream, &kinds, &rules),
            )
        })
    }
}

/// A column that values go into.
struct Target {
    kind: ColumnKind,
    /// Whether SQLite stores a text of digits as a number there.
    makes_numbers: bool,
}

fn insert_all(
    statement: &mut Statement,
    _: &SharedWork,
    stream: &Stream<'_>,
    kinds: &[Target],
    rules: &Rules,
) -> Result<u64, Driven> {
    let mut number = 0;
    for batch in stream.batches() {
        for row in 0..batch.rows() {
            number += 1;
            for (at, target) in kinds.iter().enumerate() {
                let value = batch
                    .value(at, row)
                    .map_err(|error| in_row(number, rows_in::unreadable(error)))?;
                let mut room = Cell::default();
                let name = || stream.fields().get(at).map_or("", |field| field.name);
                let value = rows_in::value(value, target.kind, &mut room)
                    .map_err(|found| in_row(number, wrong_type(name(), &found, target.kind)))?;
                if target.makes_numbers && !rows_in::is_kept(value, target.kind) {
                    return Err(in_row(number, becomes_a_number(name())).into());
                }
                statement.bind(at + 1, value)?;
            }
            match statement.step() {
                Ok(_) => {}
                Err(fault) if fault.code & 0xff == rusqlite::ffi::SQLITE_INTERRUPT => {
                    return Err(fault.into());
                }
                Err(fault) => {
                    return Err(in_row(number, messages::failed(&fault, None, rules)).into());
                }
            }
            statement.rewind();
        }
    }
    Ok(number)
}

fn in_row(number: u64, error: CallError) -> CallError {
    CallError {
        message: format!("row {number}: {}", error.message),
        ..error
    }
}

fn wrong_type(column: &str, found: &str, kind: ColumnKind) -> CallError {
    CallError::new(
        Code::Type,
        format!(
            "column `{}`: a value of type {found}, expected {}",
            shown(column),
            kind.expected()
        ),
    )
}

fn becomes_a_number(column: &str) -> CallError {
    CallError::new(
        Code::Type,
        format!(
            "column `{}`: a text of which SQLite would make a number, expected one that it keeps",
            shown(column)
        ),
    )
    .hint("declare the column as `TEXT`, which keeps every text")
}

/// The table, if rows may be added to it.
fn writable<'a>(
    rules: &Rules,
    table: Option<&'a Table>,
    name: &str,
) -> Result<&'a Table, CallError> {
    let no_such = || {
        CallError::new(
            Code::NoSuchName,
            format!("no such table: `{}`", shown(&name.to_ascii_lowercase())),
        )
    };
    let table = table.ok_or_else(no_such)?;
    let granted = rules.of(&table.name).ok_or_else(no_such)?;
    if table.kind == Kind::View {
        return Err(CallError::new(
            Code::Denied,
            format!("`{}` is a view, expected a table", table.name),
        ));
    }
    match granted.write {
        Columns::All => Ok(table),
        Columns::Some(_) => Err(CallError::new(
            Code::Denied,
            format!(
                "some columns of `{}` may be updated, but no rows added",
                table.name
            ),
        )),
        Columns::Nothing => Err(CallError::new(
            Code::Denied,
            format!("`{}` may be read, but not changed", table.name),
        )),
    }
}

/// The kinds of the table's columns with these names.
fn kinds(table: &Table, names: &[&str]) -> Result<Vec<Target>, CallError> {
    if names.is_empty() {
        return Err(CallError::new(Code::Type, "the stream has no columns"));
    }
    let mut kinds = Vec::with_capacity(names.len());
    for (at, name) in names.iter().enumerate() {
        if names[..at]
            .iter()
            .any(|before| before.eq_ignore_ascii_case(name))
        {
            return Err(CallError::new(
                Code::Type,
                format!("the stream has two columns `{}`", shown(name)),
            ));
        }
        let column = table
            .columns
            .iter()
            .find(|column| column.name.eq_ignore_ascii_case(name));
        let column = column.ok_or_else(|| {
            CallError::new(
                Code::NoSuchName,
                format!("`{}` has no column `{}`", table.name, shown(name)),
            )
        })?;
        if column.generated {
            return Err(CallError::new(
                Code::Denied,
                format!(
                    "`{}` of `{}` is computed from other columns",
                    column.name, table.name
                ),
            )
            .hint("leave the column out of the stream"));
        }
        kinds.push(Target {
            kind: ColumnKind::of(&column.declared),
            makes_numbers: table.kind == Kind::Table
                && !table.strict
                && makes_numbers(&column.declared),
        });
    }
    Ok(kinds)
}
