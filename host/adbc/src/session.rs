//! One run's connection to the database, and what each request does.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use adbc_core::error::Error;
use adbc_core::options::{IngestMode, OptionConnection, OptionStatement, OptionValue};
use adbc_core::{CancelHandle, Connection, Database, Optionable, Statement};
use adbc_driver_manager::{ManagedConnection, ManagedDatabase, ManagedStatement};
use arrow_array::cast::AsArray;
use arrow_array::{RecordBatchIterator, RecordBatchReader};
use arrow_schema::Schema;
use fractalaw_adbc_client::protocol::{Reply, Request};
use fractalaw_adbc_client::{CallError, Code, Ingest, Traits};

use crate::faults::told;
use crate::rows_in::{self, RowsIn};
use crate::rows_out::{self, NotSent};

/// The temporary table for rows, if the driver cannot insert by name. Only this connection sees it.
const STAGE: &str = "fractalaw_rows_to_insert";

/// Types by the names of columns.
type Declared = BTreeMap<String, String>;

/// What another thread needs to cancel the current statement.
#[derive(Default)]
pub(crate) struct Cancelling {
    handles: Mutex<Vec<Box<dyn CancelHandle>>>,
    is_cancelled: AtomicBool,
}

impl Cancelling {
    /// Cancels the current statement, if the driver can. It must be called until the request has ended, because
    /// it does nothing between two statements.
    pub(crate) fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::SeqCst);
        let handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        for handle in handles.iter() {
            // If the driver cannot cancel, the host kills this program.
            let _ = handle.try_cancel();
        }
    }

    /// Begins a request, which is not cancelled yet.
    pub(crate) fn begin(&self) {
        self.is_cancelled.store(false, Ordering::SeqCst);
    }

    fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::SeqCst)
    }

    fn watch(&self, handles: Vec<Box<dyn CancelHandle>>) {
        *self.handles.lock().unwrap_or_else(PoisonError::into_inner) = handles;
    }
}

/// A run's connection.
pub(crate) struct Session<'a> {
    database: ManagedDatabase,
    traits: Traits,
    cancelling: &'a Cancelling,
    connection: Option<ManagedConnection>,
}

/// Why a request was not done.
pub(crate) enum NotDone {
    Failed(CallError),
    HostGone,
}

impl From<CallError> for NotDone {
    fn from(error: CallError) -> NotDone {
        NotDone::Failed(error)
    }
}

impl From<Error> for NotDone {
    fn from(error: Error) -> NotDone {
        NotDone::Failed(told(&error))
    }
}

