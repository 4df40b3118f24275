//! The examples do what they say: each is run to its end.

#[path = "../embed.rs"]
mod embed;

#[test]
fn embed_deploys_its_tenant() {
    embed::main().unwrap();
}
