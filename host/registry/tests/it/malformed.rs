//! Layout folders that were damaged, or made to mislead. Each is a clear error, and nothing is written.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::lab::*;

/// A folder with the component under the tag `1`, and what is needed to change parts of it.
struct Folder {
    machine: Machine,
}

impl Folder {
    fn new() -> Folder {
        let machine = Machine::new();
        machine.write("hello.wasm", component());
        machine.done(&["push", "hello.wasm", "oci:a:1"]);
        fs::remove_file(machine.file("hello.wasm")).unwrap();
        Folder { machine }
    }

    fn index(&self) -> Value {
        serde_json::from_slice(&self.machine.read("a/index.json")).unwrap()
    }

    fn blob(&self, digest: &Value) -> PathBuf {
        let digest = digest.as_str().unwrap().strip_prefix("sha256:").unwrap();
        self.machine.file(&format!("a/blobs/sha256/{digest}"))
    }

    fn manifest(&self) -> Value {
        let path = self.blob(&self.index()["manifests"][0]["digest"]);
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    }

    /// Stores bytes, and returns their descriptor.
    fn store(&self, media_type: &str, bytes: &[u8]) -> Value {
        let digest = digest(bytes);
        self.machine
            .write(&format!("a/blobs/sha256/{}", &digest[7..]), bytes);
        json!({ "mediaType": media_type, "digest": digest, "size": bytes.len() })
    }

    /// Puts a manifest under the tag.
    fn tag(&self, manifest: &[u8]) {
        let mut descriptor = self.store("application/vnd.oci.image.manifest.v1+json", manifest);
        descriptor["annotations"] = json!({ "org.opencontainers.image.ref.name": "1" });
        let index = json!({ "schemaVersion": 2, "manifests": [descriptor] });
        self.machine.write("a/index.json", index.to_string());
    }

    /// Why it is refused. The shown reference and the name of the folder are left out.
    fn refused(&self) -> String {
        let said = self
            .machine
            .refused(&["pull", "oci:a:1", "--name", "hello"]);
        assert!(self.machine.is_empty());
        let folder = self.machine.file("a").display().to_string();
        said.replace(&folder, "a")
    }
}

#[test]
fn a_flipped_byte_is_noticed_wherever_it_is() {
    let digests = |folder: &Folder| {
        let manifest = folder.manifest();
        [
            ("manifest", folder.index()["manifests"][0]["digest"].clone()),
            ("configuration", manifest["config"]["digest"].clone()),
            ("component", manifest["layers"][0]["digest"].clone()),
        ]
    };
    for at in 0..3 {
        let folder = Folder::new();
        let (what, named) = digests(&folder)[at].clone();
        let path = folder.blob(&named);
        let whole = fs::read(&path).unwrap();
        let mut bytes = whole.clone();
        let last = bytes.len() - 2;
        bytes[last] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let named = named.as_str().unwrap();
        assert_eq!(
            folder.refused(),
            format!(
                "the {what} has the digest {}, expected {named}",
                digest(&bytes)
            )
        );
        if at > 0 {
            fs::write(&path, &whole[1..]).unwrap();
            let (found, expected) = (whole.len() - 1, whole.len());
            assert_eq!(
                folder.refused(),
                format!("the {what} {named} has {found} bytes, expected {expected}")
            );
            fs::remove_file(&path).unwrap();
            assert_eq!(folder.refused(), format!("the {what} {named} is missing"));
        }
    }
}

