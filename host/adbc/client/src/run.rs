//! One run's use of a database: its calls, its transaction, and how the transaction ends.

use std::sync::Arc;

use fractalaw_data_call::{Budget, CallError, Code, Failure, Quota, Stop};

use crate::database::Database;
use crate::error::EndError;
use crate::limits::{END, INSERT_BYTES, RESULT_BYTES, TABLE_NAME_BYTES};
use crate::link::{Answer, Broken, For, Link, Watch};
use crate::price;
use crate::program::cut;
use crate::protocol::Request;
use crate::statement::{self, Called};

/// What a run may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Only queries.
    Read,
    /// Queries and changes.
    Write,
}

/// What a run's calls used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// The fuel of all calls. It does not depend on how long the database takes.
    pub fuel: u64,
    /// The calls that reached the database.
    pub statements: u64,
    /// The rows that queries returned.
    pub rows_out: u64,
    /// The rows that were inserted, updated or deleted, as far as the driver says.
    pub rows_changed: u64,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The run made no call that reached the database.
    Unused,
    /// What the run did took effect.
    Committed,
    /// What the run did was rolled back.
    RolledBack,
}

/// A run's session. All its calls are one transaction, which begins with the first call. The database decides how
/// isolated it is. If the session is dropped before `end`, the transaction is rolled back.
pub struct Run {
    database: Arc<Database>,
    access: Access,
    budget: Box<dyn Budget>,
    link: Option<Link>,
    used: Used,
    /// Why no more calls reach the database.
    lost: Option<Lost>,
    /// The rows that the last change changed, if the driver said so.
    last_changed: Option<u64>,
    /// A call failed. The transaction may look as if it could be committed when it cannot.
    has_failed: bool,
}

#[derive(Clone, Copy, Debug)]
enum Lost {
    /// A change failed, and the database cannot undo that change alone.
    Change,
    /// The program ended.
    Program,
    /// The run was stopped.
    Stopped(Stop),
}

impl Run {
    pub(crate) fn new(database: Arc<Database>, access: Access, budget: Box<dyn Budget>) -> Run {
        Run {
            database,
            access,
            budget,
            link: None,
            used: Used::default(),
            lost: None,
            last_changed: None,
            has_failed: false,
        }
    }

    /// Returns the rows of one statement that only reads, as an Arrow IPC stream.
    pub fn query(&mut self, sql: &str) -> Result<Vec<u8>, Failure> {
        self.pay_call(sql.len(), price::SQL_BYTE)?;
        statement::check(sql, self.database.resolved.engine.sql, Called::Query)?;
        let answer = self.call(&Request::Query(sql))?;
        Ok(answer.stream)
    }

    /// Runs one statement that changes rows, and returns how many it changed.
    pub fn execute(&mut self, sql: &str) -> Result<u64, Failure> {
        self.pay_call(sql.len(), price::SQL_BYTE)?;
        statement::check(sql, self.database.resolved.engine.sql, Called::Execute)?;
        self.may_change()?;
        self.change(&Request::Execute(sql))
    }

    /// Inserts the rows of an Arrow IPC stream into a table, and returns how many.
    pub fn insert(&mut self, table: &str, stream: &[u8]) -> Result<u64, Failure> {
        self.pay_call(stream.len(), price::BYTE)?;
        self.may_change()?;
        for (bytes, most, what) in [
            (stream.len(), INSERT_BYTES, "the data"),
            (table.len(), TABLE_NAME_BYTES, "the table's name"),
        ] {
            if bytes > most {
                let message = format!("{what} has {bytes} bytes, expected at most {most}");
                return Err(CallError::new(Code::TooLarge, message).into());
            }
        }
        if table.is_empty() || table.contains('\0') {
            return Err(CallError::new(Code::NoSuchName, "no such table: ``").into());
        }
        self.change(&Request::Insert { table, stream })
    }

    /// What the run's calls have used so far.
    pub fn used(&self) -> Used {
        self.used
    }

