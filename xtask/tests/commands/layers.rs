//! The order of files: `cargo xtask tidy` finds a circle and an arrow that runs back, and names them.

use crate::scratch::Scratch;

/// What `tidy` finds in a crate with these files: each problem with its hint, on two lines.
fn problems(files: &[(&str, &str)]) -> Vec<String> {
    let scratch = Scratch::new();
    let manifest = "[package]\nname = \"fractalaw-layered\"\n";
    scratch.write("host/layered/Cargo.toml", manifest);
    for (file, text) in files {
        let text = format!("//! A file.\n\n{text}");
        let text = format!("{}\n", text.trim_end());
        scratch.write(&format!("host/layered/src/{file}.rs"), &text);
    }
    let ended = scratch.xtask(["tidy"]);
    let said = ended.stderr.replace("host/layered/src/", "");
    let mut problems: Vec<String> = Vec::new();
    for line in said.lines() {
        match line.strip_prefix("error: ") {
            Some(problem) => problems.push(problem.to_owned()),
            None => problems.extend(line.strip_prefix("hint: ").map(str::to_owned)),
        }
    }
    // The number of problems.
    let count = problems.pop();
    assert_eq!(
        ended.code,
        if count.is_some() { 12 } else { 0 },
        "{}",
        ended.stderr
    );
    problems
}

#[test]
fn files_from_the_ground_up_are_in_order() {
    let found = problems(&[
        (
            "lib",
            "mod ground;\n\nmod left;\nmod right;\n\nmod folder;\nmod heading;\n\npub use folder::one::One;",
        ),
        ("ground", "pub(crate) struct Ground;"),
        ("left", "use super::ground::Ground;\nuse crate::right;"),
        (
            "right",
            "use crate::ground::{self, Ground as Soil};\n\n// use crate::folder;\n#[cfg(test)]\nmod tests {\n    use \
             super::*;\n    use crate::folder::two::Two;\n}",
        ),
        // A head above its files, and one below them.
        (
            "folder",
            "pub(crate) mod one;\n\nmod two;\n\nuse one::One;\nuse two::Two;",
        ),
        (
            "folder/one",
            "use crate::left;\n\nuse self::inner::deeper;\n\nmod inner {\n    use super::left;\n}",
        ),
        ("folder/two", "use super::one::One;"),
        (
            "heading",
            "mod text;\n\nuse crate::folder;\n\npub(crate) struct Heading;",
        ),
        ("heading/text", "use super::Heading;"),
    ]);
    assert_eq!(found, [""; 0]);
}

#[test]
fn an_arrow_back_names_the_files_and_what_is_used() {
    let ground = |module: &str| {
        format!(
            "`lib.rs` lists its modules from the ground up: move what is used into a file further up, or `mod {module}` \
             below `mod above`"
        )
    };
    let found = problems(&[
        ("lib", "mod below;\nmod folder;\n\nmod above;"),
        (
            "below",
            "use crate::above::{A, b::{C, D}};\n\nfn f() -> super::above::E {\n    h(crate::above::g)\n}",
        ),
        ("folder", "mod deep;"),
        ("folder/deep", "use crate::above::A;"),
        ("above", ""),
    ]);
    assert_eq!(
        found,
        [
            "`below.rs` uses `A`, `E`, `b`, `g` of `above.rs`, which `lib.rs` lists further down",
            &ground("below"),
            "`folder/deep.rs` uses `A` of `above.rs`, which `lib.rs` lists further down",
            &ground("folder"),
        ]
    );
}

/// The head only passes the name on. What is its own may be used.
#[test]
fn an_arrow_back_through_the_head_is_found() {
    let found = problems(&[
        (
            "lib",
            "mod below;\nmod other;\n\nmod above;\n\npub use above::{A, B};\npub(crate) \
             struct Own;",
        ),
        ("below", "use crate::{A, Own};"),
        ("other", "use super::Own;"),
        ("above", "pub struct A;\npub struct B;"),
    ]);
    assert_eq!(
        found,
        [
            "`below.rs` uses `A`, `Own` of `lib.rs`, and `lib.rs` uses `A`, `B` of `above.rs`, which `lib.rs` lists further \
             down",
            "`lib.rs` lists its modules from the ground up: move what is used into a file further up",
        ]
    );
}

#[test]
fn a_circle_names_its_files_and_what_they_use_of_each_other() {
    let share = "move what they share into a file that `lib.rs` lists above them";
    let found = problems(&[
        (
            "lib",
            "mod a;\nmod b;\n\nmod c;\nmod d;\nmod e;\n\nmod left;\nmod right;",
        ),
        // In one group or in two, an arrow that closes a circle is part of it.
        ("a", "use crate::b::B;\nuse crate::e::E;"),
        ("b", "use super::a::{A, aa};"),
        ("c", "use crate::d;"),
        ("d", "use crate::e::E;"),
        ("e", "fn f() {\n    crate::c::g();\n}"),
        ("left", "mod one;\n\nmod two;"),
        ("left/one", "use crate::right::One;"),
        ("left/two", ""),
        ("right", "mod three;\n\nuse crate::left::two::Two;"),
        ("right/three", ""),
    ]);
    assert_eq!(
        found,
        [
            "a circle of files: `a.rs` uses `B` of `b.rs`, `b.rs` uses `A`, `aa` of `a.rs`",
            share,
            "a circle of folders: `left/one.rs` uses `One` of `right.rs`, `right.rs` uses `Two` of `left/two.rs`",
            share,
            "a circle of files: `c.rs` uses `d` of `d.rs`, `d.rs` uses `E` of `e.rs`, `e.rs` uses `g` of `c.rs`",
            share,
            "`a.rs` uses `E` of `e.rs`, which `lib.rs` lists further down",
            "`lib.rs` lists its modules from the ground up: move what is used into a file further up, or `mod a` below \
             `mod e`",
        ]
    );
}

#[test]
fn a_head_and_its_files_do_not_use_each_other() {
    let found = problems(&[
        (
            "lib",
            "mod error;\n\nmod folder;\n\npub use error::Error;\npub use other_crate::{Other, text};\npub use folder::top;",
        ),
        ("error", ""),
        (
            "folder",
            "mod one;\nmod two;\n\npub(crate) use one::One;\nuse two::Two;\n\npub(crate) struct Own;",
        ),
        ("folder/one", "use crate::{Error, text};"),
        ("folder/two", "use super::{One, Own};"),
    ]);
    assert_eq!(
        found,
        [
            "a circle of folders: `lib.rs` uses `top` of `folder.rs`, `folder/one.rs` uses `Error`, `text` of `lib.rs`",
            "name the place that it comes from: `crate::error::Error`, `other_crate::text`",
            "a circle of files: `folder.rs` uses `Two` of `folder/two.rs`, `folder/two.rs` uses `One`, `Own` of `folder.rs`",
            "name the place that it comes from: `crate::folder::one::One`",
        ]
    );
}

#[test]
fn the_root_of_a_crate_is_named_when_a_file_uses_it_whole() {
    let found = problems(&[
        ("lib", "mod file;\n\npub use file::Text;"),
        ("file", "use crate as own;\n\npub struct Text;"),
    ]);
    assert_eq!(
        found,
        [
            "a circle of files: `lib.rs` uses `Text` of `file.rs`, `file.rs` uses `crate` of `lib.rs`",
            "move what they share out of `lib.rs` into a file that it lists",
        ]
    );
}
