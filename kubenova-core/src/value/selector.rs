//! Label selectors.
/// Replaced soon.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelSelector;
/// Replaced soon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidSelector;
