//! The parser of selectors: a lexer over bytes and one function per production.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a parser names what it accepts; every other token is an error"
)]

use super::{InvalidSelector, LabelSelector, Operator, Requirement};
use crate::value::labels::{is_label_value, is_qualified_name};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    Comma,
    Open,
    Close,
    Not,
    Equals,
    NotEquals,
    Greater,
    Less,
    End,
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

pub(super) fn selector(text: &str) -> Result<Vec<Requirement>, InvalidSelector> {
    if text.len() > LabelSelector::MAX_BYTES {
        return Err(InvalidSelector {
            at: LabelSelector::MAX_BYTES,
            why: "is longer than 4 KiB",
        });
    }
    let mut lexer = Lexer { text, at: 0 };
    let mut list = Vec::new();
    if lexer.peek() == Token::End {
        return Ok(list);
    }
    loop {
        if list.len() == LabelSelector::MAX_REQUIREMENTS {
            return Err(lexer.error("has more than 64 requirements"));
        }
        list.push(requirement(&mut lexer)?);
        match lexer.next() {
            Token::End => return Ok(list),
            Token::Comma => {}
            _ => return Err(lexer.error("expected ',' or the end")),
        }
    }
}

fn requirement(lexer: &mut Lexer<'_>) -> Result<Requirement, InvalidSelector> {
    let negated = lexer.peek() == Token::Not;
    if negated {
        lexer.next();
    }
    let key = key(lexer)?;
    let operator = match lexer.peek() {
        Token::Comma | Token::End if negated => Operator::DoesNotExist,
        _ if negated => return Err(lexer.error("'!' stands before a key alone")),
        Token::Comma | Token::End => Operator::Exists,
        _ => operator(lexer)?,
    };
    Ok(Requirement { key, operator })
}

fn key(lexer: &mut Lexer<'_>) -> Result<String, InvalidSelector> {
    let at = lexer.at;
    match lexer.next() {
        Token::Word(word) if is_qualified_name(word) => Ok(word.to_owned()),
        Token::Word(_) => Err(InvalidSelector {
            at,
            why: "is not a qualified name",
        }),
        _ => Err(InvalidSelector {
            at,
            why: "expected a key",
        }),
    }
}

fn operator(lexer: &mut Lexer<'_>) -> Result<Operator, InvalidSelector> {
    match lexer.next() {
        Token::Equals => Ok(Operator::In(vec![value(lexer)?])),
        Token::NotEquals => Ok(Operator::NotIn(vec![value(lexer)?])),
        Token::Word("in") => Ok(Operator::In(values(lexer)?)),
        Token::Word("notin") => Ok(Operator::NotIn(values(lexer)?)),
        Token::Greater => Ok(Operator::GreaterThan(number(lexer)?)),
        Token::Less => Ok(Operator::LessThan(number(lexer)?)),
        _ => Err(lexer.error("expected an operator")),
    }
}

/// One value after `=` or `!=`; nothing is the empty value.
fn value(lexer: &mut Lexer<'_>) -> Result<String, InvalidSelector> {
    let at = lexer.at;
    match lexer.peek() {
        Token::Comma | Token::End => Ok(String::new()),
        Token::Word(word) if is_label_value(word) => {
            lexer.next();
            Ok(word.to_owned())
        }
        _ => Err(InvalidSelector {
            at,
            why: "expected a label value",
        }),
    }
}

fn number(lexer: &mut Lexer<'_>) -> Result<i64, InvalidSelector> {
    let at = lexer.at;
    match lexer.next() {
        Token::Word(word) => word.parse().map_err(|_| InvalidSelector {
            at,
            why: "expected an integer",
        }),
        _ => Err(InvalidSelector {
            at,
            why: "expected an integer",
        }),
    }
}

/// A list in parentheses. A missing element is the empty value, as upstream has it; the list itself is never empty.
fn values(lexer: &mut Lexer<'_>) -> Result<Vec<String>, InvalidSelector> {
    if lexer.next() != Token::Open {
        return Err(lexer.error("expected '('"));
    }
    if lexer.peek() == Token::Close {
        return Err(lexer.error("the list must not be empty"));
    }
    let mut list = Vec::new();
    loop {
        let at = lexer.at;
        match lexer.peek() {
            Token::Word(word) if is_label_value(word) => {
                lexer.next();
                list.push(word.to_owned());
            }
            Token::Comma | Token::Close => list.push(String::new()),
            _ => {
                return Err(InvalidSelector {
                    at,
                    why: "expected a label value",
                });
            }
        }
        match lexer.next() {
            Token::Comma => {}
            Token::Close => break,
            _ => return Err(lexer.error("expected ',' or ')'")),
        }
    }
    list.sort_unstable();
    list.dedup();
    Ok(list)
}

impl<'a> Lexer<'a> {
    const fn error(&self, why: &'static str) -> InvalidSelector {
        InvalidSelector {
            at: self.at.saturating_sub(1),
            why,
        }
    }

    fn peek(&mut self) -> Token<'a> {
        self.skip_blanks();
        let at = self.at;
        let token = self.next();
        self.at = at;
        token
    }

    fn skip_blanks(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest
            .iter()
            .take_while(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'))
            .count();
    }

    fn next(&mut self) -> Token<'a> {
        self.skip_blanks();
        let rest = &self.text[self.at..];
        let (token, length) = match rest.as_bytes() {
            [] => (Token::End, 0),
            [b',', ..] => (Token::Comma, 1),
            [b'(', ..] => (Token::Open, 1),
            [b')', ..] => (Token::Close, 1),
            [b'>', ..] => (Token::Greater, 1),
            [b'<', ..] => (Token::Less, 1),
            [b'=', b'=', ..] => (Token::Equals, 2),
            [b'=', ..] => (Token::Equals, 1),
            [b'!', b'=', ..] => (Token::NotEquals, 2),
            [b'!', ..] => (Token::Not, 1),
            _ => {
                let end = |c: char| c.is_ascii_whitespace() || ",()><=!".contains(c);
                let length = rest.find(end).unwrap_or(rest.len());
                (Token::Word(&rest[..length]), length)
            }
        };
        self.at += length;
        token
    }
}
