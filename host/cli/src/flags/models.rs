//! The flags of `fractalaw models`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use fractalaw_catalogue::{EngineName, KindName};

/// The exit codes of a verification.
const VERIFIED: &str = "\
Exit codes:
   0  all are as the list says       2  usage
   1  at least one is not           10  the verification failed";

#[derive(Debug, Subcommand)]
pub(crate) enum Models {
    /// Add a model to a list, with the digests of its files. The list is made if there is none.
    Add(Box<Add>),
    /// Print the models of a list: kind, engine, size, licence, place and digest.
    List(List),
    /// Hold the files of models against their digests. No server is asked.
    #[command(after_help = VERIFIED)]
    Verify(Verify),
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// The list: a file such as `models.toml`, or the folder that has a file of this name.
    pub(crate) list: PathBuf,
    /// The name of the model in policies.
    pub(crate) name: String,
    /// What it gives: `embeddings` or `generation`.
    #[arg(long)]
    pub(crate) kind: KindName,
    /// What runs it: `rten` or `candle` in `fractalaw-models`, or another `server`.
    #[arg(long)]
    pub(crate) engine: EngineName,
    /// Where it is served: `http://127.0.0.1:PORT/v1` or `unix:/PATH`.
    #[arg(long)]
    pub(crate) url: Option<String>,
    /// The name by which its server knows it, if that is another one.
    #[arg(long, value_name = "NAME")]
    pub(crate) model: Option<String>,
    /// The environment variable of the host that has the server's key.
    #[arg(long, value_name = "VARIABLE")]
    pub(crate) key: Option<String>,
    /// The numbers of a vector.
    #[arg(long, value_name = "N")]
    pub(crate) dimensions: Option<u64>,
    /// The most tokens that it reads.
    #[arg(long, value_name = "N")]
    pub(crate) max_tokens: u64,
    /// What a call costs in units of fuel, if that is more than the host's own price.
    #[arg(long, value_name = "FUEL")]
    pub(crate) call_price: Option<u64>,
    /// What a token costs in units of fuel, if that is more than the host's own price.
    #[arg(long, value_name = "FUEL")]
    pub(crate) token_price: Option<u64>,
    /// Its licence, such as `Apache-2.0`.
    #[arg(long, value_name = "SPDX")]
    pub(crate) licence: String,
    /// What identifies it, if its file is not at hand.
    #[arg(long, value_name = "DIGITS")]
    pub(crate) sha256: Option<String>,
    /// A file with its role, such as `model=tiny/model.onnx`; repeat for more. The path begins at the list's folder.
    #[arg(long = "file", value_name = "ROLE=PATH", value_parser = parse_file)]
    pub(crate) files: Vec<(String, String)>,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// The list: a file such as `models.toml`, or the folder that has a file of this name.
    pub(crate) list: PathBuf,
    /// Print each model as a JSON object on a line.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The list: a file such as `models.toml`, or the folder that has a file of this name.
    pub(crate) list: PathBuf,
    /// The models, or all.
    pub(crate) names: Vec<String>,
}

fn parse_file(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((role, path)) if !role.is_empty() && !path.is_empty() => {
            Ok((role.to_owned(), path.to_owned()))
        }
        _ => Err("expected `ROLE=PATH`".to_owned()),
    }
}
