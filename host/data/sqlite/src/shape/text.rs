//! The queries of a text, with the tables, windows and terms of each.

use std::collections::{BTreeMap, BTreeSet};

use super::counts::{Counts, Place};
use crate::tokens::{Token, tokens};

/// One `SELECT`. A compound one has several arms.
#[derive(Default)]
pub(super) struct Arm {
    /// The tables of its join: names, and subqueries by their place.
    pub(super) names: Vec<Named>,
    /// The tables behind `IN`, each of which is a subquery.
    pub(super) searched: Vec<Named>,
    pub(super) joined: Vec<usize>,
    /// Subqueries elsewhere.
    pub(super) others: Vec<usize>,
    pub(super) stars: u64,
    pub(super) naturals: u64,
    pub(super) words: u64,
    pub(super) counts: Counts,
    pub(super) windows: BTreeSet<String>,
}

/// A table that a query names.
pub(super) struct Named {
    pub(super) name: String,
    /// Whether it comes after the name of a schema. Then no common table hides it.
    pub(super) is_stored: bool,
}

/// The queries of one text. A query is behind the one that it is in.
pub(super) struct Text {
    pub(super) queries: Vec<Vec<Arm>>,
    /// The common tables that it defines.
    pub(super) common: BTreeMap<String, Vec<usize>>,
}

/// What is between two parentheses.
#[derive(Default)]
struct Frame {
    query: usize,
    /// Whether this is among the tables of a join, and whether one comes next.
    in_from: bool,
    expects: bool,
    /// Whether the last token was the name of a table behind `IN`, and the dot after the name of a schema.
    has_searched: bool,
    dotted: Option<Dotted>,
    /// The name that was read last, which a common table has.
    name: String,
    begun: bool,
    opened: Opened,
    place: Place,
}

/// Where the name of a schema is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dotted {
    InJoin,
    BehindIn,
}

/// What is before a parenthesis.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Opened {
    #[default]
    Elsewhere,
    AsTable,
    AsCommon,
}

impl Text {
    pub(super) fn read(sql: &str) -> Text {
        let mut text = Text {
            queries: vec![vec![Arm::default()]],
            common: BTreeMap::new(),
        };
        let mut frames = vec![Frame {
            begun: true,
            place: Place::of_query(),
            ..Frame::default()
        }];
        let mut last = Token::Sign(' ');
        // The window that is read, and the parentheses around it.
        let mut window: Option<(usize, String)> = None;
        for token in tokens(sql) {
            let depth = frames.len();
            text.token(&mut frames, token, last);
            if let Some((around, read)) = &mut window {
                match token {
                    Token::Word(word) => *read += &word.to_ascii_lowercase(),
                    Token::Quoted(word) | Token::Text(word) => *read += word,
                    Token::Sign(sign) => read.push(sign),
                }
                read.push(' ');
                if frames.len() <= *around {
                    let done = window.take().unwrap_or_default().1;
                    let query = frames.last().map_or(0, |frame| frame.query);
                    text.arm(query).windows.insert(done);
                }
            } else if token.is("over") {
                window = Some((depth, String::new()));
            }
            last = token;
        }
        text
    }

    fn arm(&mut self, query: usize) -> &mut Arm {
        let arms = &mut self.queries[query];
        if arms.is_empty() {
            arms.push(Arm::default());
        }
        let last = arms.len() - 1;
        &mut arms[last]
    }

