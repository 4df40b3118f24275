//! Maps of quantities by resource, as bodies, rows and manifests hold them.

use std::collections::BTreeMap;

use crate::error::FieldError;
use crate::value::Quantity;

/// The amounts in their canonical form.
pub fn texts(map: &BTreeMap<String, Quantity>) -> BTreeMap<String, String> {
    let text = |(name, amount): (&String, &Quantity)| (name.clone(), amount.to_string());
    map.iter().map(text).collect()
}

/// Reads amounts by name, and says everything that is wrong with them.
pub(super) fn read(
    map: &BTreeMap<String, String>,
    most: usize,
    name: fn(&str) -> Result<(), &'static str>,
    counted: fn(&str) -> bool,
) -> Result<BTreeMap<String, Quantity>, Vec<FieldError>> {
    if map.len() > most {
        let why = format!("{most} entries are the most");
        return Err(vec![FieldError::new("", why)]);
    }
    let mut bad = Vec::new();
    let mut good = BTreeMap::new();
    for (key, value) in map {
        let amount = name(key).map_err(ToOwned::to_owned).and_then(|()| {
            let amount = Quantity::parse(value).and_then(Quantity::non_negative);
            amount.map_err(|why| why.to_string())
        });
        match amount {
            Ok(amount) if counted(key) && !amount.is_whole() => {
                bad.push(FieldError::new(key.as_str(), "must be a whole number"));
            }
            Ok(amount) => drop(good.insert(key.clone(), amount)),
            Err(why) => bad.push(FieldError::new(key.as_str(), why)),
        }
    }
    if bad.is_empty() { Ok(good) } else { Err(bad) }
}