impl<'a> Session<'a> {
    pub(crate) fn new(
        database: ManagedDatabase,
        traits: Traits,
        cancelling: &'a Cancelling,
    ) -> Session<'a> {
        Session {
            database,
            traits,
            cancelling,
            connection: None,
        }
    }

    /// Does a request, and returns how many rows it changed.
    pub(crate) fn answer(
        &mut self,
        request: &Request<'_>,
        to: &mut impl Write,
    ) -> Result<i64, NotDone> {
        match request {
            Request::Begin(sql) => self.begin(sql)?,
            Request::Query(sql) => self.query(sql, to)?,
            Request::Execute(sql) => {
                return Ok(self.whole(|session| session.change_asked(sql))?);
            }
            Request::Insert { table, stream } => {
                let rows = rows_in::read(stream)?;
                return Ok(self.whole(|session| session.insert(table, rows))?);
            }
            Request::Commit => self.connection()?.commit()?,
            Request::Rollback => self.connection()?.rollback()?,
            Request::Cancel => {}
        }
        Ok(0)
    }

    fn begin(&mut self, sql: &str) -> Result<(), Error> {
        let mut connection = self.database.new_connection()?;
        let off = OptionValue::String("false".to_owned());
        connection.set_option(OptionConnection::AutoCommit, off)?;
        self.connection = Some(connection);
        if !sql.is_empty() {
            self.change(sql)?;
        }
        Ok(())
    }

    fn connection(&mut self) -> Result<&mut ManagedConnection, Error> {
        self.connection.as_mut().ok_or_else(|| {
            let status = adbc_core::error::Status::InvalidState;
            Error::with_message_and_status("the run has no connection", status)
        })
    }

    /// A statement that can be cancelled.
    fn statement(&mut self) -> Result<ManagedStatement, Error> {
        let cancelling = self.cancelling;
        let connection = self.connection()?;
        let statement = connection.new_statement()?;
        cancelling.watch(vec![
            statement.get_cancel_handle(),
            connection.get_cancel_handle(),
        ]);
        Ok(statement)
    }

    fn query(&mut self, sql: &str, to: &mut impl Write) -> Result<(), NotDone> {
        let cancelling = self.cancelling;
        let mut statement = self.statement()?;
        statement.set_sql_query(sql)?;
        let rows = statement.execute()?;
        match rows_out::send(rows, to, || cancelling.is_cancelled()) {
            Ok(()) => Ok(()),
            Err(NotSent::Refused(error)) => Err(error.into()),
            Err(NotSent::Driver(error)) => Err(of_rows(&error).into()),
            Err(NotSent::Host) => Err(NotDone::HostGone),
        }
    }

    /// Makes a change completely or not at all, if the database can undo a part of a transaction.
    fn whole<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        if !self.traits.savepoints {
            return work(self);
        }
        let mut say = |sql| self.change(sql).map_err(|error| told(&error));
        say("SAVEPOINT fractalaw_call")?;
        match work(self) {
            Ok(done) => {
                self.change("RELEASE SAVEPOINT fractalaw_call")
                    .map_err(|error| told(&error))?;
                Ok(done)
            }
            Err(error) => {
                for sql in [
                    "ROLLBACK TO SAVEPOINT fractalaw_call",
                    "RELEASE SAVEPOINT fractalaw_call",
                ] {
                    // If a statement has rolled back the whole transaction, there is no savepoint left.
                    let _ = self.change(sql);
                }
                Err(error)
            }
        }
    }

    fn change(&mut self, sql: &str) -> Result<i64, Error> {
        let mut statement = self.statement()?;
        statement.set_sql_query(sql)?;
        Ok(statement.execute_update()?.unwrap_or(-1))
    }

    /// Runs a guest's change, and only if it is one statement, as far as the database can be asked.
    fn change_asked(&mut self, sql: &str) -> Result<i64, CallError> {
        if self.traits.asks_for_parameters {
            let asked = self.statement().and_then(|mut statement| {
                statement.set_sql_query(sql)?;
                statement.prepare()?;
                statement.get_parameter_schema()
            });
            asked.map_err(|error| told(&error))?;
        }
        self.change(sql).map_err(|error| told(&error))
    }

    fn insert(&mut self, table: &str, rows: RowsIn) -> Result<i64, CallError> {
        let count: usize = rows.batches.iter().map(|batch| batch.num_rows()).sum();
        let known = self
            .connection()
            .and_then(|connection| connection.get_table_schema(None, None, table));
        let known = known.map_err(|error| {
            let error = told(&error);
            let shown: String = table.chars().take(100).collect();
            match error.code {
                Code::NoSuchName => {
                    CallError::new(Code::NoSuchName, format!("no such table: `{shown}`"))
                }
                _ => error,
            }
        })?;
        rows_in::check(&rows.schema, &known, self.traits.declared_types)?;
        let done = match self.traits.ingest {
            Ingest::ByName => self.ingest(table, rows, IngestMode::Append, false),
            Ingest::Staged => self.stage(table, rows, &known, &Declared::new()),
            Ingest::StagedAndCast => match self.declared(table) {
                Ok(declared) => self.stage(table, rows, &known, &declared),
                Err(error) => Err(error),
            },
        };
        done.map_err(|error| told(&error))?;
        Ok(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// Puts the rows into a temporary table, and from there into the table by the names of columns.
    fn stage(
        &mut self,
        table: &str,
        rows: RowsIn,
        known: &Schema,
        declared: &Declared,
    ) -> Result<(), Error> {
        let (mut into, mut from) = (Vec::new(), Vec::new());
        for field in rows.schema.fields() {
            // The name as the table has it, because the data may have it in other letters.
            let name = rows_in::column(known, field.name()).map_or(field.name(), |of| of.name());
            into.push(quoted(name));
            let value = quoted(field.name());
            from.push(match declared.get(name) {
                Some(declared) => format!("CAST({value} AS {declared})"),
                None => value,
            });
        }
        self.ingest(STAGE, rows, IngestMode::Create, true)?;
        self.change(&format!(
            "INSERT INTO {} ({}) SELECT {} FROM {STAGE}",
            quoted(table),
            into.join(", "),
            from.join(", ")
        ))?;
        self.change(&format!("DROP TABLE {STAGE}"))?;
        Ok(())
    }

    /// The declared types of a table's columns, without a length: a cast would cut a text that is too long, and the
    /// assignment to the column refuses it.
    fn declared(&mut self, table: &str) -> Result<Declared, Error> {
        let name = quoted(table).replace('\'', "''");
        let mut statement = self.statement()?;
        statement.set_sql_query(format!(
            "SELECT attname::text, format_type(atttypid, -1) FROM pg_attribute \
             WHERE attrelid = '{name}'::regclass AND attnum > 0 AND NOT attisdropped"
        ))?;
        let mut declared = Declared::new();
        for batch in statement.execute()? {
            let batch = batch.map_err(|error| {
                let status = adbc_core::error::Status::Internal;
                Error::with_message_and_status(error.to_string(), status)
            })?;
            let [names, types] = [0, 1].map(|at| batch.column(at).as_string::<i32>());
            for (name, of) in names.iter().zip(types) {
                let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
                declared.insert(text(name), text(of));
            }
        }
        Ok(declared)
    }

    fn ingest(
        &mut self,
        table: &str,
        rows: RowsIn,
        mode: IngestMode,
        is_temporary: bool,
    ) -> Result<(), Error> {
        let mut statement = self.statement()?;
        let text = |text: &str| OptionValue::String(text.to_owned());
        statement.set_option(OptionStatement::TargetTable, text(table))?;
        statement.set_option(
            OptionStatement::IngestMode,
            OptionValue::String(mode.into()),
        )?;
        if is_temporary {
            statement.set_option(OptionStatement::Temporary, text("true"))?;
        }
        let batches = rows.batches.into_iter().map(Ok);
        let reader: Box<dyn RecordBatchReader + Send> =
            Box::new(RecordBatchIterator::new(batches, rows.schema));
        statement.bind_stream(reader)?;
        statement.execute_update()?;
        Ok(())
    }
}

/// The reply, unless the host is gone.
pub(crate) fn reply(done: Result<i64, NotDone>) -> Option<Reply<'static>> {
    match done {
        Ok(rows) => Some(Reply::Done(rows)),
        Err(NotDone::Failed(error)) => Some(Reply::Failed(error)),
        Err(NotDone::HostGone) => None,
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// An error in the middle of a result has only a message.
fn of_rows(error: &arrow_schema::ArrowError) -> CallError {
    told(&Error::with_message_and_status(
        error.to_string(),
        adbc_core::error::Status::Internal,
    ))
}
