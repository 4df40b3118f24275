//! The parser of quantities: sign, digits, suffix, in exact arithmetic.

use super::{Format, InvalidQuantity, NANOS, Quantity};

/// 2^63 - 1 whole units, upstream's bound, and a little more for `8Ei`: 2^64 units.
pub(super) const LARGEST: i128 = (1_i128 << 64) * NANOS;

/// More digits than this cannot be exact within [`LARGEST`].
const MAX_DIGITS: usize = 64;

pub(super) fn quantity(text: &str) -> Result<Quantity, InvalidQuantity> {
    let (negative, rest) = match text.as_bytes() {
        [] => return Err(InvalidQuantity::Empty),
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        _ => (false, text),
    };
    let end = rest
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(rest.len());
    let (number, suffix) = rest.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.len() + fraction.len() == 0 || fraction.contains('.') {
        return Err(InvalidQuantity::Syntax);
    }
    if number.len() > MAX_DIGITS {
        return Err(InvalidQuantity::Range);
    }
    let (format, scale) = scale(suffix)?;
    let magnitude = nanos(whole, fraction, scale)?;
    if magnitude > LARGEST {
        return Err(InvalidQuantity::Range);
    }
    Ok(Quantity {
        nanos: if negative { -magnitude } else { magnitude },
        format,
    })
}

/// What a suffix multiplies with.
#[derive(Clone, Copy)]
enum Scale {
    /// 1024 to this power.
    Binary(u32),
    /// 10 to this power.
    Decimal(i32),
}

fn scale(suffix: &str) -> Result<(Format, Scale), InvalidQuantity> {
    const BINARY: [&str; 6] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    const DECIMAL: [(&str, i32); 10] = [
        ("n", -9),
        ("u", -6),
        ("m", -3),
        ("", 0),
        ("k", 3),
        ("M", 6),
        ("G", 9),
        ("T", 12),
        ("P", 15),
        ("E", 18),
    ];
    if let Some((_, power)) = DECIMAL.iter().find(|(known, _)| *known == suffix) {
        return Ok((Format::DecimalSi, Scale::Decimal(*power)));
    }
    if let Some(step) = BINARY.iter().position(|known| *known == suffix) {
        let power = u32::try_from(step + 1).map_err(|_| InvalidQuantity::Range)?;
        return Ok((Format::BinarySi, Scale::Binary(power)));
    }
    let exponent = suffix
        .strip_prefix(['e', 'E'])
        .ok_or(InvalidQuantity::Syntax)?;
    let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(InvalidQuantity::Syntax);
    }
    let power: i32 = exponent.parse().map_err(|_| InvalidQuantity::Range)?;
    if power.abs() > 60 {
        return Err(InvalidQuantity::Range);
    }
    Ok((Format::DecimalExponent, Scale::Decimal(power)))
}

/// The amount in billionths, rounded up. Digits that cannot fit are refused before they overflow.
fn nanos(whole: &str, fraction: &str, scale: Scale) -> Result<i128, InvalidQuantity> {
    let fraction = fraction.trim_end_matches('0');
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Ok(0);
    }
    let places = i32::try_from(fraction.len()).map_err(|_| InvalidQuantity::Range)?;
    let (power, factor) = match scale {
        Scale::Binary(power) => (9 - places, 1024_i128.pow(power)),
        Scale::Decimal(power) => (9 + power - places, 1),
    };
    if power < 0 {
        return divided(digits, factor, power.unsigned_abs());
    }
    let mantissa: i128 = digits.parse().map_err(|_| InvalidQuantity::Range)?;
    let tens = 10_i128.checked_pow(power.unsigned_abs());
    tens.and_then(|tens| mantissa.checked_mul(tens))
        .and_then(|n| n.checked_mul(factor))
        .ok_or(InvalidQuantity::Range)
}

/// `digits × factor / 10^power`, rounded up.
fn divided(digits: &str, factor: i128, power: u32) -> Result<i128, InvalidQuantity> {
    let Some(divisor) = 10_i128.checked_pow(power) else {
        // Under a billionth, however many digits: rounds up to one.
        return Ok(1);
    };
    let mantissa: i128 = digits.parse().map_err(|_| InvalidQuantity::Range)?;
    let product = mantissa.checked_mul(factor).ok_or(InvalidQuantity::Range)?;
    Ok((product + divisor - 1) / divisor)
}
