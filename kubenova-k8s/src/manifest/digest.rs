//! A stable digest of a manifest's content.

use serde_json::Value;

/// FNV-1a with 128 bits over the canonical JSON (sorted keys), as hex. It finds differences, it proves nothing: who can
/// write the object can write the digest too.
pub fn of(value: &Value) -> String {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let hash = value.to_string().bytes().fold(OFFSET, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(PRIME)
    });
    format!("{hash:032x}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn it_is_stable_and_sees_every_difference() {
        // Published test vector of FNV-1a 128 for the empty input is the offset; ours covers the JSON text `{}`.
        assert_eq!(super::of(&json!({})), super::of(&json!({})));
        assert_ne!(super::of(&json!({"a": 1})), super::of(&json!({"a": 2})));
    }
}
