//! What one file of Rust source declares and names: its modules, in the groups in which they are listed, and the
//! paths that lead to files of its crate.
//!
//! Code that is compiled for tests only is left out, because a test may use whatever it needs.

use super::cursor::Cursor;
use super::tokens::tokens;

/// What is read of a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) modules: Vec<Declared>,
    pub(super) paths: Vec<Named>,
}

/// A module that has a file of its own.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Declared {
    /// The modules in this file that contain it, and its name.
    pub(super) path: Vec<String>,
    /// Counts the groups of the file. A blank line, or anything except a module, begins the next group.
    pub(super) group: usize,
}

/// A path in the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// The modules in this file that contain it.
    pub(super) within: Vec<String>,
    /// The path as it is written. `*` is a name too.
    pub(super) path: Vec<String>,
    /// Whether others see the last name as one of this file's.
    pub(super) is_exported: bool,
}

/// Reads a file.
pub(super) fn read(text: &str) -> Source {
    let tokens = tokens(text);
    let mut reader = Reader {
        text,
        cursor: Cursor::new(&tokens),
        within: Vec::new(),
        last_module_line: None,
        group: 0,
        source: Source::default(),
    };
    reader.items(false);
    let Source { modules, mut paths } = reader.source;
    paths.retain(|named| named.is_exported || named.is_of_crate(&modules));
    Source { modules, paths }
}

impl Named {
    /// Whether it does not begin with the name of another crate, or of something that was imported.
    fn is_of_crate(&self, modules: &[Declared]) -> bool {
        let first = &self.path[0];
        let is_module = |declared: &Declared| {
            let path = declared.path.split_last();
            path.is_some_and(|(name, within)| name == first && *within == *self.within)
        };
        matches!(&**first, "crate" | "super" | "self") || modules.iter().any(is_module)
    }
}

struct Reader<'a> {
    text: &'a str,
    cursor: Cursor<'a>,
    within: Vec<String>,
    /// The line of the last declaration of a module, if only modules came after it.
    last_module_line: Option<usize>,
    group: usize,
    source: Source,
}

