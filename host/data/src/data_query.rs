//! `fractal:app/data-query`: runs one statement that only reads, and returns its rows as an Arrow stream.

use fractalaw_host::capability::wasmtime::Result as Called;
use fractalaw_host::capability::{PricedLinker, RunState};

use crate::session::{DataError, call, short_query};
use crate::statement::Statement;
use crate::tables::QUERY_FUNCTION;

type Rows = Result<Vec<u8>, DataError>;

pub(crate) fn add_to_linker(linker: &mut PricedLinker<'_>) -> Called<()> {
    linker.async_function(&QUERY_FUNCTION, query)
}

async fn query(state: &mut RunState, (sql,): (String,)) -> Called<(Rows,)> {
    let statement = Statement::Sql(sql);
    if let Some(rows) = short_query(state, &statement) {
        return Ok((rows,));
    }
    Ok((call(state, statement, |run, sql| run.query(sql)).await?,))
}
