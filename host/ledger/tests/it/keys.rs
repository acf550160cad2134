//! Key files and checkpoint files.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use fractalaw_ledger::*;

use crate::lab::*;

#[test]
fn a_key_file_is_its_owners_alone_and_refused_when_it_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.key");
    let made = LedgerKey::create(&path).unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(&path), 0o600);
    let loaded = LedgerKey::load(&path).unwrap();
    assert_eq!(loaded.public_key(), made.public_key());
    assert!(matches!(
        LedgerKey::create(&path),
        Err(KeyError::File { source, .. }) if source.kind() == std::io::ErrorKind::AlreadyExists
    ));
    for bad in [0o640, 0o604, 0o620, 0o602, 0o610, 0o601] {
        fs::set_permissions(&path, fs::Permissions::from_mode(bad)).unwrap();
        match LedgerKey::load(&path).err() {
            Some(KeyError::NotPrivate { mode, .. }) => assert_eq!(mode, bad),
            other => panic!("{bad:o}: {other:?}"),
        }
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    LedgerKey::load(&path).unwrap();
}

#[test]
fn what_is_no_key_file_is_said_to_be_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.key");
    assert!(matches!(
        LedgerKey::load(&path),
        Err(KeyError::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound
    ));
    let header = "fractalaw-ledger-key-v1 ";
    for content in [
        Vec::new(),
        b"\xff\xfe".to_vec(),
        header.into(),
        format!("{header}{}\n", "0".repeat(63)).into(),
        format!("{header}{}\n", "g".repeat(64)).into(),
        format!("fractalaw-ledger-key-v2 {}\n", "0".repeat(64)).into(),
        vec![b'0'; 1 << 20],
    ] {
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(
            LedgerKey::load(&path),
            Err(KeyError::Content { .. })
        ));
    }
}

#[test]
fn a_checkpoint_is_read_back_as_it_was_printed_and_nothing_else_is() {
    let lab = Lab::new();
    let checkpoint = lab.sample();
    let path = lab.folder.path().join("checkpoint");
    fs::write(&path, checkpoint.json() + "\n").unwrap();
    assert_eq!(Checkpoint::load(&path).unwrap(), checkpoint);
    let version = checkpoint
        .json()
        .replace("_checkpoint\":1", "_checkpoint\":2");
    let unknown = checkpoint.json().replace('{', "{\"more\":1,");
    let short = checkpoint
        .json()
        .replace("\"head_hash\":\"", "\"head_hash\":\"0");
    for content in ["", "{}", "null", &version, &unknown, &short] {
        fs::write(&path, content).unwrap();
        assert!(matches!(
            Checkpoint::load(&path),
            Err(CheckpointError::Content { .. })
        ));
    }
}

#[test]
fn a_checkpoint_that_was_altered_vouches_for_nothing() {
    let lab = Lab::new();
    let mut checkpoint = lab.sample();
    checkpoint.entry_count = 6;
    match lab.verify_with(&checkpoint) {
        Err(VerifyError::Flaw(flaw)) => {
            assert_eq!(flaw, Flaw::CheckpointSignature { entry_count: 6 });
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_the_ledgers_own_key_signs() {
    let lab = Lab::new();
    let ended = lab.ledger().checkpoint(&LedgerKey::from_seed(&[8; 32]), T0);
    assert!(matches!(ended, Err(LedgerError::OtherKey { .. })));
    assert_eq!(lab.entries().len(), 1);
}