#[test]
fn what_is_no_component_says_what_it_is() {
    let folder = Folder::new();
    let good = folder.manifest();
    let module = wat::parse_str("(module)").unwrap();
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut manifest = good.clone();
        change(&mut manifest);
        folder.tag(manifest.to_string().as_bytes());
        folder.refused()
    };
    let not_one = |why: &str| format!("`oci:a:1` is no component: {why}");
    assert_eq!(
        changed(&|manifest| *manifest = json!({ "schemaVersion": 2, "manifests": [] })),
        not_one("an index of 0 manifests, expected one component")
    );
    assert_eq!(
        changed(&|manifest| {
            let layers = manifest["layers"].as_array_mut().unwrap();
            layers.push(layers[0].clone());
        }),
        not_one("it has 2 layers, expected one component")
    );
    assert_eq!(
        changed(&|manifest| manifest["layers"][0]["mediaType"] =
            "application/vnd.oci.image.layer.v1.tar".into()),
        not_one(
            "its layer is of the media type `application/vnd.oci.image.layer.v1.tar`, expected `application/wasm`"
        )
    );
    assert_eq!(
        changed(&|manifest| manifest["config"]["mediaType"] =
            "application/vnd.oci.image.config.v1+json".into()),
        not_one(
            "its configuration is of the media type `application/vnd.oci.image.config.v1+json`, expected \
             `application/vnd.wasm.config.v0+json`"
        )
    );
    assert_eq!(
        changed(&|manifest| manifest["layers"][0]["size"] = (1_u64 << 40).into()),
        not_one("its component has 1099511627776 bytes, expected at most 67108864")
    );
    let text = changed(&|manifest| {
        manifest["layers"][0]["digest"] = "sha256:../../../../etc/passwd".into()
    });
    assert!(
        text.contains("expected `sha256:` and 64 digits in lower-case hexadecimal"),
        "{text}"
    );
    // The configuration is that of another component, or of a module.
    for (key, value, why) in [
        (
            "layerDigests",
            json!(["sha256:00"]),
            "its `layerDigests` are not the digest of the layer, in its configuration",
        ),
        (
            "os",
            json!("wasip1"),
            "its `os` is `wasip1`, expected `wasip2`, a component, in its configuration",
        ),
        (
            "architecture",
            json!("amd64"),
            "its architecture is `amd64`, expected `wasm`, in its configuration",
        ),
    ] {
        let said = changed(&|manifest| {
            let path = folder.blob(&manifest["config"]["digest"]);
            let mut config: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
            config[key] = value.clone();
            manifest["config"] = folder.store(
                "application/vnd.wasm.config.v0+json",
                config.to_string().as_bytes(),
            );
        });
        assert_eq!(said, not_one(why));
    }
    // The layer says that it is one.
    let said = changed(&|manifest| {
        let layer = folder.store("application/wasm", &module);
        let path = folder.blob(&manifest["config"]["digest"]);
        let mut config: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        config["layerDigests"] = json!([layer["digest"]]);
        manifest["config"] = folder.store(
            "application/vnd.wasm.config.v0+json",
            config.to_string().as_bytes(),
        );
        manifest["layers"] = json!([layer]);
    });
    assert_eq!(said, not_one("its layer is none, it is a core module"));
    folder.tag(b"{");
    assert!(
        folder
            .refused()
            .starts_with("`oci:a:1` is no component: no manifest: EOF")
    );
}

#[test]
fn a_folder_that_is_none_says_why() {
    for (name, text, why) in [
        (
            "index.json",
            "",
            "`a/index.json` cannot be used: no index: EOF while parsing a value at line 1 column 0",
        ),
        (
            "index.json",
            "{}",
            "`a/index.json` cannot be used: no index: missing field `schemaVersion` at line 1 column 2",
        ),
        (
            "oci-layout",
            "{}",
            "`a/oci-layout` cannot be used: it does not say version 1",
        ),
        (
            "oci-layout",
            r#"{"imageLayoutVersion":"2.0.0"}"#,
            "`a/oci-layout` cannot be used: it does not say version 1",
        ),
    ] {
        let folder = Folder::new();
        folder.machine.write(&format!("a/{name}"), text);
        assert_eq!(folder.refused(), why);
    }
    let folder = Folder::new();
    let mut index = folder.index();
    let twice = index["manifests"][0].clone();
    index["manifests"].as_array_mut().unwrap().push(twice);
    folder.machine.write("a/index.json", index.to_string());
    assert_eq!(
        folder.refused(),
        "`a/index.json` cannot be used: it has the tag `1` twice"
    );
    let file = fs::File::create(folder.machine.file("a/index.json")).unwrap();
    file.set_len(5 << 20).unwrap();
    assert_eq!(
        folder.refused(),
        "`a/index.json` cannot be used: it has more than 4194304 bytes"
    );
    fs::remove_file(folder.machine.file("a/index.json")).unwrap();
    assert_eq!(
        folder.refused(),
        "`a/index.json` cannot be used: it is missing"
    );
    fs::create_dir(folder.machine.file("a/index.json")).unwrap();
    assert_eq!(
        folder.refused(),
        "`a/index.json` cannot be used: it is no regular file"
    );
}

