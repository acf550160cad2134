//! The list that is committed, mistakes in lists, and models that are added.

use std::fs;

use crate::catalogue::parse;
use crate::{
    Catalogue, Engine, EngineName, Fault, KindName, NewModel, Price, add, digest, read_file, verify,
};

const PINNED: &str = include_str!("../../models.toml");

const SERVED: &str = "
[models.writer]
kind = \"generation\"
engine = \"server\"
url = \"http://127.0.0.1:11434/v1\"
model = \"llama3.2:1b\"
key = \"MODEL_KEY\"
max-tokens = 131072
price = { call = 20_000_000, token = 10 }
licence = \"LicenseRef-Llama-3.2\"
sha256 = \"baf6a787fdffd633537aa2eb51cfd54cb93ff08e28040095462bb63daf552878\"
";

#[test]
fn the_pinned_list_is_read() {
    let models = parse(PINNED).unwrap();
    let model = &models["all-minilm-l6-v2"];
    assert_eq!(model.kind.dimensions(), Some(384));
    assert_eq!((model.max_tokens, model.url.clone()), (256, None));
    let Engine::Rten {
        network,
        vocabulary,
    } = &model.engine
    else {
        panic!("{:?}", model.engine);
    };
    let lines = format!(
        "model {}\nvocabulary {}\n",
        network.sha256, vocabulary.sha256
    );
    assert_eq!(model.digest(), digest::hex(lines.as_bytes()));
}

#[test]
fn a_model_of_a_server_has_its_place_and_its_digest() {
    let models = parse(SERVED).unwrap();
    let model = &models["writer"];
    assert_eq!(
        model.url.as_ref().unwrap().to_string(),
        "http://127.0.0.1:11434/v1"
    );
    assert_eq!(model.model.as_deref(), Some("llama3.2:1b"));
    assert_eq!(model.key.as_deref(), Some("MODEL_KEY"));
    assert_eq!(
        model.price,
        Price {
            call: 20_000_000,
            token: 10
        }
    );
    assert!(model.digest().starts_with("baf6a787fdff"));
    assert!(model.files().is_empty());
}

