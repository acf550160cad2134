//! Tokens are held against those of the reference tokenizer.

use super::Tokens;

/// A vocabulary for which the tokens can be seen.
fn small() -> Tokens {
    let tokens = [
        "[CLS]", "[SEP]", "[UNK]", "a", "b", "##b", "##bc", "cafe", "-", "中", "##", "[", "]",
        "cls",
    ];
    Tokens::read(tokens.join("\n").as_bytes()).unwrap()
}

#[test]
fn texts_are_split_as_bert_splits_them() {
    let small = small();
    for (text, expected) in [
        ("", &[][..]),
        ("  \t\n", &[]),
        ("a b", &[3, 4]),
        ("ab", &[3, 5]),
        // The longest token first, and no half of a word that does not end.
        ("abc", &[3, 6]),
        ("abcx a", &[2, 3]),
        ("a\u{b}b a\u{2028}b", &[3, 5, 3, 4]),
        ("a\u{200b}b a\0b a\u{fffd}b", &[3, 5, 3, 5, 3, 5]),
        ("CAFÉ-cafe\u{301}", &[7, 8, 7]),
        ("a中b", &[3, 9, 4]),
        // What looks like a mark is text.
        ("[CLS]", &[11, 13, 12]),
        ("##", &[2, 2]),
        (&"b".repeat(101), &[2]),
    ] {
        let tokens = small.of(text);
        let (begin, end) = (tokens.first(), tokens.last());
        assert_eq!((begin, end), (Some(&0), Some(&1)), "{text:?}");
        assert_eq!(tokens[1..tokens.len() - 1], *expected, "{text:?}");
    }
    assert_eq!(small.of(&"b".repeat(100)).len(), 102);
}

#[test]
fn a_vocabulary_without_marks_is_refused() {
    for (bytes, expected) in [
        (&b"[CLS]\n[SEP]"[..], "the vocabulary has no `[UNK]`"),
        (b"", "the vocabulary has no `[CLS]`"),
        (b"\xff", "the vocabulary is no UTF-8"),
    ] {
        let error = Tokens::read(bytes).err().unwrap().to_string();
        assert_eq!(error.lines().next(), Some(expected));
    }
}

/// `host/ai/table/reference.py` made these texts and tokens, and a digest of those of each character of the first three
/// planes of Unicode. Its vocabulary is that of the model that is fetched.
#[test]
fn tokens_are_those_of_the_reference_tokenizer() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../target/tools/models/bert-uncased/vocab.txt"
    );
    let Ok(vocabulary) = std::fs::read(file) else {
        eprintln!("SKIPPED: no vocabulary at `{file}`: run `cargo xtask models get`");
        return;
    };
    let tokens = Tokens::read(&vocabulary).unwrap();
    let names: Vec<&str> = std::str::from_utf8(&vocabulary).unwrap().lines().collect();
    // The tokens without those of unknown words, which are counted.
    let split = |text: &str| {
        let of = tokens.of(text);
        let (unknown, known): (Vec<i32>, Vec<i32>) = of[1..of.len() - 1]
            .iter()
            .partition(|token| **token == tokens.unknown);
        let known: Vec<&str> = known.iter().map(|token| names[*token as usize]).collect();
        (known, unknown.len())
    };
    let lines = include_str!("../../../ai/table/tokens.jsonl");
    let mut count = 0;
    for line in lines.lines() {
        if let Ok((last, digest)) = serde_json::from_str::<(u32, String)>(line) {
            assert_eq!(digest_of_characters(last, split), digest);
            continue;
        }
        let (text, known, unknown): (String, Vec<String>, usize) =
            serde_json::from_str(line).unwrap();
        let (found, without) = split(&text);
        assert_eq!(
            (found, without),
            (known.iter().map(String::as_str).collect(), unknown),
            "{text:?}"
        );
        count += 1;
    }
    assert_eq!(count, 400);
}

/// The SHA-256 of what becomes of each character before `last`, inside a word and alone.
fn digest_of_characters<'a>(last: u32, split: impl Fn(&str) -> (Vec<&'a str>, usize)) -> String {
    let lines = (0..last).filter_map(char::from_u32).map(|c| {
        let (known, unknown) = split(&format!("a{c}b {c}"));
        format!("{} {unknown}\n", known.join(" "))
    });
    fractalaw_catalogue::digest::hex(lines.collect::<String>().as_bytes())
}
