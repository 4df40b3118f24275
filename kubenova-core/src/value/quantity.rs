//! Exact resource quantities.
/// Replaced soon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quantity;
/// Replaced soon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidQuantity;
