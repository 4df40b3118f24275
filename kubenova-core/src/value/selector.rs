//! Label selectors: the string grammar of Kubernetes, parsed and matched.

mod parse;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// A conjunction of requirements on labels; empty selects everything.
///
/// *Shape:* `a=b`, `a==b`, `a!=b`, `a in (x,y)`, `a notin (x,y)`, `a`, `!a`, `a>1`, `a<1`, joined by commas; at most 4 KiB
/// and 64 requirements. *Source:* apimachinery `labels.Parse`; `!=` and `notin` match an absent key.
/// ```
/// use std::collections::BTreeMap;
/// use kubenova_core::value::LabelSelector;
/// let selector = LabelSelector::parse("team in (blue, red), !legacy")?;
/// let labels = BTreeMap::from([("team".to_owned(), "blue".to_owned())]);
/// assert!(selector.matches(&labels));
/// # Ok::<(), kubenova_core::value::InvalidSelector>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelSelector(Vec<Requirement>);

/// One requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The label's key: a qualified name.
    pub key: String,
    /// What is required of its value.
    pub operator: Operator,
}

/// What a requirement demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operator {
    /// The value is one of these; sorted, never empty. `=` is a list of one.
    In(Vec<String>),
    /// The key is absent or the value is none of these; sorted, never empty. `!=` is a list of one.
    NotIn(Vec<String>),
    /// The key is there.
    Exists,
    /// The key is not there.
    DoesNotExist,
    /// The value is an integer above this.
    GreaterThan(i64),
    /// The value is an integer below this.
    LessThan(i64),
}

/// Why a text is no selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at character {at}: {why}")]
pub struct InvalidSelector {
    /// Position in the text, in bytes from 0.
    pub at: usize,
    /// The reason.
    pub why: &'static str,
}

impl LabelSelector {
    /// The longest selector, in bytes.
    pub const MAX_BYTES: usize = 4096;
    /// The most requirements of one selector.
    pub const MAX_REQUIREMENTS: usize = 64;

    /// Reads a selector.
    ///
    /// # Errors
    /// [`InvalidSelector`] with position and reason.
    pub fn parse(text: &str) -> Result<Self, InvalidSelector> {
        parse::selector(text).map(Self)
    }

    /// Whether labels fulfil every requirement.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.matches_by(|key| labels.get(key).map(String::as_str))
    }

    /// The same over any lookup.
    pub fn matches_by<'a>(&self, value_of: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.0
            .iter()
            .all(|requirement| requirement.holds(value_of(&requirement.key)))
    }

    /// The requirements, for adapters that translate them.
    pub fn requirements(&self) -> &[Requirement] {
        &self.0
    }

    /// Whether it selects everything.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Requirement {
    /// Whether the value of the key, if there is one, fulfils this.
    pub fn holds(&self, value: Option<&str>) -> bool {
        let among = |list: &[String], value: &str| list.iter().any(|one| one == value);
        let number = |value: &str| value.parse::<i64>().ok();
        match (&self.operator, value) {
            (Operator::Exists, found) => found.is_some(),
            (Operator::DoesNotExist, found) => found.is_none(),
            (Operator::NotIn(list), found) => found.is_none_or(|value| !among(list, value)),
            (Operator::In(list), Some(value)) => among(list, value),
            (Operator::GreaterThan(bound), Some(value)) => {
                number(value).is_some_and(|n| n > *bound)
            }
            (Operator::LessThan(bound), Some(value)) => number(value).is_some_and(|n| n < *bound),
            (Operator::In(_) | Operator::GreaterThan(_) | Operator::LessThan(_), None) => false,
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = &self.key;
        match &self.operator {
            Operator::In(list) if list.len() == 1 => write!(f, "{key}={}", list[0]),
            Operator::NotIn(list) if list.len() == 1 => write!(f, "{key}!={}", list[0]),
            Operator::In(list) => write!(f, "{key} in ({})", list.join(",")),
            Operator::NotIn(list) => write!(f, "{key} notin ({})", list.join(",")),
            Operator::Exists => f.write_str(key),
            Operator::DoesNotExist => write!(f, "!{key}"),
            Operator::GreaterThan(bound) => write!(f, "{key}>{bound}"),
            Operator::LessThan(bound) => write!(f, "{key}<{bound}"),
        }
    }
}

