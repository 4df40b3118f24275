//! The part of a label selector that the database checks.

use std::collections::BTreeMap;

use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::QueryAs;
use sqlx::types::Json;

use kubenova_core::value::LabelSelector;
use kubenova_core::value::selector::Operator;

pub(super) type Query<R> = QueryAs<'static, Postgres, R, PgArguments>;

/// Pairs and keys that must, or must not, be among the labels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Selected {
    equal: BTreeMap<String, String>,
    has: Vec<String>,
    lacks: Vec<String>,
    /// Two values for one key: nothing matches.
    contradiction: bool,
}

impl Selected {
    pub(super) fn of(selector: &LabelSelector) -> Self {
        let mut out = Self::default();
        for wanted in selector.requirements() {
            let key = wanted.key.clone();
            match &wanted.operator {
                Operator::In(values) if values.len() == 1 => {
                    let old = out.equal.insert(key, values[0].clone());
                    out.contradiction |= old.is_some_and(|old| old != values[0]);
                }
                Operator::In(_)
                | Operator::Exists
                | Operator::GreaterThan(_)
                | Operator::LessThan(_) => {
                    out.has.push(key);
                }
                Operator::DoesNotExist => out.lacks.push(key),
                Operator::NotIn(_) => {}
            }
        }
        out
    }

    /// Whether the database checks all of it.
    pub(super) fn is_whole(selector: &LabelSelector) -> bool {
        selector
            .requirements()
            .iter()
            .all(|wanted| match &wanted.operator {
                Operator::In(values) => values.len() == 1,
                Operator::Exists | Operator::DoesNotExist => true,
                Operator::NotIn(_) | Operator::GreaterThan(_) | Operator::LessThan(_) => false,
            })
            && !Self::of(selector).contradiction
    }

    /// A pair that drives the list along the index of labels.
    pub(super) fn driver(&self) -> Option<(String, String)> {
        let first = self.equal.first_key_value();
        first.map(|(key, value)| (key.clone(), value.clone()))
    }

    /// Parameters 1 to 3.
    pub(super) fn bind<R>(&self, query: Query<R>) -> Query<R> {
        query
            .bind(Json(self.equal.clone()))
            .bind(self.has.clone())
            .bind(self.lacks.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> LabelSelector {
        LabelSelector::parse(text).unwrap()
    }

    #[test]
    fn what_the_database_cannot_check_is_left_to_us() {
        for whole in ["", "a=1", "a in (1)", "a,!b,c=2"] {
            assert!(Selected::is_whole(&read(whole)), "{whole}");
        }
        for part in ["a!=1", "a in (1,2)", "a>1", "a=1,a=2"] {
            assert!(!Selected::is_whole(&read(part)), "{part}");
        }
        let selected = Selected::of(&read("b=2,a=1,c in (1,2),!d,e!=1"));
        assert_eq!(selected.driver(), Some(("a".to_owned(), "1".to_owned())));
        assert_eq!(
            (selected.has, selected.lacks),
            (vec!["c".to_owned()], vec!["d".to_owned()])
        );
    }
}