impl Reader<'_> {
    /// Reads to the end, or to the `}` of the module that contains the items.
    fn items(&mut self, in_braces: bool) {
        let mut depth = 0;
        let mut is_exported = false;
        while !self.cursor.is_at_end() {
            let cursor = &mut self.cursor;
            match cursor.peek(0) {
                "#" => {
                    cursor.attribute();
                    continue;
                }
                "pub" => {
                    cursor.visibility();
                    is_exported = true;
                    continue;
                }
                "mod" if cursor.is_word(1) && matches!(cursor.peek(2), ";" | "{") => {
                    self.module();
                    is_exported = false;
                    continue;
                }
                "use" if cursor.is_word(1) || matches!(cursor.peek(1), "{" | "::") => {
                    cursor.step(1);
                    self.tree(&mut Vec::new(), is_exported);
                }
                "{" => {
                    depth += 1;
                    cursor.step(1);
                }
                "}" if depth == 0 && in_braces => return,
                "}" => {
                    depth -= 1;
                    cursor.step(1);
                }
                _ if cursor.is_word(0) && cursor.peek(1) == "::" && cursor.begins_path() => {
                    self.path()
                }
                _ => cursor.step(1),
            }
            is_exported = false;
            self.last_module_line = None;
        }
    }

    fn module(&mut self) {
        let line = self.cursor.line();
        let (name, is_file) = (self.cursor.peek(1).to_owned(), self.cursor.peek(2) == ";");
        self.cursor.step(3);
        self.within.push(name);
        if is_file {
            let last = self.last_module_line.replace(line);
            if !last.is_some_and(|last| self.are_together(last, line)) {
                self.group += 1;
            }
            let (path, group) = (self.within.clone(), self.group);
            self.source.modules.push(Declared { path, group });
        } else {
            self.last_module_line = None;
            self.items(true);
            self.cursor.step(1);
            self.last_module_line = None;
        }
        self.within.pop();
    }

    /// Whether there is no blank line between two lines.
    fn are_together(&self, first: usize, second: usize) -> bool {
        let mut between = self.text.lines().skip(first).take(second - first);
        between.all(|line| !line.trim().is_empty())
    }

    /// A path in code: the names up to the first that no `::` follows.
    fn path(&mut self) {
        let mut path = vec![self.cursor.peek(0).to_owned()];
        self.cursor.step(1);
        while self.cursor.peek(0) == "::" && self.cursor.is_word(1) {
            path.push(self.cursor.peek(1).to_owned());
            self.cursor.step(2);
        }
        // An exported macro has the same path everywhere.
        if !(self.cursor.peek(0) == "!" && path.len() == 2) {
            self.name(path, false);
        }
    }

    /// What `use` imports: every leaf of its tree.
    fn tree(&mut self, before: &mut Vec<String>, is_exported: bool) {
        let length = before.len();
        loop {
            let cursor = &mut self.cursor;
            match cursor.peek(0) {
                "{" => {
                    cursor.step(1);
                    while !matches!(self.cursor.peek(0), "}" | "") {
                        self.tree(before, is_exported);
                        if self.cursor.peek(0) == "," {
                            self.cursor.step(1);
                        }
                    }
                    self.cursor.step(1);
                    break;
                }
                "::" => {
                    // After `::` at the start of a path comes another crate.
                    if before.is_empty() {
                        before.push(String::new());
                    }
                    cursor.step(1);
                }
                // The module itself, besides what is in it.
                "self" if !before.is_empty() => {
                    cursor.step(1);
                    self.name(before.clone(), is_exported);
                    break;
                }
                name if cursor.is_word(0) || name == "*" => {
                    before.push(name.to_owned());
                    cursor.step(1);
                    if cursor.peek(0) != "::" {
                        self.name(before.clone(), is_exported);
                        break;
                    }
                }
                // Not Rust.
                _ => {
                    cursor.step(1);
                    break;
                }
            }
        }
        if self.cursor.peek(0) == "as" {
            self.cursor.step(2);
        }
        before.truncate(length);
    }

    fn name(&mut self, path: Vec<String>, is_exported: bool) {
        let within = self.within.clone();
        self.source.paths.push(Named {
            within,
            path,
            is_exported,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    /// The paths of a source, each after the modules that contain it, with `+` if others see it as this file's.
    fn paths(source: &str) -> Vec<String> {
        let named = read(source).paths.into_iter().map(|named| {
            let within: String = named.within.iter().map(|name| format!("{name}/")).collect();
            let sign = if named.is_exported { "+" } else { "" };
            format!("{sign}{within}{}", named.path.join("::"))
        });
        named.collect()
    }

    #[test]
    fn every_path_to_a_file_of_the_crate_is_found() {
        let cases: [(&str, &[&str]); 28] = [
            ("use crate::a;", &["crate::a"]),
            ("use crate::a as b;", &["crate::a"]),
            (
                "use crate::{a, b::{self, C as D, e::*}, f};",
                &[
                    "crate::a",
                    "crate::b",
                    "crate::b::C",
                    "crate::b::e::*",
                    "crate::f",
                ],
            ),
            (
                "use {crate::a, std::b, super::c};",
                &["crate::a", "super::c"],
            ),
            ("use super::super::a::B;", &["super::super::a::B"]),
            (
                "use self::a::{B,\n  // C,\n  D,};",
                &["self::a::B", "self::a::D"],
            ),
            ("use std::fs; use a::b; use ::e::c; mod e;", &[]),
            (
                "pub use a::B; pub(crate) use crate::c::D; use e::F;",
                &["+a::B", "+crate::c::D"],
            ),
            ("pub mod a; use b::C;", &[]),
            (
                "mod a; mod b; use a::C; fn f() { b::c(); x.a::<u8>(); d::a::e() }",
                &["a::C", "b::c"],
            ),
            ("mod a; mod b { fn f() { a::c() } }", &[]),
            ("pub(in crate::a) fn f() {}", &[]),
            (
                "fn f(x: crate::a::B<crate::c::D>) -> Option<super::E> { self.g(); crate::h::<u8>() }",
                &["crate::a::B", "crate::c::D", "super::E", "crate::h"],
            ),
            (
                "fn f() { use crate::a; { use super::b; } }",
                &["crate::a", "super::b"],
            ),
            (
                "impl a::crate_name::T for u8 {} fn f() { x::self::y; }",
                &[],
            ),
            ("println!(\"{}\", crate::a::NAME);", &["crate::a::NAME"]),
            (
                "macro_rules! m { () => { $crate::a::b!() } }",
                &["crate::a::b"],
            ),
            ("crate::of_all_macros!(1);", &[]),
            (
                "mod a { use super::b; use crate::c; fn f() { self::d() } mod e { use super::super::g; } }",
                &[
                    "a/super::b",
                    "a/crate::c",
                    "a/self::d",
                    "a/e/super::super::g",
                ],
            ),
            ("mod a { fn f() { {} } } use crate::b;", &["crate::b"]),
            (
                "#[cfg(test)] mod tests { use crate::a; } use crate::b;",
                &["crate::b"],
            ),
            (
                "#[cfg(test)]\n#[other]\nfn f<A, B>(a: [u8; 2]) { crate::a() } use crate::b;",
                &["crate::b"],
            ),
            (
                "#[cfg(test)] use crate::a::{b, c}; use crate::d;",
                &["crate::d"],
            ),
            (
                "struct S { #[cfg(test)] a: crate::a::A, b: crate::b::B }",
                &["crate::b::B"],
            ),
            (
                "struct S { #[cfg(test)] a: crate::a::A } use crate::b;",
                &["crate::b"],
            ),
            (
                "#[cfg(all(test, unix))] fn f() { crate::a() } #[cfg(all(unix, any(test)))] fn g() { crate::b() }",
                &["crate::b"],
            ),
            (
                "#![cfg(test)] #![doc = \"crate::a\"] use crate::b;",
                &["crate::b"],
            ),
            ("use crate::{a, b", &["crate::a", "crate::b"]),
        ];
        for (source, expected) in cases {
            assert_eq!(paths(source), expected, "{source}");
        }
    }

    #[test]
    fn modules_are_grouped_by_blank_lines() {
        let source = "//! Head.\n\nmod a;\n// About `b`.\n#[cfg(unix)]\npub(crate) mod b;\n\nmod c;\nuse x::y;\nmod d;\n                      #[cfg(test)]\nmod tests;\nmod e { mod f;\nmod g; }\nmod h;\n";
        let modules = read(source).modules.into_iter();
        let found: Vec<_> = modules
            .map(|module| (module.path.join("/"), module.group))
            .collect();
        let expected = [
            ("a", 1),
            ("b", 1),
            ("c", 2),
            ("d", 3),
            ("e/f", 4),
            ("e/g", 4),
            ("h", 5),
        ];
        assert_eq!(
            found,
            expected.map(|(path, group)| (path.to_owned(), group))
        );
    }
}
