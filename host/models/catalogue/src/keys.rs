//! The keys of a table. A key that nobody knows is an error that names the nearest one.

use toml::{Table, Value};

use crate::fault::Fault;
use crate::nearest::nearest;

/// The table at this place.
pub(crate) fn table<'a>(at: &str, value: &'a Value) -> Result<&'a Table, Fault> {
    value.as_table().ok_or_else(|| {
        Fault::new(
            format!("`{at}` is no table"),
            format!("write it as `[{at}]`"),
        )
    })
}

/// All keys are known.
pub(crate) fn known(at: &str, table: &Table, known: &[&str]) -> Result<(), Fault> {
    let Some(key) = table.keys().find(|key| !known.contains(&key.as_str())) else {
        return Ok(());
    };
    let place = match at {
        "" => String::new(),
        at => format!(" in `{at}`"),
    };
    Err(Fault::new(
        format!("unknown key `{key}`{place}"),
        match nearest(key, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the keys are `{}`", known.join("`, `")),
        },
    ))
}
