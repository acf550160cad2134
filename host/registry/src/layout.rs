//! A layout folder: artifacts in files, to be carried where no registry is reached. Links are not followed: a folder that
//! came from elsewhere must not lead out of itself.

use std::fs::{self, DirEntry};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use fractalaw_folders::make_folder;
use fractalaw_provenance::{Digest, read_regular, write_whole};

use crate::fault::{Fault, Kind};
use crate::limits::{MANIFEST_BYTES, REFERRERS};
use crate::manifest::{Descriptor, Index, MANIFEST_TYPE, Manifest, REF_NAME, SIGNATURES_TYPE};
use crate::reference::Pick;
use crate::store::{Store, check_digest};
use crate::turn::{self, Turn};

const MARK: &str = "oci-layout";
const MARK_TEXT: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;

/// A folder with artifacts.
pub(crate) struct Layout {
    folder: PathBuf,
}

impl Layout {
    /// Opens a folder that exists.
    pub(crate) fn open(folder: &Path) -> Result<Layout, Fault> {
        let layout = Layout {
            folder: folder.to_owned(),
        };
        let Some(mark) = layout.read(&layout.folder.join(MARK), 1024)? else {
            let what = format!(
                "`{}` is no layout folder: it has no file `{MARK}`",
                folder.display()
            );
            return Err(Fault::usage(
                what,
                "`fractalaw push FILE oci:FOLDER:TAG` makes one",
            ));
        };
        let mark: Option<serde_json::Value> = serde_json::from_slice(&mark).ok();
        let version = mark
            .as_ref()
            .and_then(|mark| mark["imageLayoutVersion"].as_str());
        match version.is_some_and(|version| version.starts_with("1.")) {
            true => Ok(layout),
            false => Err(layout.damaged(MARK, "it does not say version 1")),
        }
    }

    /// Opens a folder, and makes it one if it is empty or does not exist.
    pub(crate) fn make(folder: &Path) -> Result<Layout, Fault> {
        let is_layout = || fs::symlink_metadata(folder.join(MARK)).is_ok();
        if is_layout() {
            return Layout::open(folder);
        }
        let failed = |error| {
            Fault::new(
                Kind::Failed,
                format!("could not make `{}`: {error}", folder.display()),
            )
        };
        make_folder(folder).map_err(failed)?;
        // Whoever pushes first at the same moment makes it, and the others find it.
        let _turn = Turn::take(folder)?;
        if is_layout() {
            return Layout::open(folder);
        }
        let others = |entry: &io::Result<DirEntry>| {
            !entry
                .as_ref()
                .is_ok_and(|entry| entry.file_name() == turn::FILE)
        };
        if fs::read_dir(folder)
            .map_err(failed)?
            .any(|entry| others(&entry))
        {
            let what = format!("`{}` is no layout folder, and not empty", folder.display());
            return Err(Fault::usage(
                what,
                "name a folder that is empty or does not exist",
            ));
        }
        write_whole(&folder.join("index.json"), &Index::new().to_json()).map_err(failed)?;
        // Last, so that a folder with it has everything.
        write_whole(&folder.join(MARK), MARK_TEXT).map_err(failed)?;
        Layout::open(folder)
    }

    fn damaged(&self, file: &str, what: &str) -> Fault {
        let path = self.folder.join(file);
        Fault::refused(
            format!("`{}` cannot be used: {what}", path.display()),
            "copy the folder again, or push into another one",
        )
    }

