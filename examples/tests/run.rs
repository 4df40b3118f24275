//! The examples do what they say: each is run to its end, and the README quotes them as they are.

#[path = "../embed.rs"]
mod embed;

#[test]
fn embed_deploys_its_tenant() {
    embed::main().unwrap();
}

#[test]
fn the_readme_quotes_embed() {
    let (readme, code) = (include_str!("../../README.md"), include_str!("../embed.rs"));
    let (_, after) = readme.split_once("```rust\n").unwrap();
    let (quoted, _) = after.split_once("```").unwrap();
    assert!(quoted.lines().count() > 5);
    let lines: Vec<&str> = code.lines().map(str::trim).collect();
    for line in quoted.lines().map(str::trim) {
        assert!(lines.contains(&line), "embed.rs has no line {line:?}");
    }
}
