//! Exact resource quantities, as Kubernetes reads and prints them.

mod parse;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

/// An amount of a resource: exact to a billionth, compared by value, printed canonically.
///
/// *Shape:* `1`, `500m`, `1.5Gi`, `1e3`, `-2k`; suffixes `n u m k M G T P E`, `Ki Mi Gi Ti Pi Ei` and `e`/`E` exponents.
/// Finer than a billionth is rounded up, away from zero. *Units:* whatever the resource is counted in (cores, bytes).
/// *Source:* apimachinery `resource.Quantity` ("`CanonicalizeBytes`").
/// ```
/// use kubenova_core::value::Quantity;
/// assert_eq!(Quantity::parse("1.5Gi")?.to_string(), "1536Mi");
/// assert_eq!(Quantity::parse("1000m")?, Quantity::parse("1")?);
/// # Ok::<(), kubenova_core::value::InvalidQuantity>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Quantity {
    nanos: i128,
    format: Format,
}

/// The family of suffixes a quantity was written in, which its canonical form keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    DecimalSi,
    BinarySi,
    DecimalExponent,
}

/// Why a text is no quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidQuantity {
    /// Nothing given.
    #[error("must not be empty")]
    Empty,
    /// Not a number with a known suffix.
    #[error("is no quantity: digits with an optional fraction and a suffix such as m, k, Mi or e3")]
    Syntax,
    /// Beyond what can be kept exactly.
    #[error("is out of range")]
    Range,
    /// Below zero where that makes no sense.
    #[error("must not be negative")]
    Negative,
}

const NANOS: i128 = 1_000_000_000;

impl Quantity {
    /// Reads a quantity.
    ///
    /// # Errors
    /// [`InvalidQuantity`] says what is wrong.
    pub fn parse(text: &str) -> Result<Self, InvalidQuantity> {
        parse::quantity(text)
    }

    /// Itself, if it is not below zero.
    ///
    /// # Errors
    /// [`InvalidQuantity::Negative`].
    pub const fn non_negative(self) -> Result<Self, InvalidQuantity> {
        if self.nanos < 0 {
            Err(InvalidQuantity::Negative)
        } else {
            Ok(self)
        }
    }

    /// A whole number.
    pub const fn whole(n: i64) -> Self {
        Self {
            nanos: n as i128 * NANOS,
            format: Format::DecimalSi,
        }
    }

    /// The sum, in this quantity's format; `None` beyond what can be kept.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let nanos = self
            .nanos
            .checked_add(other.nanos)
            .filter(|n| n.abs() <= parse::LARGEST)?;
        Some(Self { nanos, ..self })
    }

    /// The difference, in this quantity's format; `None` beyond what can be kept.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        let nanos = self
            .nanos
            .checked_sub(other.nanos)
            .filter(|n| n.abs() <= parse::LARGEST)?;
        Some(Self { nanos, ..self })
    }

    /// In billionths.
    pub const fn nanos(self) -> i128 {
        self.nanos
    }

    /// Whether it is a whole number.
    pub const fn is_whole(self) -> bool {
        self.nanos % NANOS == 0
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl Eq for Quantity {}

impl Hash for Quantity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.nanos.hash(state);
    }
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

impl FromStr for Quantity {
    type Err = InvalidQuantity;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// Canonical form: no fraction, the largest suffix that leaves none, the sign in front.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nanos == 0 {
            return f.write_str("0");
        }
        // Binary suffixes need a whole amount of at least 1024; below that the decimal family prints.
        let binary =
            self.format == Format::BinarySi && self.nanos.abs() >= 1024 * NANOS && self.is_whole();
        if binary {
            let (mut number, mut step) = (self.nanos / NANOS, 0);
            while number % 1024 == 0 && step < 6 {
                number /= 1024;
                step += 1;
            }
            return write!(
                f,
                "{number}{}",
                ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"][step]
            );
        }
        let (mut number, mut step) = (self.nanos, 0);
        while number % 1000 == 0 && step < 9 {
            number /= 1000;
            step += 1;
        }
        if self.format == Format::DecimalExponent {
            let exponent = step as i32 * 3 - 9;
            return if exponent == 0 {
                write!(f, "{number}")
            } else {
                write!(f, "{number}e{exponent}")
            };
        }
        write!(
            f,
            "{number}{}",
            ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"][step]
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CANONICAL: &str = "0=0 1e3=1e3 1000m=1 1500m=1500m 1.5Gi=1536Mi 0.5Gi=512Mi 100m=100m 1024Ki=1Mi 1E=1E \
        1E3=1e3 8Ei=8Ei 0.1m=100u -1=-1 +2k=2k 1.=1 .5=500m 1000k=1M 0.0000000001=1n -0.0000000001=-1n 512=512 \
        1000Ki=1000Ki 0.5Ki=512 12e6=12e6 100e-3=100e-3 1e-3=1e-3 1Ei=1Ei 15e0=15 1.5e3=1500";

    #[test]
    fn attack_152_canonical_or_refused() {
        for pair in CANONICAL.split_whitespace() {
            let (text, canonical) = pair.split_once('=').unwrap();
            let read = Quantity::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"));
            assert_eq!(read.to_string(), canonical, "{text}");
        }
        let nonsense = [
            "",
            " ",
            "NaN",
            "0x10",
            "١",
            "1 Gi",
            "1Gib",
            "Gi",
            "-",
            "+",
            ".",
            "1e",
            "1e1.5",
            "1ki",
            "1K",
            "--1",
            "1e999",
            "e3",
            "99999999999999999999999E",
            "1_000",
            "inf",
            "1i",
            "1\n",
        ];
        for text in nonsense {
            assert!(Quantity::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn equal_values_are_equal_whatever_their_suffix() {
        let read = |text| Quantity::parse(text).unwrap();
        assert_eq!(read("1Ki"), read("1024"));
        assert!(read("1Gi") > read("1G"));
        assert_eq!(read("-1").non_negative(), Err(InvalidQuantity::Negative));
        assert_eq!(
            read("1Gi").checked_add(read("1Gi")).unwrap().to_string(),
            "2Gi"
        );
        assert_eq!(
            read("1").checked_sub(read("1500m")).unwrap().to_string(),
            "-500m"
        );
    }

    fn text() -> impl Strategy<Value = String> {
        let suffix = prop::sample::select(vec![
            "n", "u", "m", "", "k", "M", "G", "Ki", "Mi", "Gi", "Ti", "e3", "e-2", "E2",
        ]);
        ("-?[0-9]{1,6}(\\.[0-9]{1,4})?", suffix)
            .prop_map(|(number, suffix)| format!("{number}{suffix}"))
    }

    proptest! {
        #[test]
        fn printing_keeps_the_value_and_is_stable(text in text()) {
            let first = Quantity::parse(&text).unwrap();
            let printed = first.to_string();
            let second = Quantity::parse(&printed).unwrap();
            prop_assert_eq!(first, second, "{} {}", text, printed);
            prop_assert_eq!(second.to_string(), printed);
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = Quantity::parse(&text);
        }

        #[test]
        fn thousandths_order_as_numbers(a in -1_000_000_i64..1_000_000, b in -1_000_000_i64..1_000_000) {
            let read = |n: i64| Quantity::parse(&format!("{n}m")).unwrap();
            prop_assert_eq!(read(a).cmp(&read(b)), a.cmp(&b));
        }
    }
}
