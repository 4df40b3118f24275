//! Plans: the whole intent against what was observed, as steps in order. Pure; an empty plan writes nothing.

pub mod project;
pub mod tenant;
