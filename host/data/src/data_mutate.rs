//! `fractal:app/data-mutate`: inserts the rows of an Arrow stream into a table, and runs one statement that
//! changes data.

use fractalaw_host::capability::wasmtime::Result as Called;
use fractalaw_host::capability::{PricedLinker, RunState};

use crate::session::{DataError, call};
use crate::statement::Statement;
use crate::tables::{EXECUTE_FUNCTION, INSERT_FUNCTION};

type Count = Result<u64, DataError>;

pub(crate) fn add_to_linker(linker: &mut PricedLinker<'_>) -> Called<()> {
    linker.async_function(&INSERT_FUNCTION, insert)?;
    linker.async_function(&EXECUTE_FUNCTION, execute)
}

async fn insert(state: &mut RunState, (table, stream): (String, Vec<u8>)) -> Called<(Count,)> {
    let statement = Statement::Insert(table);
    Ok((call(state, statement, move |run, table| {
        run.insert(table, &stream)
    })
    .await?,))
}

async fn execute(state: &mut RunState, (sql,): (String,)) -> Called<(Count,)> {
    let statement = Statement::Sql(sql);
    Ok((call(state, statement, |run, sql| run.execute(sql)).await?,))
}
