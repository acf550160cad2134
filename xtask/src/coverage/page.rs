//! The sources as a page, with the lines that no case reaches.

use std::fs;
use std::path::Path;

use anyhow::Result;
use askama::Template;

use super::lines::{Covered, File, Share};
use crate::page::shown::{Grouped, Shown};
use crate::page::{STYLE, hash};
use crate::project::Project;

/// The style of this part of a page.
pub(crate) const MARKS: &str = include_str!("../../templates/coverage.css");

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
    all: Figures,
    guests: Vec<Guest>,
    /// Each reason, and whom it concerns.
    left_out: Vec<(Shown, Vec<Shown>)>,
}

/// A guest and its files.
struct Guest {
    name: Shown,
    figures: Figures,
    files: Vec<Source>,
}

struct Source {
    name: Shown,
    figures: Figures,
    missed: Shown,
    lines: Vec<Line>,
}

/// How much of something the cases reach.
struct Figures {
    reached: Grouped,
    count: Grouped,
    percent: String,
    per_mille: usize,
}

struct Line {
    class: &'static str,
    text: Shown,
}

impl From<Share> for Figures {
    fn from(share: Share) -> Figures {
        Figures {
            reached: Grouped(share.reached as u64),
            count: Grouped(share.count as u64),
            percent: share.percent(),
            per_mille: share.per_mille(),
        }
    }
}

/// The lines as a part of another page, and their sum in words.
pub(crate) struct Part {
    pub(crate) html: String,
    pub(crate) sum: String,
}

/// The page.
pub(super) fn text(project: &Project, covered: &Covered) -> Result<String> {
    let (style, marks) = (hash(STYLE), hash(MARKS));
    let page = Page {
        policy: format!("default-src 'none'; style-src '{style}' '{marks}'"),
        style: STYLE,
        marks: MARKS,
        section: section(project, covered)?.html,
    };
    Ok(page.render()?)
}

/// The same for a page that has the style [`MARKS`].
pub(crate) fn section(project: &Project, covered: &Covered) -> Result<Part> {
    let all = Figures::from(Share::of(covered.lines.0.values()));
    let sum = format!("{} of {}", all.reached, all.count);
    let guests = covered.groups().into_iter().map(|group| Guest {
        name: Shown::line(group.name),
        figures: Share::of(group.files.iter().map(|(_, file)| *file)).into(),
        files: (group.files.iter())
            .map(|(path, file)| Source {
                name: Shown::line(&path.to_string_lossy()),
                figures: Share::of([*file]).into(),
                // A line may end at a hyphen, and then it is no range any more.
                missed: Shown::ours(file.missed().replace('-', "\u{2011}")),
                lines: marked(&source(project, covered, group.name, path), file),
            })
            .collect(),
    });
    let left_out = covered.reasons().into_iter();
    let section = Section {
        all,
        guests: guests.collect(),
        left_out: left_out
            .map(|(why, names)| {
                (
                    Shown::line(why),
                    names.into_iter().map(Shown::line).collect(),
                )
            })
            .collect(),
    };
    let html = section.render()?;
    Ok(Part { html, sum })
}

/// The text of a file of a guest. Of a file that is gone, only the figures are shown.
fn source(project: &Project, covered: &Covered, guest: &str, path: &Path) -> String {
    let folder = covered.folders.iter().find(|(name, _)| name == guest);
    let folder = folder.map_or(Path::new(""), |(_, folder)| folder);
    fs::read_to_string(project.root.join(folder).join(path)).unwrap_or_default()
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
        let source = "fn f() {\n    \"</pre><script>\";\n    g();\n    h();\n}\n";
        fs::create_dir_all(folder.path().join("guests/a")).unwrap();
        fs::write(folder.path().join("guests/a/a.rs"), source).unwrap();
        fs::write(folder.path().join("Cargo.toml"), "[workspace]\n").unwrap();
        let (root, target) = (folder.path().to_owned(), folder.path().join("target"));
        let project = Project::at(root, target).unwrap();
        let file = File(BTreeMap::from([(1, 2), (2, 1), (3, 0), (4, 0)]));
        let why = "it is written in Python, and lines are known of Rust and C only";
        let covered = Covered {
            lines: Lines(BTreeMap::from([("guests/a/a.rs".to_owned(), file)])),
            folders: vec![("a".to_owned(), "guests/a".into())],
            left_out: ["sampling-plan", "uncaught-python"]
                .map(|name| (name.to_owned(), why.to_owned()))
                .to_vec(),
        };
        let Part { html, sum } = section(&project, &covered).unwrap();
        assert_eq!(sum, "2 of 4");
        assert!(html.contains(
            "<li><code>sampling-plan</code>, <code>uncaught-python</code>: it is written in Python, and lines are known of \
             Rust and C only</li>\n"
        ));
        let (_, shown) = html.split_once("<details class=\"source\">\n").unwrap();
        let (summary, shown) = shown.split_once("</summary>\n").unwrap();
        for part in [
            "<span class=\"f\">a.rs</span>",
            "<span class=\"n\">2 of 4</span>",
            "<span class=\"n\">50.0 %</span>",
            "<span class=\"w\">no case reaches 3\u{2011}4</span>",
        ] {
            assert!(summary.contains(part), "{summary}");
        }
        assert_eq!(
            shown.split_once("</details>").unwrap().0,
            "<pre><b class=\"reached\">    1     2  fn f() {</b>\
             <b class=\"reached\">    2     1      &#34;&#60;/pre&#62;&#60;script&#62;&#34;;</b>\
             <b class=\"missed\">    3     0      g();</b>\
             <b class=\"missed\">    4     0      h();</b>\
             <b class=\"\">    5        }</b></pre>\n"
        );
    }
}
