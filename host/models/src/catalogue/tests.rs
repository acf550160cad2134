//! The catalogue that is committed, and mistakes in it.

use super::{Catalogue, Kind, Wrong};

const PINNED: &str = include_str!("../../models.toml");

#[test]
fn the_pinned_catalogue_is_read() {
    let catalogue = Catalogue::parse(PINNED).unwrap();
    let model = &catalogue.models["all-minilm-l6-v2"];
    let Kind::Embeddings {
        dimensions,
        vocabulary,
    } = &model.kind
    else {
        panic!("{model:?}")
    };
    assert_eq!((*dimensions, model.max_tokens), (384, 256));
    let lines = format!(
        "model {}\nvocabulary {}\n",
        model.network.sha256, vocabulary.sha256
    );
    assert_eq!(model.digest(), crate::digest::hex(lines.as_bytes()));

    let model = &catalogue.models["smollm2-135m-instruct"];
    assert!(matches!(model.kind, Kind::Generation), "{model:?}");
    assert_eq!(model.max_tokens, 4096);
    let line = format!("model {}\n", model.network.sha256);
    assert_eq!(model.digest(), crate::digest::hex(line.as_bytes()));
}

#[test]
fn mistakes_are_named_with_what_was_meant() {
    let at = "models.all-minilm-l6-v2";
    let writes = "models.smollm2-135m-instruct";
    let of_kind = "see `host/models/README.md` for which keys belong to which kind";
    for (from, to, what, hint) in [
        (
            "dimensions",
            "dimension",
            format!("unknown key `dimension` in `{at}`"),
            "did you mean `dimensions`?",
        ),
        (
            "[models.",
            "[model.",
            "unknown key `model`".to_owned(),
            "did you mean `models`?",
        ),
        (
            "token =",
            "tokens =",
            format!("unknown key `tokens` in `{at}.price`"),
            "did you mean `token`?",
        ),
        (
            "sha256 = \"8",
            "md5 = \"8",
            format!("unknown key `md5` in `{at}.files.model`"),
            "the keys are `path`, `sha256`",
        ),
        (
            "vocabulary =",
            "vocab =",
            format!("unknown key `vocab` in `{at}.files`"),
            "did you mean `vocabulary`?",
        ),
        (
            "= 384",
            "= 1",
            format!("`{at}.dimensions` is 1"),
            "use 2 to 8192",
        ),
        (
            "= 256",
            "= 9000",
            format!("`{at}.max-tokens` is 9000"),
            "use 2 to 8192",
        ),
        (
            "path = \"bert-uncased/vocab",
            "path = \"../vocab",
            format!("`{at}.files.vocabulary`: `../vocab.txt` leads out of the folder"),
            "use a path relative to the folder, without `..`",
        ),
        (
            "path = \"bert-uncased/vocab",
            "path = \"/vocab",
            format!("`{at}.files.vocabulary`: `/vocab.txt` leads out of the folder"),
            "use a path relative to the folder, without `..`",
        ),
        (
            "8199be6f",
            "8199BE6F",
            format!(
                "`{at}.files.model`: `8199BE6F699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6` is no SHA-256"
            ),
            "use the 64 digits that `sha256sum` prints",
        ),
        (
            "licence = \"Apache-2.0\"",
            "",
            format!("`[{at}]`: missing field `licence`"),
            "see `host/models/README.md` for what each key is",
        ),
        (
            "\"rten\"",
            "\"ort\"",
            format!("`[{at}]`: unknown variant `ort`, expected `rten` or `candle`"),
            "see `host/models/README.md` for what each key is",
        ),
        (
            "\"rten\"",
            "\"candle\"",
            format!("`[{at}]`: the engine of embeddings is `rten`"),
            of_kind,
        ),
        (
            "\"candle\"",
            "\"rten\"",
            format!("`[{writes}]`: the engine of a model that writes is `candle`"),
            of_kind,
        ),
        (
            "dimensions = 384",
            "",
            format!("`[{at}]`: missing field `dimensions`"),
            of_kind,
        ),
        (
            "engine = \"candle\"",
            "engine = \"candle\"\ndimensions = 576",
            format!("`[{writes}]`: a model that writes has no `dimensions`"),
            of_kind,
        ),
    ] {
        assert!(PINNED.contains(from), "{from}");
        let wrong = Catalogue::parse(&PINNED.replacen(from, to, 1)).unwrap_err();
        assert_eq!(wrong, Wrong::new(what, hint), "{from} -> {to}");
    }
    assert_eq!(
        Catalogue::parse("").unwrap_err(),
        Wrong::new("it has no model", "add a section `[models.NAME]`")
    );
}
