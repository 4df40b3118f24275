//! The command line of `kubenova-server`.

mod args;
mod keys;
pub(crate) mod private;
mod run;
mod serve;
mod start_error;
mod token;

use std::{
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser as _;
use tokio::runtime::{Builder, Runtime};

use self::args::{Args, Command, KeyCommand};
use crate::{config::Config, http::router, wire};

pub use args::Role;
pub use run::Server;
pub use start_error::StartError;

/// Runs one command. What was asked for goes to `out`, everything else to `err`.
pub fn main(
    args: impl IntoIterator<Item = OsString>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> ExitCode {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(usage) => {
            let asked_for = !usage.use_stderr();
            // Nothing is left to do where even this cannot be written.
            let _ = if asked_for {
                write!(out, "{usage}")
            } else {
                write!(err, "{usage}")
            };
            return if asked_for {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(2)
            };
        }
    };
    match run(args, out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(err, "kubenova-server: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args, out: &mut dyn Write) -> Result<(), StartError> {
    let sources = args.sources();
    let config = move || sources.load().map_err(StartError::from);
    match args.command {
        Command::Serve { role } => runtime()?.block_on(serve::serve(config()?, role)),
        Command::Migrate => runtime()?.block_on(wire::migrate(&config()?)),
        Command::Token { command } => runtime()?.block_on(token::run(&config()?, command, out)),
        Command::Keys {
            command: KeyCommand::Generate { kind, file },
        } => keys::generate(kind, &file),
        Command::Keys {
            command: KeyCommand::Rotate,
        } => written(writeln!(
            out,
            "{}",
            runtime()?.block_on(wire::rotate(&config()?))?
        )),
        Command::Openapi => written(out.write_all(router::document().as_bytes())),
        Command::CheckConfig => check(&config()?, out),
    }
}

/// Validates, then prints what would be used.
fn check(config: &Config, out: &mut dyn Write) -> Result<(), StartError> {
    wire::check(config)?;
    written(config.show(out))
}

fn written(result: io::Result<()>) -> Result<(), StartError> {
    result.map_err(|error| StartError::new("standard output", error))
}

fn runtime() -> Result<Runtime, StartError> {
    let built = Builder::new_multi_thread().enable_all().build();
    built.map_err(|error| StartError::new("runtime", error))
}

#[cfg(test)]
mod tests;