    /// Reads a file that is no link; `None` if it does not exist.
    fn read(&self, path: &Path, most_bytes: u64) -> Result<Option<Vec<u8>>, Fault> {
        let shown = path.display();
        let failed = |error: std::io::Error| match error.kind() {
            ErrorKind::FileTooLarge | ErrorKind::InvalidInput => Fault::refused(
                format!("`{shown}` cannot be used: {error}"),
                "copy the folder again",
            ),
            _ => Fault::new(Kind::Failed, format!("could not read `{shown}`: {error}")),
        };
        match fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_symlink() => {
                let what =
                    format!("`{shown}` is a link, and links of a layout folder are not followed");
                Err(Fault::refused(
                    what,
                    "copy the folder with the contents of links, as `cp -rL` does",
                ))
            }
            Ok(_) => read_regular(path, most_bytes).map(Some).map_err(failed),
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                Ok(None)
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// The folder of contents, which is no link. A digest has only digits, so a name in it does not lead out of it.
    fn contents_folder(&self) -> Result<PathBuf, Fault> {
        let mut folder = self.folder.clone();
        for part in ["blobs", "sha256"] {
            folder.push(part);
            if fs::symlink_metadata(&folder).is_ok_and(|metadata| !metadata.is_dir()) {
                let what = format!("`{}` is no folder", folder.display());
                return Err(Fault::refused(
                    what,
                    "copy the folder with the contents of links, as `cp -rL` does",
                ));
            }
        }
        Ok(folder)
    }

    fn named(&self, digest: &Digest, most_bytes: u64) -> Result<Option<Vec<u8>>, Fault> {
        self.read(&self.contents_folder()?.join(digest.hex()), most_bytes)
    }

    fn index(&self) -> Result<Index, Fault> {
        let bytes = self.read(&self.folder.join("index.json"), MANIFEST_BYTES)?;
        let bytes = bytes.ok_or_else(|| self.damaged("index.json", "it is missing"))?;
        Index::read(&bytes).map_err(|what| self.damaged("index.json", &what))
    }

    /// Changes the index, while nobody else does.
    fn change(&self, change: impl FnOnce(&mut Index)) -> Result<(), Fault> {
        let path = self.folder.join("index.json");
        let failed = |error| {
            Fault::new(
                Kind::Failed,
                format!("could not write `{}`: {error}", path.display()),
            )
        };
        let _turn = Turn::take(&self.folder)?;
        let mut index = self.index()?;
        change(&mut index);
        let json = index.to_json();
        if json.len() as u64 > MANIFEST_BYTES {
            return Err(Fault::usage(
                format!(
                    "`{}` would have more than {MANIFEST_BYTES} bytes",
                    path.display()
                ),
                "push into another folder",
            ));
        }
        write_whole(&path, &json).map_err(failed)
    }
}

impl Store for Layout {
    fn manifest(&self, pick: Pick<'_>) -> Result<Option<Vec<u8>>, Fault> {
        let digest = match pick {
            Pick::Digest(digest) => digest.clone(),
            Pick::Tag(tag) => {
                let index = self.index()?;
                let has = |descriptor: &&Descriptor| {
                    descriptor
                        .annotations
                        .get(REF_NAME)
                        .is_some_and(|name| name == tag)
                };
                let mut tagged = index.manifests().filter(has);
                match (tagged.next(), tagged.next()) {
                    (None, _) => return Ok(None),
                    (Some(descriptor), None) => descriptor.digest.clone(),
                    (Some(_), Some(_)) => {
                        return Err(
                            self.damaged("index.json", &format!("it has the tag `{tag}` twice"))
                        );
                    }
                }
            }
        };
        let Some(bytes) = self.named(&digest, MANIFEST_BYTES)? else {
            return Ok(None);
        };
        check_digest("manifest", &digest, &bytes)?;
        Ok(Some(bytes))
    }

    fn contents(&self, descriptor: &Descriptor) -> Result<Option<Vec<u8>>, Fault> {
        self.named(&descriptor.digest, descriptor.size)
    }

    fn put(&self, descriptor: &Descriptor, bytes: &[u8]) -> Result<(), Fault> {
        let folder = self.contents_folder()?;
        let path = folder.join(descriptor.digest.hex());
        let failed = |error| {
            Fault::new(
                Kind::Failed,
                format!("could not write `{}`: {error}", path.display()),
            )
        };
        make_folder(&folder).map_err(failed)?;
        // What is there may be damaged, so it is written again.
        write_whole(&path, bytes).map_err(failed)
    }

    fn put_manifest(&self, tag: &str, manifest: &[u8]) -> Result<(), Fault> {
        let descriptor = Descriptor::new(MANIFEST_TYPE, manifest);
        self.put(&descriptor, manifest)?;
        self.change(|index| {
            index.tag(descriptor, tag);
        })
    }

    fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, Fault> {
        let mut found = Vec::new();
        for descriptor in self.index()?.manifests() {
            if descriptor.artifact_type.as_deref() != Some(SIGNATURES_TYPE) {
                continue;
            }
            let bytes = self.manifest(Pick::Digest(&descriptor.digest))?;
            let manifest = bytes.and_then(|bytes| Manifest::read(&bytes).ok());
            let about = manifest.and_then(|manifest| manifest.subject);
            if about.is_some_and(|about| about.digest == *subject) {
                found.push(descriptor.clone());
                if found.len() == REFERRERS {
                    break;
                }
            }
        }
        Ok(found)
    }

    fn put_referrer(
        &self,
        _: &Digest,
        descriptor: &Descriptor,
        manifest: &[u8],
    ) -> Result<(), Fault> {
        self.put(descriptor, manifest)?;
        self.change(|index| {
            index.describe(descriptor);
        })
    }
}