impl fmt::Display for LabelSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, requirement) in self.0.iter().enumerate() {
            let comma = if n == 0 { "" } else { "," };
            write!(f, "{comma}{requirement}")?;
        }
        Ok(())
    }
}

impl FromStr for LabelSelector {
    type Err = InvalidSelector;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn the_grammar_is_kubernetes_grammar() {
        let there = labels(&[("a", "1"), ("b", "x"), ("in", "notin"), ("e", "")]);
        for (text, expected) in [
            ("", true),
            ("a=1", true),
            ("a==1", true),
            ("a = 1", true),
            ("a!=1", false),
            ("z!=1", true),
            ("a in (1,2)", true),
            ("a in ( 2 )", false),
            ("z notin (1)", true),
            ("a notin (1)", false),
            ("a", true),
            ("!a", false),
            ("!z", true),
            ("! z", true),
            ("a>0", true),
            ("a<1", false),
            ("b>0", false),
            ("a=1,b=x", true),
            ("a=1,b=y", false),
            ("in in (notin)", true),
            ("e=", true),
            ("e in (,x)", true),
            ("z=", false),
            ("a=1 , b", true),
            ("a\t=\n1", true),
        ] {
            let parsed = LabelSelector::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"));
            assert_eq!(parsed.matches(&there), expected, "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused_with_its_position() {
        let long = "a".repeat(5000);
        let many = vec!["a"; 65].join(",");
        for text in [
            ",",
            "a,",
            ",a",
            "a=1,,b",
            "a in ()",
            "a in (1",
            "a in 1",
            "a=b=c",
            "a b",
            "=1",
            "a>x",
            "a>1,<",
            "!",
            "!a=1",
            "a/b/c=1",
            "a=-x",
            "ä=1",
            "a=ä",
            "a in (1))",
            "a !in (1)",
            long.as_str(),
            many.as_str(),
            "a\0=1",
        ] {
            assert!(LabelSelector::parse(text).is_err(), "{text:?}");
        }
        assert_eq!(LabelSelector::parse("a=1,,b").unwrap_err().at, 4);
    }

    fn requirement() -> impl Strategy<Value = Requirement> {
        let value = "([a-c]([a-c.]{0,2}[a-c])?)?";
        let list = prop::collection::btree_set(value, 1..4)
            .prop_map(|set| set.into_iter().collect::<Vec<_>>());
        let operator = prop_oneof![
            list.clone().prop_map(Operator::In),
            list.prop_map(Operator::NotIn),
            Just(Operator::Exists),
            Just(Operator::DoesNotExist),
            (-9..9_i64).prop_map(Operator::GreaterThan),
            (-9..9_i64).prop_map(Operator::LessThan),
        ];
        ("[a-d]|x\\.io/[a-d]", operator).prop_map(|(key, operator)| Requirement { key, operator })
    }

    proptest! {
        #[test]
        fn what_is_printed_parses_to_the_same(list in prop::collection::vec(requirement(), 0..5)) {
            let selector = LabelSelector(list);
            let printed = selector.to_string();
            let parsed = LabelSelector::parse(&printed);
            prop_assert_eq!(parsed, Ok(selector), "{}", printed);
        }

        #[test]
        fn no_text_panics(text in ".{0,60}") {
            let _ = LabelSelector::parse(&text);
        }

        #[test]
        fn a_requirement_and_its_contrary_exclude_each_other(list in prop::collection::btree_set("[a-c]", 1..3), found in prop::option::of("[a-d]")) {
            let list: Vec<String> = list.into_iter().collect();
            let holds = |operator| Requirement { key: "k".into(), operator }.holds(found.as_deref());
            prop_assert_ne!(holds(Operator::In(list.clone())), holds(Operator::NotIn(list)));
        }
    }
}