/// A folder that came from elsewhere must not make this machine read or write outside of it.
#[test]
fn links_are_not_followed() {
    let folder = Folder::new();
    let path = folder.blob(&folder.manifest()["layers"][0]["digest"]);
    let outside = folder.machine.file("outside");
    fs::rename(&path, &outside).unwrap();
    symlink(&outside, &path).unwrap();
    let shown = path
        .display()
        .to_string()
        .replace(&folder.machine.file("a").display().to_string(), "a");
    assert_eq!(
        folder.refused(),
        format!("`{shown}` is a link, and links of a layout folder are not followed")
    );

    let folder = Folder::new();
    let (blobs, outside) = (
        folder.machine.file("a/blobs/sha256"),
        folder.machine.file("outside"),
    );
    fs::rename(&blobs, &outside).unwrap();
    symlink(&outside, &blobs).unwrap();
    assert_eq!(folder.refused(), "`a/blobs/sha256` is no folder");
    let before = fs::read_dir(&outside).unwrap().count();
    folder.machine.write("other.wasm", changed());
    assert_eq!(
        folder.machine.refused(&["push", "other.wasm", "oci:a:2"]),
        "`a/blobs/sha256` is no folder"
    );
    assert_eq!(fs::read_dir(&outside).unwrap().count(), before);
}

#[test]
fn a_folder_with_other_files_is_left_alone() {
    let machine = Machine::new();
    machine.write("hello.wasm", component());
    machine.write("documents/letter.txt", "text");
    assert_eq!(
        machine.ends(2, "error: ", &["push", "hello.wasm", "oci:documents:1"]),
        "`documents` is no layout folder, and not empty"
    );
    assert_eq!(fs::read_dir(machine.file("documents")).unwrap().count(), 1);
}

/// Other tools keep their artifacts in the same folder, and say more of them than is read here.
#[test]
fn what_others_list_stays_as_it_is() {
    let folder = Folder::new();
    let mut index = folder.index();
    let image = json!({
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "digest": digest(b"an image"),
        "size": 8,
        "annotations": { "org.opencontainers.image.ref.name": "image" },
        "data": "YW4gaW1hZ2U=",
        "platform": { "architecture": "arm64", "os": "linux", "variant": "v8" },
        "urls": ["https://images.example/1"],
    });
    let mut other = image.clone();
    other["digest"] = json!(format!("sha512:{}", "0".repeat(128)));
    other["annotations"]["org.opencontainers.image.ref.name"] = json!("other");
    let listed = index["manifests"].as_array_mut().unwrap();
    listed.extend([image.clone(), other.clone()]);
    folder.machine.write("a/index.json", index.to_string());

    let Folder { machine } = &folder;
    machine.write("hello.wasm", component());
    machine.key("release.key");
    machine.done(&["sign", "hello.wasm", "--key", "release.key"]);
    machine.done(&["push", "hello.wasm", "oci:a:2"]);
    let listed = folder.index()["manifests"].as_array().unwrap().clone();
    assert_eq!(listed.len(), 5);
    assert_eq!(listed[1..3], [image.clone(), other]);
    // A tag is at one artifact, whatever its digest is.
    machine.done(&["push", "hello.wasm", "oci:a:other"]);
    let listed = folder.index()["manifests"].as_array().unwrap().clone();
    assert_eq!(listed.len(), 5);
    assert_eq!(listed[1], image);
    let digest_of = |name: &str| {
        let tag =
            |entry: &&Value| entry["annotations"]["org.opencontainers.image.ref.name"] == name;
        listed.iter().find(tag).unwrap()["digest"].clone()
    };
    assert_eq!(digest_of("other"), digest_of("2"));
}

#[test]
fn signatures_that_cannot_be_read_are_refused() {
    let machine = Machine::new();
    machine.key("release.key");
    machine.write("hello.wasm", component());
    machine.done(&["sign", "hello.wasm", "--key", "release.key"]);
    machine.done(&["push", "hello.wasm", "oci:a:1"]);
    let text = machine.read("hello.wasm.sig");
    let path = machine.file(&format!("a/blobs/sha256/{}", &digest(&text)[7..]));
    let mut bytes = text.clone();
    bytes[40] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let second = Machine::new();
    let reference = format!("oci:{}:1", machine.file("a").display());
    assert_eq!(
        second.refused(&["pull", &reference, "--name", "hello"]),
        format!(
            "the layer with signatures has the digest {}, expected {}",
            digest(&bytes),
            digest(&text)
        )
    );
    assert!(second.is_empty());
}
