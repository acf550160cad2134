//! The flame graph of a profile as a page of its own. Any browser opens it, with zoom and search.

use anyhow::{Context, Result};
use askama::Template;
use fractalaw_report::Profile;

use crate::page::flame::{self, Flame};
use crate::page::shown::Shown;
use crate::page::{STYLE, hash};

/// Draws the only graph of the page.
const DRAW: &str = "flame.draw(document.querySelector(\".flame\"), []);\n";

#[derive(Template)]
#[template(path = "profile.html")]
struct Page<'a> {
    style: &'a str,
    script: &'a str,
    style_hash: String,
    script_hash: String,
    name: Shown,
    is_compared: bool,
    flame: Flame,
}

/// The page of a profile. Beside an earlier one, colours show what became more expensive and what cheaper.
pub(super) fn page(name: &str, before: Option<&Profile>, now: &Profile) -> Result<String> {
    let script = format!("{}{DRAW}", flame::SCRIPT);
    let page = Page {
        style: STYLE,
        style_hash: hash(STYLE),
        script_hash: hash(&script),
        script: &script,
        name: Shown::line(name),
        is_compared: before.is_some(),
        flame: Flame::of(now, before),
    };
    let page = page.render().context("cannot write the flame graph")?;
    Ok(page + "\n")
}