    /// The rows that the last `execute` or `insert` changed. `None` if the driver does not say. The guest is then told 0.
    pub fn last_changed(&self) -> Option<u64> {
        self.last_changed
    }

    /// Ends the run. What it did takes effect if it completed. This must be called before the ledger's closing
    /// entry: a database may refuse to commit, and then the run has not completed.
    pub fn end(mut self, completed: bool) -> Result<Ended, EndError> {
        let Some(link) = self.link.take() else {
            return match self.lost {
                Some(lost) if completed => Err(EndError::Refused(lost.told())),
                Some(_) => Ok(Ended::RolledBack),
                None => Ok(Ended::Unused),
            };
        };
        if !completed {
            let _ = link.call(&Request::Rollback, &mut For::at_most(END));
            return Ok(Ended::RolledBack);
        }
        if let Some(lost) = self.lost {
            return Err(EndError::Refused(lost.told()));
        }
        // Some databases accept `COMMIT` for a failed transaction and roll it back. Such a transaction refuses a
        // query.
        if self.has_failed {
            match link.call(&Request::Query("SELECT 1"), &mut For::at_most(END)) {
                Ok(Answer { last: Ok(_), .. }) => {}
                Ok(_) => return Err(EndError::Refused(Lost::Change.told())),
                Err(_) => return Err(EndError::Refused(Lost::Program.told())),
            }
        }
        match link.call(&Request::Commit, &mut For::at_most(END)) {
            Ok(Answer { last: Ok(_), .. }) => Ok(Ended::Committed),
            Ok(Answer {
                last: Err(error), ..
            }) => Err(EndError::Refused(self.told(error))),
            Err(_) => Err(EndError::Unknown),
        }
    }

    /// Charges for a call before anything is done.
    fn pay_call(&mut self, bytes: usize, for_each: u64) -> Result<(), Failure> {
        self.budget.look()?;
        self.budget.count(Quota::Statements, 1)?;
        self.budget.count(Quota::Bytes, bytes as u64)?;
        self.spend(price::CALL.saturating_add(for_each.saturating_mul(bytes as u64)))?;
        Ok(())
    }

    fn spend(&mut self, fuel: u64) -> Result<(), Stop> {
        self.used.fuel = self.used.fuel.saturating_add(fuel);
        self.budget.spend(fuel)
    }

    fn may_change(&self) -> Result<(), CallError> {
        match self.access {
            Access::Write => Ok(()),
            Access::Read => Err(CallError::new(
                Code::Denied,
                "this app may read data, but not change it",
            )),
        }
    }

    fn change(&mut self, request: &Request<'_>) -> Result<u64, Failure> {
        let result = self.call(request);
        if matches!(result, Err(Failure::Call(_)))
            && self.lost.is_none()
            // Without a link, the transaction has not begun.
            && self.link.is_some()
            && !self.database.resolved.engine.traits.savepoints
        {
            self.lost = Some(Lost::Change);
        }
        let answer = result?;
        self.last_changed = answer.last.ok().and_then(|rows| u64::try_from(rows).ok());
        let rows = self.last_changed.unwrap_or(0);
        self.used.rows_changed = self.used.rows_changed.saturating_add(rows);
        self.budget.count(Quota::Rows, rows)?;
        self.spend(price::CHANGED_ROW.saturating_mul(rows))?;
        Ok(rows)
    }

    fn call(&mut self, request: &Request<'_>) -> Result<Answer, Failure> {
        match self.lost {
            Some(Lost::Stopped(stop)) => return Err(stop.into()),
            Some(lost) => return Err(lost.told().into()),
            None => {}
        }
        self.begin()?;
        self.used.statements += 1;
        self.send(request)
    }

    fn begin(&mut self) -> Result<(), Failure> {
        if self.link.is_some() {
            return Ok(());
        }
        let program = self.database.program().map_err(|error| {
            let message = self.database.resolved.hidden.redact(&error.to_string());
            CallError::new(Code::Engine, message)
        })?;
        self.link = Some(Link::new(program).map_err(|_| self.lose(Lost::Program))?);
        let set_up = match self.access {
            Access::Read => self.database.resolved.engine.begin_reading,
            Access::Write => self.database.resolved.engine.begin_writing,
        };
        let begun = self.send(&Request::Begin(set_up));
        if begun.is_err() {
            self.link = None;
        }
        begun.map(|_| ())
    }