#[test]
fn mistakes_are_named_with_what_was_meant() {
    let at = "models.all-minilm-l6-v2";
    let page = "see `host/models/README.md` for what each key is";
    for (text, from, to, what, hint) in [
        (
            PINNED,
            "dimensions",
            "dimension",
            format!("unknown key `dimension` in `{at}`"),
            "did you mean `dimensions`?",
        ),
        (
            PINNED,
            "[models.",
            "[model.",
            "unknown key `model`".to_owned(),
            "did you mean `models`?",
        ),
        (
            PINNED,
            "token =",
            "tokens =",
            format!("unknown key `tokens` in `{at}.price`"),
            "did you mean `token`?",
        ),
        (
            PINNED,
            "sha256 = \"8",
            "md5 = \"8",
            format!("unknown key `md5` in `{at}.files.model`"),
            "the keys are `path`, `sha256`",
        ),
        (
            PINNED,
            "vocabulary =",
            "vocab =",
            format!("unknown key `vocab` in `{at}.files`"),
            "did you mean `vocabulary`?",
        ),
        (
            PINNED,
            "= 384",
            "= 0",
            format!("`{at}.dimensions` is 0"),
            "use 1 to 65536",
        ),
        (
            PINNED,
            "= 256",
            "= 9000",
            format!("`{at}.max-tokens` is 9000"),
            "use 2 to 8192",
        ),
        (
            PINNED,
            "path = \"bert-uncased/vocab",
            "path = \"../vocab",
            format!("`{at}.files.vocabulary`: `../vocab.txt` leads out of the folder"),
            "use a path relative to the folder, without `..`",
        ),
        (
            PINNED,
            "path = \"bert-uncased/vocab",
            "path = \"/vocab",
            format!("`{at}.files.vocabulary`: `/vocab.txt` leads out of the folder"),
            "use a path relative to the folder, without `..`",
        ),
        (
            PINNED,
            "8199be6f",
            "8199BE6F",
            format!(
                "`{at}.files.model`: `8199BE6F699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6` is no SHA-256"
            ),
            "use the 64 digits that `sha256sum` prints",
        ),
        (
            PINNED,
            "licence = \"Apache-2.0\"",
            "",
            format!("`[{at}]`: missing field `licence`"),
            page,
        ),
        (
            PINNED,
            "\"rten\"",
            "\"ort\"",
            format!("`[{at}]`: unknown variant `ort`, expected one of `rten`, `candle`, `server`"),
            page,
        ),
        (
            PINNED,
            "\"rten\"",
            "\"candle\"",
            format!("`[{at}]`: a model that writes has its tokens in `files.model`"),
            page,
        ),
        (
            PINNED,
            "\"rten\"",
            "\"server\"",
            format!("`[{at}]`: a server has the vocabulary itself"),
            page,
        ),
        (
            PINNED,
            "dimensions = 384",
            "",
            format!("`[{at}]`: missing field `dimensions`"),
            page,
        ),
        (
            SERVED,
            "max-tokens",
            "dimensions = 4\nmax-tokens",
            "`[models.writer]`: a model that writes has no `dimensions`".to_owned(),
            page,
        ),
        (
            SERVED,
            "127.0.0.1",
            "10.0.0.1",
            "`models.writer.url`: `http://10.0.0.1:11434/v1` is no address of this machine".to_owned(),
            "use `http://127.0.0.1:PORT/v1`, or `unix:/PATH`: texts and keys are sent without encryption",
        ),
        (
            SERVED,
            "sha256 = \"baf6",
            "sha256 = \"BAF6",
            "`models.writer.sha256`: `BAF6a787fdffd633537aa2eb51cfd54cb93ff08e28040095462bb63daf552878` is no SHA-256"
                .to_owned(),
            "use the 64 digits that `sha256sum` prints",
        ),
        (
            SERVED,
            "sha256 = \"baf6a787fdffd633537aa2eb51cfd54cb93ff08e28040095462bb63daf552878\"",
            "",
            "`[models.writer]` has neither `files.model` nor `sha256`".to_owned(),
            "give one: reports name the model by its digest",
        ),
        (
            SERVED,
            "token = 10",
            "token = 10_000_000_001",
            "`models.writer.price.token` is 10000000001".to_owned(),
            "use 0 to 10000000000",
        ),
        (
            SERVED,
            "writer",
            "static",
            "`static` is the model in the host".to_owned(),
            "use another name",
        ),
        (
            SERVED,
            "writer",
            "\"my writer\"",
            "`my writer` is no name of a model".to_owned(),
            "use at most 64 letters, digits and `-._/:`",
        ),
        (
            SERVED,
            "key = \"MODEL_KEY\"",
            "key = \"\"",
            "`[models.writer]`: `key` is empty".to_owned(),
            page,
        ),
    ] {
        assert!(text.contains(from), "{from}");
        let wrong = parse(&text.replacen(from, to, 1)).unwrap_err();
        assert_eq!(wrong, Fault::new(what, hint), "{from} -> {to}");
    }
    assert_eq!(
        parse("").unwrap_err(),
        Fault::new("it has no model", "add a section `[models.NAME]`")
    );
}

#[test]
fn a_model_that_is_not_there_is_told_with_the_nearest() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("models.toml"),
        format!("{PINNED}{SERVED}"),
    )
    .unwrap();
    let list = Catalogue::read(folder.path()).unwrap();
    assert_eq!(list.folder(), folder.path());
    assert_eq!(list.model("writer").unwrap().max_tokens, 131_072);
    let fault = list.model("all-minilm-l6").unwrap_err();
    assert_eq!(
        fault.what(),
        format!("`{}` has no model `all-minilm-l6`", list.path.display())
    );
    assert_eq!(fault.hint(), "did you mean `all-minilm-l6-v2`?");
}

fn new_model() -> NewModel {
    NewModel {
        name: "tiny".to_owned(),
        kind: KindName::Embeddings,
        engine: EngineName::Rten,
        url: Some("unix:/run/models.sock".to_owned()),
        model: None,
        key: None,
        dimensions: Some(4),
        max_tokens: 16,
        price: None,
        licence: "MIT \"or\" other".to_owned(),
        sha256: None,
        files: [("model", "tiny/a.onnx"), ("vocabulary", "tiny/b.txt")]
            .map(|(role, path)| (role.to_owned(), path.to_owned()))
            .into(),
    }
}

