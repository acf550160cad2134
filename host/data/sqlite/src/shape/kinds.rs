//! What a token is, as far as the price depends on it: an operator, a constant, a keyword, or a function that reads all rows.

use crate::tokens::Token;

const AGGREGATES: [&str; 7] = ["avg", "count", "max", "min", "string_agg", "sum", "total"];

/// Operators that are words.
const OPERATORS: [&str; 8] = [
    "between", "glob", "in", "is", "like", "match", "not", "regexp",
];

/// Functions that read all rows of a group. The names of those for JSON and `group_concat` have a part in common.
pub(super) fn is_aggregate(name: Token<'_>) -> bool {
    AGGREGATES.iter().any(|word| name.is(word))
        || matches!(name, Token::Word(word) if word.to_ascii_lowercase().contains("group_"))
}

pub(super) fn is_operator(token: Token<'_>) -> bool {
    match token {
        Token::Sign(sign) => "+-*/%|&<>=!~".contains(sign),
        _ => OPERATORS.iter().any(|word| token.is(word)),
    }
}

pub(super) fn is_constant(token: Token<'_>) -> bool {
    match token {
        Token::Word(word) => word.starts_with(|c: char| c.is_ascii_digit() || c == '.'),
        Token::Text(_) => true,
        _ => false,
    }
}

/// Words that begin a clause or stand between terms, and operators.
const KEYWORDS: [&str; 22] = [
    "and",
    "conflict",
    "else",
    "end",
    "from",
    "group",
    "having",
    "join",
    "limit",
    "on",
    "or",
    "order",
    "returning",
    "select",
    "set",
    "then",
    "union",
    "using",
    "values",
    "when",
    "where",
    "window",
];

pub(super) fn is_keyword(word: &str) -> bool {
    let is = |name: &&str| word.eq_ignore_ascii_case(name);
    KEYWORDS.iter().any(is) || OPERATORS.iter().any(is)
}
