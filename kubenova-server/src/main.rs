//! The server binary: hands the command line to the library.

use std::{io, process::ExitCode};

fn main() -> ExitCode {
    kubenova_server::cli::main(std::env::args_os(), &mut io::stdout(), &mut io::stderr())
}