#[test]
fn models_that_are_added_at_the_same_time_are_all_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = &folder.path().join("models.toml");
    std::thread::scope(|scope| {
        for number in 0..16 {
            let new = NewModel {
                name: format!("m{number}"),
                engine: EngineName::Server,
                files: Vec::new(),
                sha256: Some("0".repeat(64)),
                ..new_model()
            };
            scope.spawn(move || add(path, &new).unwrap());
        }
    });
    assert_eq!(Catalogue::read(path).unwrap().models.len(), 16);
}

#[test]
fn a_model_is_added_with_the_digests_of_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("models.toml");
    fs::create_dir(folder.path().join("tiny")).unwrap();
    fs::write(folder.path().join("tiny/a.onnx"), "abc").unwrap();
    fs::write(folder.path().join("tiny/b.txt"), "").unwrap();
    let list = add(folder.path(), &new_model()).unwrap();
    assert_eq!(list, Catalogue::read(&path).unwrap());
    let tiny = list.model("tiny").unwrap();
    let digests: Vec<_> = tiny.files().iter().map(|(_, file)| &*file.sha256).collect();
    assert_eq!(
        digests,
        [
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ]
    );
    assert_eq!(tiny.licence, "MIT \"or\" other");
    verify(list.folder(), tiny).unwrap();
    // What stands there stays as it is.
    let before = format!("# ours\n{}", fs::read_to_string(&path).unwrap());
    fs::write(&path, &before).unwrap();
    let server = NewModel {
        name: "a/b:c".to_owned(),
        kind: KindName::Generation,
        engine: EngineName::Server,
        dimensions: None,
        price: Some(Price { call: 1, token: 2 }),
        sha256: Some("0".repeat(64)),
        files: Vec::new(),
        ..new_model()
    };
    let list = add(&path, &server).unwrap();
    assert_eq!(list.models.len(), 2);
    assert!(fs::read_to_string(&path).unwrap().starts_with(&*before));
    assert_eq!(list.model("a/b:c").unwrap().digest(), "0".repeat(64));
    // A mistake changes nothing.
    let before = fs::read_to_string(&path).unwrap();
    for (wrong, what) in [
        (new_model(), "has a model `tiny`"),
        (
            NewModel {
                name: "other".to_owned(),
                dimensions: None,
                ..new_model()
            },
            "missing field `dimensions`",
        ),
        (
            NewModel {
                name: "other".to_owned(),
                files: vec![("model".to_owned(), "missing".to_owned())],
                ..new_model()
            },
            "cannot read",
        ),
        (
            NewModel {
                name: "x\"]\n[evil".to_owned(),
                ..new_model()
            },
            "is no name of a model",
        ),
    ] {
        let fault = add(&path, &wrong).unwrap_err();
        assert!(fault.what().contains(what), "{fault}");
        assert_eq!(fs::read_to_string(&path).unwrap(), before);
    }
}

#[test]
fn a_file_that_is_another_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("tiny")).unwrap();
    fs::write(folder.path().join("tiny/a.onnx"), "abc").unwrap();
    fs::write(folder.path().join("tiny/b.txt"), "").unwrap();
    let list = add(folder.path(), &new_model()).unwrap();
    let tiny = list.model("tiny").unwrap();
    let (_, network) = tiny.files()[0];
    assert_eq!(read_file(list.folder(), network).unwrap(), b"abc");
    fs::write(folder.path().join("tiny/a.onnx"), "abd").unwrap();
    let found = digest::hex(b"abd");
    let expected = format!(
        "`{}` has the SHA-256 {found}, expected {}",
        folder.path().join("tiny/a.onnx").display(),
        network.sha256
    );
    for fault in [
        read_file(list.folder(), network).unwrap_err(),
        verify(list.folder(), tiny).unwrap_err(),
    ] {
        assert_eq!(fault.what(), expected);
    }
}
