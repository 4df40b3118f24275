//! The house rules hold: the same check as `cargo xtask tidy`, as an ordinary test.

#[test]
fn the_house_rules_hold() {
    let broken = xtask::tidy::check().unwrap();
    let said: Vec<String> = broken.iter().map(ToString::to_string).collect();
    assert!(
        said.is_empty(),
        "{} broken rules:\n{}",
        said.len(),
        said.join("\n")
    );
}