    fn send(&mut self, request: &Request<'_>) -> Result<Answer, Failure> {
        let Some(link) = self.link.take() else {
            return Err(self.lose(Lost::Program).into());
        };
        let mut watch = Paying {
            budget: self.budget.as_mut(),
            used: &mut self.used,
            result_bytes: 0,
            too_large: false,
        };
        let answer = link.call(request, &mut watch);
        let too_large = watch.too_large;
        match answer {
            Ok(answer) => {
                self.link = Some(link);
                match answer.last {
                    Ok(_) => Ok(answer),
                    Err(error) => {
                        self.has_failed = true;
                        Err(self.told(error).into())
                    }
                }
            }
            Err(Broken::Stopped { killed: false, .. }) if too_large => {
                self.link = Some(link);
                self.has_failed = true;
                Err(result_too_large().into())
            }
            Err(Broken::Stopped { stop, killed }) => {
                // A program that was not killed can still roll back properly.
                self.link = (!killed).then_some(link);
                self.lost = Some(Lost::Stopped(stop));
                Err(stop.into())
            }
            Err(Broken::Gone) => Err(self.gone(&link).into()),
        }
    }

    fn lose(&mut self, lost: Lost) -> CallError {
        self.lost = Some(lost);
        lost.told()
    }

    fn gone(&mut self, link: &Link) -> CallError {
        self.lost = Some(Lost::Program);
        let how = link.program.ended();
        let how = how.map_or_else(String::new, |how| format!(" ({how})"));
        CallError::new(
            Code::Engine,
            format!(
                "the program that holds the database ended in the middle of the call{how}, and what this run did to data was rolled back"
            ),
        )
        .hint("run again")
    }

    /// A driver's message as a guest may see it.
    fn told(&self, error: CallError) -> CallError {
        CallError {
            code: error.code,
            message: cut(&self.database.resolved.hidden.redact(&error.message)),
        }
    }
}

impl Lost {
    fn told(self) -> CallError {
        match self {
            Lost::Change => CallError::new(
                Code::Constraint,
                "a call before this one failed, and with it all that this run did to data",
            )
            .hint("end the run: this database undoes a transaction whole or not at all"),
            Lost::Program => CallError::new(
                Code::Engine,
                "the program that holds the database ended, and what this run did to data was rolled back",
            )
            .hint("run again"),
            Lost::Stopped(stop) => CallError::new(Code::Engine, stop.to_string()),
        }
    }
}

fn result_too_large() -> CallError {
    CallError::new(
        Code::TooLarge,
        format!("the result has more than {RESULT_BYTES} bytes"),
    )
    .hint("ask for fewer rows or columns at a time, with `LIMIT` and `WHERE`")
}

/// Charges for rows before the guest gets them.
struct Paying<'a> {
    budget: &'a mut dyn Budget,
    used: &'a mut Used,
    result_bytes: u64,
    too_large: bool,
}

impl Watch for Paying<'_> {
    fn look(&mut self) -> Result<(), Stop> {
        self.budget.look()
    }

    fn rows(&mut self, rows: u64, columns: u32, bytes: u64) -> Result<(), Stop> {
        self.result_bytes = self.result_bytes.saturating_add(bytes);
        if self.result_bytes > RESULT_BYTES as u64 {
            self.too_large = true;
            return Err(Stop::Quota(Quota::Bytes));
        }
        self.used.rows_out = self.used.rows_out.saturating_add(rows);
        self.budget.count(Quota::Rows, rows)?;
        self.budget.count(Quota::Bytes, bytes)?;
        let fuel =
            price::rows(rows, columns.into()).saturating_add(price::BYTE.saturating_mul(bytes));
        self.used.fuel = self.used.fuel.saturating_add(fuel);
        self.budget.spend(fuel)
    }
}
