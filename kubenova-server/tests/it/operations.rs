//! Every operation, with good and bad input.

mod bounds;
mod clusters;
mod grants;
mod projects;
mod system;
mod tenants;
mod tokens;
