//! The list as a whole.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use toml::Table;

use crate::fault::Fault;
use crate::keys;
use crate::limits::CATALOGUE_BYTES;
use crate::model::Model;
use crate::nearest::nearest;
use crate::section;

/// The name of the file in a folder of models.
pub const FILE: &str = "models.toml";

/// All models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue {
    /// The file.
    pub path: PathBuf,
    /// The models, by the names that policies and requests use.
    pub models: BTreeMap<String, Model>,
}

impl Catalogue {
    /// Reads a list: the file, or the file `models.toml` in a folder.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or says what it may not.
    pub fn read(path: &Path) -> Result<Catalogue, Fault> {
        let path = place(path);
        let shown = path.display();
        let text = content(&path).map_err(|error| {
            Fault::new(
                format!("cannot read `{shown}`: {error}"),
                "name a `models.toml`, or the folder that has one: `cargo xtask models get` makes one",
            )
        })?;
        let models = parse(&text).map_err(|fault| fault.at(shown))?;
        Ok(Catalogue { path, models })
    }

    /// The folder of the models' files.
    pub fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }

    /// The model with this name.
    ///
    /// # Errors
    ///
    /// If there is none. The error names the nearest.
    pub fn model(&self, name: &str) -> Result<&Model, Fault> {
        self.models.get(name).ok_or_else(|| {
            let names: Vec<&str> = self.models.keys().map(String::as_str).collect();
            Fault::new(
                format!("`{}` has no model `{name}`", self.path.display()),
                match nearest(name, names.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("it has `{}`", names.join("`, `")),
                },
            )
        })
    }
}

/// The file of a list that is named by itself or by its folder.
pub(crate) fn place(path: &Path) -> PathBuf {
    match path.is_dir() {
        true => path.join(FILE),
        false => path.to_owned(),
    }
}

/// A device has no end, and a pipe waits for its other end.
pub(crate) fn content(path: &Path) -> io::Result<String> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut text = String::new();
    let file = fs::File::open(path)?;
    file.take(CATALOGUE_BYTES + 1).read_to_string(&mut text)?;
    match text.len() as u64 > CATALOGUE_BYTES {
        true => Err(io::Error::other(format!(
            "it is larger than {CATALOGUE_BYTES} bytes"
        ))),
        false => Ok(text),
    }
}

/// The models in this text.
pub(crate) fn parse(text: &str) -> Result<BTreeMap<String, Model>, Fault> {
    let table: Table = toml::from_str(text)
        .map_err(|error| Fault::new(error.to_string().trim_end(), "correct the TOML"))?;
    keys::known("", &table, &["models"])?;
    let mut models = BTreeMap::new();
    if let Some(value) = table.get("models") {
        for (name, value) in keys::table("models", value)? {
            models.insert(name.clone(), section::read(name, value)?);
        }
    }
    match models.is_empty() {
        true => Err(Fault::new(
            "it has no model",
            "add a section `[models.NAME]`",
        )),
        false => Ok(models),
    }
}
