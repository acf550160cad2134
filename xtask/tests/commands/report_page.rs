//! The page of `cargo xtask report`, from records written by hand. One of them is hostile.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::scratch::{Ended, Scratch, repository};

/// The records that the page is made from.
pub(crate) fn records() -> PathBuf {
    repository().join("xtask/tests/records")
}

/// Runs the command on a folder of records.
fn report(scratch: &Scratch, records: &Path, rest: &[&str]) -> Ended {
    let records = records.to_str().unwrap();
    scratch.xtask(["report", "--records", records].iter().chain(rest))
}

/// The page of the records, in a workspace without guests.
pub(crate) fn page(scratch: &Scratch) -> String {
    let ended = report(scratch, &records(), &[]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    String::from_utf8(scratch.read("target/report/index.html")).unwrap()
}

/// The text between two texts, each time.
pub(crate) fn between<'a>(page: &'a str, before: &str, after: &str) -> Vec<&'a str> {
    page.split(before)
        .skip(1)
        .map(|rest| rest.split_once(after).unwrap().0)
        .collect()
}

/// All records as JSON, in the order of the page: fixtures last.
fn values() -> Vec<Value> {
    [
        "plain/default",
        "plain/flood",
        "plain/refused",
        "hostile/default",
    ]
    .iter()
    .map(|name| {
        let path = records().join(format!("{name}.json"));
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    })
    .collect()
}

/// Copies the records, and changes one.
fn changed(scratch: &Scratch, name: &str, change: impl Fn(&mut Value)) -> PathBuf {
    for subject in ["plain", "hostile"] {
        for entry in fs::read_dir(records().join(subject)).unwrap() {
            let path = entry.unwrap().path();
            let file = path.file_name().unwrap().to_str().unwrap();
            let mut record: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            let relative = format!("{subject}/{file}");
            if relative == name {
                change(&mut record);
            }
            scratch.write(&format!("earlier/{relative}"), &record.to_string());
        }
    }
    scratch.path("earlier")
}

#[test]
fn the_page_is_the_expected_one_and_the_same_each_time() {
    let scratch = Scratch::new();
    let page = page(&scratch);
    assert_eq!(page, self::page(&scratch));
    // Style and script are reviewed in their own files, and seen in a browser.
    let mut shown = page.clone();
    for (before, after) in [
        ("<style>", "</style>"),
        ("<script>", "</script>"),
        ("'sha256-", "'"),
    ] {
        for part in between(&page, before, after) {
            shown = shown.replace(
                &format!("{before}{part}{after}"),
                &format!("{before}…{after}"),
            );
        }
    }
    let golden = repository().join("xtask/tests/golden/report.html");
    let expected = fs::read_to_string(&golden).unwrap_or_default();
    if std::env::var_os("XTASK_ACCEPT").is_some() {
        fs::write(&golden, &shown).unwrap();
    }
    let different = shown
        .lines()
        .zip(expected.lines())
        .find(|(now, before)| now != before);
    assert!(
        shown == expected,
        "the page moved, first at {different:#?}\n\
         hint: write it with `XTASK_ACCEPT=1 cargo test -p xtask report_page`, which fails once more, and look at `git diff`"
    );
}

#[test]
fn what_a_guest_wrote_is_text_and_nothing_else() {
    let page = page(&Scratch::new());
    assert_eq!(page.matches("<script").count(), 1);
    assert_eq!(page.matches("</script").count(), 1);
    assert_eq!(page.matches("</style").count(), 1);
    assert!(!page.contains("<img"));
    let unsafe_ones = page.chars().filter(|c| {
        (c.is_control() && *c != '\n')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    });
    assert_eq!(unsafe_ones.count(), 0);
    // Shown, not dropped.
    for text in [
        "\\u{202e}evil\\u{2069}",
        "\\u{0}",
        "\\u{1b}[31mred",
        "&#60;/pre&#62;",
    ] {
        assert!(page.contains(text), "{text}");
    }
    // A name with a line break is one function.
    let functions = between(&page, "hidden>\n", "</pre>");
    let hostile = functions[functions.len() - 2];
    assert_eq!(hostile.lines().count(), 6, "{hostile}");
    // A function of the guest with the name of the host's is not the host's.
    assert!(hostile.ends_with("\ng [host] not at all\n"), "{hostile}");
    // Only our files are printed without escaping, and the section of coverage, which is a template itself.
    let folder = repository().join("xtask/templates");
    let names = [
        "report/page.html",
        "report/case.html",
        "coverage-section.html",
    ];
    let templates = names.map(|name| fs::read_to_string(folder.join(name)).unwrap());
    let templates = templates.concat();
    assert_eq!(templates.matches("safe").count(), 4);
    for ours in ["style", "marks", "script", "html"] {
        assert!(templates.contains(&format!("{{{{ {ours}|safe }}}}")));
    }
}

