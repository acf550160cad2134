//! Policy files: what they mean, and the errors of invalid ones.

use std::fs;
use std::path::Path;

use fractalaw_host::capability::Offer;
use fractalaw_host::{Host, Policy, Section};
use fractalaw_provenance::SecretKey;

#[test]
fn a_policy_that_is_wrong_says_where_and_what_to_do() {
    const DIGEST: &str = "DIGEST is the component's whole SHA-256, which `fractalaw inspect` prints: others with the \
                          same first digits can be made";
    const A_KEY: &str = "a public key is `ed25519:` and 64 digits, as `fractalaw keys show` prints it; `[keys]` gives \
                         names to keys";
    let page = "`host/POLICY.md` describes every key";
    let cases = [
        (
            "[apps.x]\nenv.A = true\nenv.A = true\n",
            "3: `A` stands there twice, expected it once",
            "a section stands once, with all its lines, and each key in it once",
        ),
        (
            "[app.x]\n",
            "1: unknown key `app`, expected `all`, `groups`, `apps`, `keys`",
            "did you mean `apps`?",
        ),
        (
            "[apps.x]\n\nevn.A = true\n",
            "3: unknown key `evn`, expected `tier`, `interfaces`, `dirs`, `env`, `args`, `stdin`, `quotas`, `require-signature`",
            page,
        ),
        (
            "[all]\ntier = \"huge\"\n",
            "2: unknown tier `huge`, expected `lightweight`, `standard` or `heavy`",
            page,
        ),
        (
            "[all]\ntier = 3\n",
            "2: `tier` is integer, expected `lightweight`, `standard` or `heavy`",
            page,
        ),
        (
            "[apps.x]\nstdin = false\n",
            "2: `stdin` is `false`, expected `true`",
            "what no section grants is denied: remove the line",
        ),
        (
            "[apps.x]\ninterfaces.\"fractal:app/data-qery\" = true\n",
            "2: `fractal:app/data-qery` is no interface that needs a grant",
            "those that do: fractal:app/ai-classify, fractal:app/ai-embeddings, \
             fractal:app/ai-inference, fractal:app/data-mutate, fractal:app/data-query, \
             fractal:app/events-emit, fractal:app/events-schedule, wasi:sockets",
        ),
        (
            "[apps.x]\ninterfaces.\"fractal:app/data-query@0.1.0\" = true\n",
            "2: `fractal:app/data-query@0.1.0` is no interface that needs a grant",
            "grant `fractal:app/data-query`, without a version",
        ),
        (
            "[apps.x]\nquotas.audit-entries = 10_001\n",
            "2: `audit-entries` is 10001, expected at most 10000",
            "a policy lowers the host's own bounds, which stand in `host/report/src/limits.rs`",
        ),
        (
            "[apps.x]\nquotas.audit-entries = -1\n",
            "2: `audit-entries` is integer, expected a number from 0 to 10000",
            page,
        ),
        (
            "[apps.x]\nquotas.entries = 1\n",
            "2: unknown key `entries`, expected `host-calls`, `host-bytes`, `audit-entries`, `audit-bytes`, `handles`, `host-memory`",
            page,
        ),
        (
            "[apps.x]\ndirs.\"/d\" = { hots = \"d\" }\n",
            "2: unknown key `hots`, expected `host`, `writable`",
            "did you mean `host`?",
        ),
        (
            "[apps.x]\nenv.\"A B\" = \"x\"\n",
            "2: `A B` is no name of a variable, expected letters, digits and `_`, and no digit in front",
            page,
        ),
        (
            "[apps.x]\nenv.FRACTALAW_TRIGGER = \"event\"\n",
            "2: `FRACTALAW_TRIGGER` is a variable of the host's own, expected a name that does not begin with `FRACTALAW_`",
            page,
        ),
        (
            "[apps.x]\nargs = \"one\"\n",
            "2: `args` is string, expected `true` or a list of strings",
            page,
        ),
        (
            "[apps.\"x@123\"]\nargs = true\n",
            "1: `x@123` has 3 digits of a digest, expected all 64",
            DIGEST,
        ),
        (
            "[apps.\"x@ABCDABCDABCDABCDABCDABCDABCDABCDABCDABCDABCDABCDABCDABCDABCDABCD\"]",
            "1: `x@ABCDABCDABCDABCDABCDABCDABCDABCDABCDABCDABCDABCDABCDABCDABCDABCD` has a digest with upper-case digits, expected lower-case ones",
            DIGEST,
        ),
        (
            "[apps.\"x@0123456789ab\"]",
            "1: `x@0123456789ab` has 12 digits of a digest, expected all 64",
            DIGEST,
        ),
        (
            "[apps.\"x@newest\"]",
            "1: `x@newest` names no micro-app, expected `NAME`, `NAME@DIGEST` or `@DIGEST`",
            DIGEST,
        ),
        (
            "[groups.g]\napps = [\"@0123456789ABCDEF\"]",
            "2: `@0123456789ABCDEF` has 16 digits of a digest, expected all 64",
            DIGEST,
        ),
        (
            "[all]\nstdin = true\n[groups.g]\nargs = true\n",
            "3: group `g` is about nothing",
            "say which micro-apps are in it: `apps = [\"one\", \"two\"]`",
        ),
        (
            "[groups.g]\napps = [\"one\", 2]\n",
            "2: `apps` is integer, expected a list of strings",
            page,
        ),
        (
            "[apps.\"\\u001b[2J\"]\n\"\\u001b\" = 1\n",
            "2: unknown key `\\u{1b}`, expected `tier`, `interfaces`, `dirs`, `env`, `args`, `stdin`, `quotas`, `require-signature`",
            page,
        ),
        (
            "[all]\ndirs.\"/d\" = true\ndirs.\"//d/\" = true\n",
            "2: `/d` is one path with another key of this table",
            page,
        ),
        (
            "[keys]\nrelease = \"ed25519:00\"\n",
            "2: `ed25519:00` is no public key",
            A_KEY,
        ),
        (
            "[keys]\nrelease = 1\n",
            "2: `release` is integer, expected a public key",
            page,
        ),
        (
            "[all]\nrequire-signature = \"release\"\n",
            "2: `release` is no key, and not the name of one",
            A_KEY,
        ),
        (
            "[all]\nrequire-signature = true\n",
            "2: `require-signature` is boolean, expected a key, or a list of keys",
            A_KEY,
        ),
        (
            "[all]\nrequire-signature = []\n",
            "2: `require-signature` has 0 keys, expected 1 to 16",
            page,
        ),
        (
            "[all]\ndirs.\"/d/..\" = true\n",
            "2: `/d/..` is no path of a guest, expected one without `..`",
            page,
        ),
    ];
    for (text, message, hint) in cases {
        let read = Policy::parse(Path::new("p.toml"), text);
        let read = read.and_then(|policy| policy.check(Offer::standard()));
        let error = read.unwrap_err();
        assert_eq!(error.to_string(), format!("`p.toml`:{message}"), "{text}");
        assert_eq!(error.hint, hint, "{text}");
    }
}

