//! The sources as a page, with the lines that no case reaches.

use std::fs;

use anyhow::Result;
use askama::Template;

use super::lines::{Covered, File};
use super::table;
use crate::page::shown::Shown;
use crate::page::{STYLE, hash};
use crate::project::Project;

/// A line that a case reaches, and one that none reaches.
pub(crate) const MARKS: &str = "b { font-weight: normal; display: block; min-height: 1.3em } \
                     .reached { background: #dff3df; color: #111 } .missed { background: #f8d7d7; color: #111 } \
                     .coverage { padding: 0 1rem } .source > summary { cursor: pointer; margin-block: .5rem }";

/// The most characters of a line that are shown.
const MOST: usize = 400;

#[derive(Template)]
#[template(path = "coverage.html")]
struct Page {
    policy: String,
    style: &'static str,
    marks: &'static str,
    section: String,
}

#[derive(Template)]
#[template(path = "coverage-section.html")]
struct Section {
    table: Shown,
    left_out: Vec<(Shown, Shown)>,
    files: Vec<Source>,
}

struct Source {
    name: Shown,
    reached: usize,
    count: usize,
    lines: Vec<Line>,
}

struct Line {
    class: &'static str,
    text: Shown,
}

/// The page.
pub(super) fn text(project: &Project, covered: &Covered) -> Result<String> {
    let (style, marks) = (hash(STYLE), hash(MARKS));
    let page = Page {
        policy: format!("default-src 'none'; style-src '{style}' '{marks}'"),
        style: STYLE,
        marks: MARKS,
        section: section(project, covered)?,
    };
    Ok(page.render()?)
}

/// The same as HTML, for a page that has the style [`MARKS`].
pub(crate) fn section(project: &Project, covered: &Covered) -> Result<String> {
    let Covered { lines, left_out } = covered;
    let files = lines.0.iter().filter_map(|(name, file)| {
        let source = fs::read_to_string(project.root.join(name)).ok()?;
        Some(Source {
            name: Shown::line(name),
            reached: file.reached(),
            count: file.count(),
            lines: marked(&source, file),
        })
    });
    let left_out = left_out.iter();
    let section = Section {
        table: Shown::start_of_lines(&table::text(lines), usize::MAX),
        left_out: left_out
            .map(|(name, why)| (Shown::line(name), Shown::line(why)))
            .collect(),
        files: files.collect(),
    };
    Ok(section.render()?)
}

/// The lines with their numbers, and for each that can run the number of cases.
fn marked(source: &str, file: &File) -> Vec<Line> {
    let marked = (1..).zip(source.lines()).map(|(number, line)| {
        let (class, cases) = match file.0.get(&number) {
            None => ("", String::new()),
            Some(0) => ("missed", "0".to_owned()),
            Some(cases) => ("reached", cases.to_string()),
        };
        let text = format!("{number:5} {cases:>5}  {line}");
        Line {
            class,
            text: Shown::start_of_line(&text, MOST),
        }
    });
    marked.collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::coverage::lines::Lines;

    #[test]
    fn each_line_has_its_cases_and_text_of_a_source_is_text() {
        let folder = tempfile::tempdir().unwrap();
        let source = "fn f() {\n    \"</pre><script>\";\n    g();\n}\n";
        fs::write(folder.path().join("a.rs"), source).unwrap();
        fs::write(folder.path().join("Cargo.toml"), "[workspace]\n").unwrap();
        let (root, target) = (folder.path().to_owned(), folder.path().join("target"));
        let project = Project::at(root, target).unwrap();
        let file = File(BTreeMap::from([(1, 2), (2, 1), (3, 0)]));
        let why = "it is written in Python, and lines are known of Rust and C only";
        let covered = Covered {
            lines: Lines(BTreeMap::from([("a.rs".to_owned(), file)])),
            left_out: vec![("sampling-plan".to_owned(), why.to_owned())],
        };
        let html = section(&project, &covered).unwrap();
        let (_, shown) = html.split_once("<p>Not counted:</p>\n").unwrap();
        assert_eq!(
            shown,
            "<ul>\n\
             <li><code>sampling-plan</code>: it is written in Python, and lines are known of Rust and C only</li>\n\
             </ul>\n\
             <details class=\"source\">\n\
             <summary>a.rs <small>2 of 3 lines</small></summary>\n\
             <pre><b class=\"reached\">    1     2  fn f() {</b>\
             <b class=\"reached\">    2     1      &#34;&#60;/pre&#62;&#60;script&#62;&#34;;</b>\
             <b class=\"missed\">    3     0      g();</b>\
             <b class=\"\">    4        }</b></pre>\n\
             </details>\n"
        );
        assert!(html.contains("a.rs  3\n"), "{html}");
    }
}
