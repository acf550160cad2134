//! A component that was signed and pushed on one machine, and pulled and run on another.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fractalaw_testing::{cache, guest, guest_bytes, registry_program};
use tempfile::TempDir;

use crate::debian::Registry;

/// A machine: a folder that is home and current folder, with the program that moves components on its path.
struct Machine {
    folder: TempDir,
    programs: PathBuf,
}

impl Machine {
    /// `None` if there is no such program.
    fn new() -> Option<Machine> {
        let programs = registry_program()?.parent().unwrap().to_owned();
        Some(Machine {
            folder: tempfile::tempdir().unwrap(),
            programs,
        })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Its code, and what it printed to standard output and to standard error.
    fn fractalaw(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fractalaw"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path())
            .env("PATH", &self.programs)
            .env_remove("XDG_CACHE_HOME")
            .env_remove("RUST_LOG")
            .stdin(Stdio::null());
        let output = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (
            output.status.code().unwrap(),
            text(&output.stdout),
            text(&output.stderr),
        )
    }

    fn done(&self, arguments: &[&str]) -> String {
        let (code, out, error) = self.fractalaw(arguments);
        assert_eq!(code, 0, "{arguments:?}: {error}");
        out
    }

    /// What an inspection by name says, with the policy.
    fn inspected(&self) -> serde_json::Value {
        let arguments = [
            "inspect",
            "hello-world",
            "--policy",
            "policy.toml",
            "--json",
        ];
        serde_json::from_str(&self.done(&arguments)).unwrap()
    }

    /// The first line of a run by name, with the policy, and its code.
    fn ran(&self, more: &[&str]) -> (i32, String) {
        let cache = cache().display().to_string();
        let arguments = [
            &[
                "run",
                "hello-world",
                "--policy",
                "policy.toml",
                "--cache",
                &cache,
            ],
            more,
        ]
        .concat();
        let (code, out, error) = self.fractalaw(&arguments);
        let first = out.lines().next().unwrap_or(&error).to_owned();
        (code, first)
    }
}

fn digest(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn require(machine: &Machine, key: &str) {
    let policy = format!("[keys]\nrelease = \"{key}\"\n[all]\nrequire-signature = \"release\"\n");
    fs::write(machine.file("policy.toml"), policy).unwrap();
}

#[test]
fn a_component_goes_through_a_folder_to_another_machine_and_runs_there() {
    let (Some(first), Some(second)) = (Machine::new(), Machine::new()) else {
        return;
    };
    let layout = first.file("usb").display().to_string();
    goes_to_another_machine(&first, &second, &format!("oci:{layout}:1.0"));
}

#[test]
fn a_component_goes_through_a_registry_to_another_machine_and_runs_there() {
    let (Some(first), Some(second), Some(third)) = (Machine::new(), Machine::new(), Machine::new())
    else {
        return;
    };
    let Some(registry) = Registry::start("") else {
        return;
    };
    let reference = format!("{}/acme/hello-world:1.0", registry.host);
    goes_to_another_machine(&first, &second, &reference);

    // A byte is flipped where the registry keeps what the tag leads to now.
    let hex = digest(&guest_bytes("duty-finder"));
    let blobs = registry.folder.path().join("data/docker/registry/v2/blobs");
    let blob = blobs.join(format!("sha256/{}/{hex}/data", &hex[..2]));
    let mut bytes = fs::read(&blob).unwrap();
    bytes[100] ^= 1;
    fs::write(&blob, &bytes).unwrap();
    let (code, out, error) = third.fractalaw(&["pull", &reference]);
    assert_eq!((code, &*out), (3, ""));
    let flipped = digest(&bytes);
    let refused =
        format!("refused: the component has the digest sha256:{flipped}, expected sha256:{hex}\n");
    assert!(error.starts_with(&refused), "{error}");
    assert!(!third.file("hello-world.wasm").exists());
    // What was pinned is still there.
    fs::remove_file(second.file("hello-world.wasm")).unwrap();
    second.done(&["pull"]);
    assert_eq!(second.ran(&[]).0, 0);
}

/// The first machine signs and pushes, and the second pulls, verifies and runs. Another key, a flipped byte and a moved tag are
/// refused.
fn goes_to_another_machine(first: &Machine, second: &Machine, reference: &str) {
    // Where it is built.
    fs::copy(guest("hello-world"), first.file("hello-world.wasm")).unwrap();
    let key = first.done(&["keys", "new", "release.key"]);
    let key = key.trim_end();
    first.done(&["sign", "hello-world.wasm", "--key", "release.key"]);
    first.done(&["push", "hello-world.wasm", reference]);

    // Where it runs.
    require(second, key);
    let pull = ["pull", reference, "--name", "hello-world"];
    second.done(&pull);
    assert_eq!(
        second.ran(&[]),
        (0, "Hello from the first Fractalaw micro-app!".to_owned())
    );
    // The same by its file, and without a name for it.
    second.done(&["run", "./hello-world.wasm", "--policy", "policy.toml"]);
    let inspected = second.inspected();
    assert_eq!(inspected["starts"], true);

    // Another key.
    let other = first.done(&["keys", "new", "other.key"]);
    require(second, other.trim_end());
    let refused =
        format!("refused: it is signed by `{key}`, and a signature of `release` is required");
    assert_eq!(second.ran(&[]), (3, refused));
    let inspected = second.inspected();
    assert_eq!(inspected["refusal"]["refusal"], "not-signed");
    require(second, key);

    // A flipped byte.
    let whole = guest_bytes("hello-world");
    let mut bytes = whole.clone();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(second.file("hello-world.wasm"), &bytes).unwrap();
    let differs = format!(
        "it is sha256:{}, and `apps.lock` beside it pins sha256:{}",
        digest(&bytes),
        digest(&whole)
    );
    assert_eq!(second.ran(&[]), (3, format!("refused: {differs}")));
    second.done(&["pull"]);
    assert_eq!(second.ran(&[]).0, 0);

    // A moved tag.
    fs::copy(guest("duty-finder"), first.file("other.wasm")).unwrap();
    first.done(&["push", "other.wasm", reference]);
    let (code, out, error) = second.fractalaw(&pull);
    assert_eq!((code, &*out), (3, ""));
    assert!(
        error.starts_with(&format!("refused: `{reference}` was moved: it is sha256:")),
        "{error}"
    );
    assert_eq!(second.ran(&[]).0, 0);
}

#[test]
fn a_name_is_a_file_first_and_then_what_the_lock_pins() {
    let Some(machine) = Machine::new() else {
        return;
    };
    let named = |name: &str| {
        let (code, out, error) = machine.fractalaw(&["run", name, "--no-cache"]);
        (code, out.lines().next().unwrap_or(&error).to_owned())
    };
    assert_eq!(named("hello-world").0, 2);
    fs::copy(guest("hello-world"), machine.file("hello-world")).unwrap();
    assert_eq!(named("hello-world").0, 0);
    fs::remove_file(machine.file("hello-world")).unwrap();
    fs::write(machine.file("apps.lock"), "version = 1\n").unwrap();
    assert_eq!(named("hello-world").0, 2);
    fs::write(
        machine.file("apps.lock"),
        "version = 1\n[apps.hello-world]\n",
    )
    .unwrap();
    fs::copy(guest("hello-world"), machine.file("hello-world.wasm")).unwrap();
    for name in ["hello-world.wasm", "hello-world"] {
        let (code, error) = named(name);
        assert_eq!(code, 2, "{name}");
        assert!(
            error.contains("line 2: missing field `reference`"),
            "{name}: {error}"
        );
    }
}

/// It replaces this process, and is looked for beside it and on the path.
#[test]
fn without_the_program_the_commands_say_how_to_get_it() {
    let folder = tempfile::tempdir().unwrap();
    let alone = folder.path().join("fractalaw");
    fs::copy(Path::new(env!("CARGO_BIN_EXE_fractalaw")), &alone).unwrap();
    for command in ["push", "pull", "sign", "keys"] {
        let output = Command::new(&alone)
            .arg(command)
            .env("PATH", folder.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(10));
        assert_eq!(
            String::from_utf8(output.stderr).unwrap(),
            "error: `fractalaw-registry` is neither beside `fractalaw` nor on the path\n\
             hint: build it with `cargo build -p fractalaw-registry`\n"
        );
    }
}