/// Each form in which TOML nests, a hundred thousand levels deep, is an error and overflows no stack.
#[test]
fn what_is_nested_without_end_is_an_error() {
    let levels = 100_000;
    let keys = "a.".repeat(levels) + "a";
    for text in [
        format!("x = {}1{}", "[".repeat(levels), "]".repeat(levels)),
        format!("x = {}1{}", "{ a = ".repeat(levels), " }".repeat(levels)),
        format!("{keys} = 1"),
        format!("[{keys}]"),
        format!("[[{keys}]]"),
        format!("x = {}", "[".repeat(levels)),
    ] {
        let form = &text[..20];
        let error = Policy::parse(Path::new("p.toml"), &text).unwrap_err();
        assert!(error.to_string().contains("recur"), "{form}: {error}");
        assert!(Section::parse(&text).is_err(), "{form}");
    }
}

#[test]
fn a_line_on_its_own_has_no_place_to_name() {
    let error = Section::parse("args = 1").unwrap_err();
    assert_eq!(
        error.to_string(),
        "`args` is integer, expected `true` or a list of strings"
    );
    let error = Section::parse("require-signature = \"release\"").unwrap_err();
    assert_eq!(
        error.to_string(),
        "`release` is no key, and not the name of one"
    );
    let key = SecretKey::from_seed(&[1; 32]).public();
    let error = Section::parse(&format!("require-signature = \"{key}\"")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`require-signature` is no grant, and stands in a policy's file"
    );
    assert!(Section::parse("").unwrap().is_empty());
    assert!(
        !Section::parse("args = true\nenv.A = \"1\"")
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_file_is_known_by_its_digest_and_one_that_cannot_be_read_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.toml");
    let error = Policy::load(&path).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "could not read `{}`: No such file or directory (os error 2)",
            path.display()
        )
    );
    fs::write(&path, "").unwrap();
    let policy = Policy::load(&path).unwrap();
    assert_eq!(policy.id().path, path);
    assert_eq!(
        policy.id().sha256,
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    fs::write(&path, vec![b'#'; (4 << 20) + 1]).unwrap();
    assert_eq!(
        Policy::load(&path).unwrap_err().to_string(),
        format!("`{}` is larger than 4.0 MiB", path.display())
    );
}

#[test]
fn a_policy_that_comes_from_no_file_is_one() {
    let host = Host::builder().slots(1).policy(Policy::default()).build();
    assert!(host.is_ok(), "{:?}", host.err());
}