    fn token<'a>(&mut self, frames: &mut Vec<Frame>, token: Token<'a>, last: Token<'a>) {
        let Some(at) = frames.len().checked_sub(1) else {
            return;
        };
        self.begin(frames, at, token);
        let frame = &mut frames[at];
        let query = frame.query;
        let dotted = frame.dotted.take();
        let has_searched = std::mem::take(&mut frame.has_searched);
        if !matches!(token, Token::Sign('(' | ')')) {
            self.arm(query).counts.note(&mut frame.place, token, last);
        }
        match token {
            Token::Sign('(') => {
                let opened = if frame.expects || last.is("exists") {
                    Opened::AsTable
                } else if last.is("as") || last.is("materialized") {
                    Opened::AsCommon
                } else {
                    Opened::Elsewhere
                };
                let among = frame.expects;
                frame.expects = false;
                let name = frame.name.clone();
                let place = self.arm(query).counts.open(&frame.place, last);
                frames.push(Frame {
                    query,
                    in_from: among,
                    expects: among,
                    name,
                    opened,
                    place,
                    ..Frame::default()
                });
            }
            Token::Sign(')') => {
                if at > 0 {
                    let inner = frame.place;
                    frames.pop();
                    let around = &mut frames[at - 1];
                    let counts = &mut self.arm(around.query).counts;
                    counts.close(&mut around.place, inner);
                }
            }
            Token::Sign(',') => frame.expects = frame.in_from,
            // The name before was that of a schema.
            Token::Sign('.') if has_searched => {
                self.arm(query).searched.pop();
                frame.dotted = Some(Dotted::BehindIn);
            }
            Token::Sign('.') if frame.in_from && is_name(last) => {
                let named = &mut self.arm(query).names;
                let is_last = named.last().is_some_and(|last| last.name == frame.name);
                if !frame.name.is_empty() && is_last && frame.begun {
                    named.pop();
                    frame.expects = true;
                    frame.dotted = Some(Dotted::InJoin);
                }
            }
            Token::Sign('*') => {
                let is_all = matches!(last, Token::Sign(',' | '.'))
                    || ["select", "distinct", "all"]
                        .iter()
                        .any(|word| last.is(word));
                self.arm(query).stars += u64::from(is_all);
            }
            Token::Sign(_) => {}
            Token::Word(_) | Token::Quoted(_) | Token::Text(_) => {
                let arm = self.arm(query);
                arm.words += 1;
                let name = token.lower_name();
                let is_stored = dotted.is_some();
                if last.is("in") || dotted == Some(Dotted::BehindIn) {
                    frame.has_searched = last.is("in");
                    arm.searched.push(Named { name, is_stored });
                } else if frame.expects && !token.is("select") {
                    frame.expects = false;
                    frame.name.clone_from(&name);
                    arm.names.push(Named { name, is_stored });
                } else if !matches!(token, Token::Word(_)) {
                    frame.name = name;
                } else {
                    self.word(frame, name, last);
                }
            }
        }
    }

    /// The first token of a parenthesis tells whether it is a query of its own.
    fn begin(&mut self, frames: &mut [Frame], at: usize, token: Token<'_>) {
        let frame = &mut frames[at];
        if std::mem::replace(&mut frame.begun, true) {
            return;
        }
        let is_query = ["select", "with", "values"]
            .iter()
            .any(|word| token.is(word));
        if !is_query {
            return;
        }
        let (around, query) = (frame.query, self.queries.len());
        self.queries.push(vec![Arm::default()]);
        frame.query = query;
        frame.in_from = false;
        frame.expects = false;
        frame.place = Place::of_query();
        match frame.opened {
            Opened::AsTable => self.arm(around).joined.push(query),
            Opened::AsCommon => {
                let name = frame.name.clone();
                self.common.entry(name).or_default().push(query);
            }
            Opened::Elsewhere => self.arm(around).others.push(query),
        }
    }

    fn word(&mut self, frame: &mut Frame, lower: String, last: Token<'_>) {
        let query = frame.query;
        match lower.as_str() {
            // `IS DISTINCT FROM` compares.
            "from" if !last.is("distinct") => {
                frame.in_from = true;
                frame.expects = true;
            }
            "join" => {
                frame.in_from = true;
                frame.expects = true;
            }
            "natural" => self.arm(query).naturals += 1,
            "union" | "except" | "intersect" => {
                self.queries[query].push(Arm::default());
                frame.in_from = false;
            }
            "select" | "where" | "group" | "having" | "window" | "order" | "limit" | "set"
            | "values" | "returning" => frame.in_from = false,
            "as" | "not" | "materialized" | "and" | "or" | "when" => {}
            _ => frame.name = lower,
        }
    }
}

fn is_name(token: Token<'_>) -> bool {
    !matches!(token, Token::Sign(_))
}
