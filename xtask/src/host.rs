//! The machine the commands run on: folders, settings, processes, ports, packages, the terminal.

pub mod files;
pub mod packages;
pub mod paths;
pub mod ports;
pub mod process;
pub mod say;
pub mod settings;
pub mod shell;
