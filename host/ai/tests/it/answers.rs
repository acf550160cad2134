//! What the exact model answers, to the bit.

use sha2::{Digest, Sha256};

use crate::guests::Does::{Batch, Classify, Embed};
use crate::guests::{ran, run, said};

const SMOKE: &str = "Smoke filled the corridor after a battery charger overheated.";
const SPILL: &str = "A drum of solvent tipped over and its contents ran across the floor.";
const CATEGORIES: [&str; 4] = [
    "chemical spill",
    "fire",
    "fall from height",
    "vehicle accident",
];

fn numbers(line: &str) -> Vec<f32> {
    let digits = line.as_bytes().chunks(8);
    digits
        .map(|digits| {
            let bits = u32::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap();
            f32::from_bits(bits)
        })
        .collect()
}

fn sha256(text: &str) -> String {
    Sha256::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The expected bits were also computed with whole numbers of any size in Python, from the tokens of the reference. If
/// they change, the table or the arithmetic did, and so do the answers that guests get in production.
#[test]
fn a_vector_has_the_same_bits_on_every_machine() {
    let report = ran(
        &[Embed(SMOKE), Embed("Straße, CAFÉ und 東京\u{200b}!")],
        &run(""),
    );
    let lines: Vec<_> = said(&report).lines().collect();
    assert_eq!(lines.len(), 2);
    for line in &lines {
        let vector = numbers(line);
        assert_eq!(vector.len(), 128);
        let length: f32 = vector.iter().map(|number| number * number).sum();
        assert!((length - 1.0).abs() < 1e-5, "{length}");
    }
    assert_eq!(lines[0][..16], *"3e02a1bb3e95ca88");
    assert_eq!(
        sha256(said(&report)),
        "d69700b3b9fb937b6ecaee0db2adcb3ed1f110d3a0793cce8a250100ce7d8925"
    );
}

#[test]
fn a_batch_has_the_vectors_of_its_texts() {
    let one_by_one = ran(&[Embed(SMOKE), Embed(""), Embed(SPILL)], &run(""));
    let batch = ran(&[Batch(&[SMOKE, "", SPILL])], &run(""));
    assert_eq!(said(&one_by_one), said(&batch));
    assert_eq!(said(&batch).lines().count(), 3);
    assert_eq!(said(&ran(&[Batch(&[])], &run(""))), "");
}

#[test]
fn a_text_without_known_words_has_no_direction() {
    let report = ran(
        &[Batch(&["", " \n", "\u{1f9ff}\u{10ffff}", &"x".repeat(101)])],
        &run(""),
    );
    let zeros = "0".repeat(8 * 128);
    assert_eq!(said(&report), format!("{zeros}\n").repeat(4));
}

#[test]
fn the_best_category_comes_first() {
    let report = ran(
        &[Classify(SMOKE, &CATEGORIES), Classify(SPILL, &CATEGORIES)],
        &run(""),
    );
    let names: Vec<_> = said(&report)
        .lines()
        .map(|line| line.rsplit_once(' ').unwrap())
        .map(|(name, score)| (name, numbers(score)[0]))
        .collect();
    assert_eq!((names[0].0, names[4].0), ("fire", "chemical spill"));
    for ranking in names.chunks(4) {
        assert!(ranking.is_sorted_by(|a, b| a.1 >= b.1));
        assert!(ranking.iter().all(|(_, score)| (0.0..=1.0).contains(score)));
    }
    assert_eq!(
        sha256(said(&report)),
        "100c770e5b10b6c8105d380780ab23f236f0e6e6b54fd4b895898b15f012d29c"
    );
}

#[test]
fn equal_scores_keep_the_order_of_the_guest() {
    let report = ran(
        &[
            Classify(SMOKE, &["FIRE", "\u{1f9ff}", "fire", "Fire", "\u{1f9fe}"]),
            Classify("", &["b", "a"]),
        ],
        &run(""),
    );
    let said = said(&report);
    let fire = &said["FIRE ".len()..][..8];
    assert!(numbers(fire)[0] > 0.0);
    assert_eq!(
        said,
        format!(
            "FIRE {fire}\nfire {fire}\nFire {fire}\n\u{1f9ff} 00000000\n\u{1f9fe} 00000000\nb 00000000\na 00000000\n"
        )
    );
}

#[test]
fn a_text_fits_itself_best() {
    let report = ran(&[Classify(SMOKE, &[SPILL, SMOKE])], &run(""));
    assert!(
        said(&report).starts_with(&format!("{SMOKE} 3f800000\n")),
        "{}",
        said(&report)
    );
}

#[test]
fn examples_in_the_policy_describe_a_category() {
    let categories = ["A", "B"];
    let lines = "ai.examples = { A = [\"oil leaked from a tank\", \"acid ran across the floor\"], \
        B = [\"smoke and flames\"] }";
    let report = ran(
        &[Classify(SPILL, &categories), Classify(SMOKE, &categories)],
        &run(lines),
    );
    let best: Vec<_> = said(&report).lines().map(|line| &line[..1]).collect();
    assert_eq!(best, ["A", "B", "B", "A"]);
}

/// A category with examples is compared by their centroid: one example is as if the category had it as its name, the order of
/// examples does not matter, and categories that the call does not name do not either.
#[test]
fn a_centroid_is_the_sum_of_its_examples() {
    let scores = |examples: &str, categories: &[&str]| {
        let lines = format!("ai.examples = {{ {examples} }}");
        let report = ran(&[Classify(SPILL, categories)], &run(&lines));
        let mut lines: Vec<_> = said(&report).lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let digits = |line: &str| line.rsplit_once(' ').unwrap().1.to_owned();
    for (examples, categories, same_as) in [
        ("A = [\"oil leaked\"]", "A", ("", "oil leaked")),
        ("A = [\"oil\", \"leaked\"]", "A", ("", "oil leaked")),
        ("A = [\"leaked\", \"oil\"]", "A", ("", "oil leaked")),
        (
            "A = [\"oil leaked\", \"oil leaked\"]",
            "A",
            ("", "oil leaked"),
        ),
        ("A = [\"oil leaked\", \"\"]", "A", ("", "oil leaked")),
        (
            "A = [\"oil leaked\", \"\u{1f9ff}\"]",
            "A",
            ("", "oil leaked"),
        ),
        (
            "A = [\"oil leaked\"], B = [\"smoke\"]",
            "A",
            ("", "oil leaked"),
        ),
        ("a = [\"oil leaked\"]", "A", ("", "A")),
        ("A = [\"\"]", "A", ("", "")),
    ] {
        let [found] = &scores(examples, &[categories])[..] else {
            panic!("{examples}");
        };
        let (other, name) = same_as;
        let expected = &scores(other, &[name])[0];
        assert_eq!(digits(found), digits(expected), "{examples}");
    }
    // Each of several categories has its own.
    let both = scores("A = [\"oil leaked\"], B = [\"smoke\"]", &["B", "C", "A"]);
    let alone = ["oil leaked", "smoke", "C"].map(|name| digits(&scores("", &[name])[0]));
    assert_eq!(
        both.iter().map(|line| digits(line)).collect::<Vec<_>>(),
        alone
    );
}

#[test]
fn what_is_wrong_with_a_call_has_a_code() {
    let long = "a ".repeat(8_193);
    let huge = "x".repeat(131_073);
    let many = ["a"; 257];
    for (does, expected) in [
        (
            Classify("a", &[]),
            "6: no categories, expected at least one",
        ),
        (
            Classify("a", &many),
            "2: 257 categories, expected at most 256",
        ),
        (
            Batch(&many),
            "2: 257 texts, expected at most 256 in one call",
        ),
        (
            Embed(&long),
            "2: a text has 8193 tokens, expected at most 8192",
        ),
        (
            Embed(&huge),
            "2: the texts have 131073 bytes, expected at most 131072 in one call",
        ),
    ] {
        let report = ran(&[does], &run("").fuel(1_000_000_000_000));
        assert_eq!(said(&report), expected);
    }
    // The whole of each limit may be used.
    let (long, huge) = (&long[2..], &huge[1..]);
    let report = ran(
        &[
            Embed(long),
            Embed(huge),
            Classify("a", &many[1..]),
            Batch(&many[1..]),
        ],
        &run("").fuel(1_000_000_000_000),
    );
    assert_eq!(report.outcome.kind(), "completed");
}
