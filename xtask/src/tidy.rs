//! House rules that a program can check.
/// x
pub fn run() -> crate::Result<()> {
    Ok(())
}