#[test]
fn the_sums_of_the_page_are_those_of_the_records() {
    let page = page(&Scratch::new());
    let number = |text: &str| text.replace(',', "").parse::<u64>().unwrap();
    let cases: Vec<&str> = page.split("<details class=\"case\"").skip(1).collect();
    assert_eq!(cases.len(), 4);
    for (case, record) in cases.into_iter().zip(values()) {
        let consumed = record["report"]["fuel"]["consumed"].as_u64().unwrap();
        assert!(case.contains(&format!("id=\"{}\"", record["case"].as_str().unwrap())));
        // The data of a flame graph.
        for nodes in between(case, "<pre class=\"nodes\" hidden>\n", "</pre>") {
            let own = nodes
                .lines()
                .map(|line| number(line.rsplit(' ').next().unwrap()));
            assert_eq!(own.sum::<u64>(), consumed);
        }
        // The parts of the fuel, and the line below them.
        for table in between(case, "<table class=\"parts\">", "</table>") {
            let fuel: Vec<u64> = between(table, "<tr><th scope=\"row\">", "</tr>")
                .into_iter()
                .map(|row| {
                    let cells = between(row, "<td class=\"n\">", "</td>");
                    let counted = cells.iter().rev().find(|cell| !cell.contains('%'));
                    number(counted.unwrap())
                })
                .collect();
            let (total, parts) = fuel.split_last().unwrap();
            assert_eq!(parts.iter().sum::<u64>(), consumed);
            assert_eq!(*total, consumed);
        }
        let entries = record["report"]["audit"].as_array().unwrap().len();
        assert!(case.contains(&format!("<span class=\"n entries\">{entries}<")));
    }
}

#[test]
fn what_is_left_out_is_said() {
    let page = page(&Scratch::new());
    assert!(page.contains("25 entries are left out here"));
    assert!(page.contains("5 host calls came after the trace was full"));
    assert!(page.contains("No profile: not asked for"));
}

#[test]
fn the_difference_to_earlier_records_is_shown() {
    let scratch = Scratch::new();
    let file = "plain/default.json";
    let same = changed(&scratch, file, |_| ());
    let show = |earlier: &Path| {
        let ended = report(
            &scratch,
            &records(),
            &["--against", earlier.to_str().unwrap()],
        );
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        String::from_utf8(scratch.read("target/report/index.html")).unwrap()
    };
    let page = show(&same);
    assert!(page.contains("<dt>moved from the baseline</dt><dd>0</dd>"));
    assert!(!page.contains("class=\"difference\""));

    let earlier = changed(&scratch, file, |record| {
        let report = &mut record["report"];
        report["audit"][0]["detail"] = "valid".into();
        report["fuel"]["guest"] = 199.into();
        report["fuel"]["consumed"] = 1234.into();
        let profile = &mut record["profile"];
        profile["functions"][1]["own_fuel"] = 20.into();
        profile["functions"][2]["own_fuel"] = 0.into();
        profile["functions"][3]["own_fuel"] = 179.into();
        profile["functions"][4]["own_fuel"] = 0.into();
        for (node, own) in [1, 20, 179, 0, 1034, 0].into_iter().enumerate() {
            profile["nodes"][node]["own_fuel"] = own.into();
        }
    });
    fs::remove_file(earlier.join("plain/flood.json")).unwrap();
    fs::copy(records().join(file), earlier.join("plain/gone.json")).unwrap();
    let gone = fs::read_to_string(earlier.join("plain/gone.json")).unwrap();
    let gone = gone.replace("plain/default", "plain/gone");
    fs::write(earlier.join("plain/gone.json"), gone).unwrap();
    let page = show(&earlier);
    assert!(page.contains("<dt>moved from the baseline</dt><dd class=\"more\">2</dd>"));
    assert!(page.contains("In the baseline and gone: <bdi>plain/gone</bdi>"));
    assert!(page.contains("<span class=\"n delta new\">new</span>"));
    // Its behaviour changed too, so the cost must not be the first thing to see.
    assert!(page.contains("<span class=\"n delta changed\">changed, +1,000</span>"));
    let difference = between(&page, "class=\"difference\"", "</section>")[0];
    assert!(difference.contains("1: [permit-checked] site-7 — valid</td>"));
    assert!(difference.contains("plain::check&#60;[u8; 4]&#62;</td>"));
    assert!(difference.contains("+879</td>"), "{difference}");
    assert!(!difference.contains("record-event"));
}

