//! Components: one that is published reaches the folder of each node, whole and by its digest. The supervisor of the
//! node sees the new file, and swaps it.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use async_nats::jetstream::kv::Operation;
use bytes::Bytes;
use fractalaw_folders::make_folder;
use fractalaw_provenance::{Signatures, beside, sha256, write_whole};
use futures_util::stream::StreamExt;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use crate::fault::Fault;
use crate::limits::{COMPONENT_BYTES, LATER};
use crate::set::{Set, say, say_once};

/// The component of an app.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Component {
    pub(crate) sha256: String,
    pub(crate) bytes: u64,
    /// The text of its signatures. The host of each node verifies them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) signatures: String,
}

/// Publishes a file as the component of an app.
pub(crate) async fn publish(set: &Set, app: &str, path: &Path) -> Result<Component> {
    check(app)?;
    let shown = path.display();
    let length = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    if length > COMPONENT_BYTES {
        let what = format!("`{shown}` has {length} bytes, expected at most {COMPONENT_BYTES}");
        bail!(Fault::new(what, "name the file of a component"));
    }
    let bytes = std::fs::read(path).map_err(|error| {
        let what = format!("cannot read `{shown}`: {error}");
        Fault::new(what, "name the file of a component")
    })?;
    if !bytes.starts_with(b"\0asm") {
        let what = format!("`{shown}` is not WebAssembly");
        bail!(Fault::new(what, "name the file of a component"));
    }
    let signatures = Signatures::read_beside(path)
        .map_err(|error| Fault::new(error.to_string(), "sign it again with `fractalaw sign`"))?;
    let component = Component {
        sha256: digest(&bytes),
        bytes: bytes.len() as u64,
        signatures: signatures.about(&sha256(&bytes)).text(),
    };
    // First the contents, so that whoever sees the entry finds them.
    if set.components.info(&component.sha256).await.is_err() {
        let put = set.components.put(&*component.sha256, &mut &*bytes).await;
        put.context("cannot store the component")?;
    }
    let value = serde_json::to_vec(&component)?;
    set.apps.put(app, value.into()).await?;
    Ok(component)
}

/// An entry whose component is not in the folder.
struct Missing {
    entry: Bytes,
    /// What was said of it.
    said: String,
}

/// Keeps the folder as the set has it, as long as this is not stopped. It ends only with an error. An entry that cannot be
/// followed is said and tried again, and holds up no other.
pub(crate) async fn run(set: &Set, folder: &Path) -> Result<()> {
    let mut entries = set.apps.watch_with_history(">").await?;
    let mut missing: BTreeMap<String, Missing> = BTreeMap::new();
    loop {
        let next = match missing.is_empty() {
            true => entries.next().await,
            false => match timeout(LATER, entries.next()).await {
                Ok(next) => next,
                Err(_) => {
                    for (app, before) in std::mem::take(&mut missing) {
                        keep(set, folder, app, before, &mut missing).await;
                    }
                    continue;
                }
            },
        };
        let Some(entry) = next else {
            bail!("the server ended the watch of `APPS`")
        };
        let entry = entry?;
        let said = missing.remove(&entry.key).map(|missing| missing.said);
        if entry.operation != Operation::Put {
            continue;
        }
        let new = Missing {
            entry: entry.value,
            said: said.unwrap_or_default(),
        };
        keep(set, folder, entry.key, new, &mut missing).await;
    }
}

/// Fetches the component of an app, or notes that it is missing.
async fn keep(
    set: &Set,
    folder: &Path,
    app: String,
    mut new: Missing,
    missing: &mut BTreeMap<String, Missing>,
) {
    match fetch(set, folder, &app, &new.entry).await {
        Ok(Some(sha256)) => say(&format!("`{app}` is {sha256} now")),
        Ok(None) => {}
        Err(error) => {
            let what = format!("cannot fetch the component of `{app}`: {error:#}");
            say_once(&mut new.said, &what);
            missing.insert(app, new);
        }
    }
}

/// Fetches a component with its signatures, unless the folder has it. Returns its digest if it was fetched.
async fn fetch(set: &Set, folder: &Path, app: &str, entry: &[u8]) -> Result<Option<String>> {
    check(app)?;
    let component: Component = serde_json::from_slice(entry)?;
    if component.bytes > COMPONENT_BYTES {
        bail!("it has {} bytes", component.bytes);
    }
    let path = folder.join(format!("{app}.wasm"));
    // The component comes after them, so that the supervisor finds them with it.
    if !component.signatures.is_empty() {
        let signatures = Signatures::parse(&component.signatures)?.text();
        let path = beside(&path);
        if !std::fs::read_to_string(&path).is_ok_and(|found| found == signatures) {
            make_folder(folder)?;
            write_whole(&path, signatures.as_bytes())?;
        }
    }
    if std::fs::read(&path).is_ok_and(|bytes| digest(&bytes) == component.sha256) {
        return Ok(None);
    }
    let object = set.components.get(&component.sha256).await?;
    let mut bytes = Vec::new();
    object
        .take(COMPONENT_BYTES + 1)
        .read_to_end(&mut bytes)
        .await?;
    let found = digest(&bytes);
    if found != component.sha256 {
        bail!("it has the digest {found}, expected {}", component.sha256);
    }
    make_folder(folder)?;
    write_whole(&path, &bytes)?;
    Ok(Some(found))
}

/// The name of an app is that of a file, too.
fn check(app: &str) -> Result<()> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if app.is_empty() || app.len() > 128 || !app.bytes().all(is_plain) {
        let what = format!("`{}` is not the name of an app", app.escape_debug());
        bail!(Fault::new(what, "use letters, digits, `-` and `_`"));
    }
    Ok(())
}

fn digest(bytes: &[u8]) -> String {
    sha256(bytes).hex().to_owned()
}