/// A changed outcome or text must be looked at, even if the run now says `completed` and costs less.
#[test]
fn a_change_of_outcome_is_no_improvement() {
    let scratch = Scratch::new();
    let file = "plain/default.json";
    let list = |page: &str| {
        let case = page.split("id=\"plain/default\"").nth(1).unwrap();
        let summary = case.split_once("</summary>").unwrap().0;
        let badge = between(summary, "<span class=\"badge ", "</span>")[0].to_owned();
        (
            badge,
            between(summary, "<span class=\"n delta ", "</span>")[0].to_owned(),
        )
    };
    let against = |change: &dyn Fn(&mut Value)| {
        let earlier = changed(&scratch, file, change);
        let ended = report(
            &scratch,
            &records(),
            &["--against", earlier.to_str().unwrap()],
        );
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        String::from_utf8(scratch.read("target/report/index.html")).unwrap()
    };
    let dearer = |record: &mut Value| {
        record["report"]["fuel"]["instantiation"] = 1001.into();
        record["report"]["fuel"]["consumed"] = 3234.into();
        record["profile"]["functions"][0]["own_fuel"] = 1001.into();
        record["profile"]["nodes"][0]["own_fuel"] = 1001.into();
    };
    let page = against(&dearer);
    assert_eq!(list(&page).1, "less\">−1,000");
    assert!(page.contains("<td class=\"n less\">−1,000</td>"));

    let page = against(&|record| {
        dearer(record);
        record["report"]["outcome"] = serde_json::json!({"kind": "guest-error", "err": "no"});
    });
    let (badge, mark) = list(&page);
    assert_eq!(
        badge,
        "changed\" data-s=\"outcome\">guest-error → completed"
    );
    assert_eq!(mark, "changed\">changed, −1,000");
    assert!(page.contains("<td class=\"n \">−1,000</td>"));
    assert!(!page.contains("<td class=\"n less\">"));

    let page = against(&|record| record["report"]["outcome"]["ok"] = "another text".into());
    let (badge, mark) = list(&page);
    assert_eq!(badge, "changed\" data-s=\"outcome\">completed, other text");
    assert_eq!(mark, "changed\">changed");

    // Fewer entries are not a saving.
    let page = against(&|record| {
        let audit = record["report"]["audit"].as_array_mut().unwrap();
        let one_more = audit[0].clone();
        audit.push(one_more);
    });
    assert_eq!(list(&page).1, "changed\">changed");
    assert!(page.contains("<td class=\"n changed\">−1</td>"));
}

/// Without earlier records the baseline is what was reviewed, including the behaviour.
#[test]
fn a_behaviour_that_was_not_reviewed_is_a_change() {
    let scratch = Scratch::new();
    let folder = changed(&scratch, "plain/default.json", |record| {
        record["reviewed"] = serde_json::json!({
            "cost_model": record["report"]["fuel"]["cost_model"],
            "fuel": 3000,
            "behaviour": {
                "outcome": "trap",
                "before": "outcome: trap\n  unreachable\n",
                "now": "outcome: completed\n  fine\n",
            },
        });
    });
    let ended = report(&scratch, &folder, &[]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let page = String::from_utf8(scratch.read("target/report/index.html")).unwrap();
    let case = page.split("id=\"plain/default\"").nth(1).unwrap();
    let (summary, body) = case.split_once("</summary>").unwrap();
    assert!(
        summary.contains("badge changed\" data-s=\"outcome\">trap → completed<"),
        "{summary}"
    );
    assert!(
        summary.contains("delta changed\">changed, −766<"),
        "{summary}"
    );
    let rows = between(body, "class=\"difference\"", "</section>")[0];
    assert!(rows.contains("<th scope=\"row\">behaviour</th>"), "{rows}");
    assert!(rows.contains("outcome: trap\n  unreachable"), "{rows}");
}

#[test]
fn records_that_contradict_themselves_or_are_not_there_make_no_page() {
    let scratch = Scratch::new();
    let wrong = changed(&scratch, "plain/default.json", |record| {
        record["profile"]["nodes"][3]["own_fuel"] = 1.into();
    });
    let ended = report(&scratch, &wrong, &[]);
    assert_eq!(ended.code, 12);
    assert!(
        ended.stderr.contains(
            "default.json`: the profile's nodes sum to 1356, expected 2234\nhint: make the records again"
        ),
        "{}",
        ended.stderr
    );
    assert!(!scratch.path("target/report/index.html").exists());

    scratch.write("empty/note.txt", "");
    let ended = report(&scratch, &scratch.path("empty"), &[]);
    assert_eq!(ended.code, 2);
    assert!(
        ended
            .stderr
            .starts_with("error: `empty` holds no records, expected files such as"),
        "{}",
        ended.stderr
    );
    let ended = report(&scratch, &records(), &["--against", "absent"]);
    assert_eq!(ended.code, 2);
    assert!(
        ended
            .stderr
            .starts_with("error: `absent` is no revision of this repository\nhint: "),
        "{}",
        ended.stderr
    );
    let ended = report(&scratch, &records(), &["no-such-case"]);
    assert_eq!(ended.code, 2);
    assert!(
        ended
            .stderr
            .starts_with("error: no case is called `no-such-case`\nhint: ")
    );
}
