//! `fractalaw keys` and `fractalaw sign`.

use std::path::Path;

use fractalaw_provenance::{KeyError, PublicKey, SecretKey, Subject, Wanted, beside};

use super::files::{folder_of, signatures_beside, write};
use crate::component::Component;
use crate::fault::{Fault, Kind};
use crate::flags::Keys;
use crate::turn::Turn;

/// Runs `fractalaw keys`. The secret key is never printed.
pub(super) fn run(command: &Keys) -> Result<String, Fault> {
    let key = match command {
        Keys::New { file } => SecretKey::create(file),
        Keys::Show { file } => SecretKey::load(file),
    };
    Ok(format!(
        "{}\n",
        key.map_err(|error| fault(&error))?.public()
    ))
}

/// Signs a component.
pub(super) fn sign(file: &Path, key_file: &Path, signer: Option<String>) -> Result<String, Fault> {
    let key = SecretKey::load(key_file).map_err(|error| fault(&error))?;
    let component = Component::read(file)?;
    let own = key_file.file_stem().and_then(|stem| stem.to_str());
    let signer = signer.unwrap_or_else(|| own.unwrap_or_default().to_owned());
    // Somebody else may sign it at the same moment.
    let _turn = Turn::take(folder_of(file))?;
    // Those of an earlier build are of no use any more.
    let mut signatures = signatures_beside(file)?.about(&component.digest);
    let subject = Subject {
        name: component.name.clone(),
        digest: component.digest.clone(),
    };
    signatures.sign(subject, &signer, &key).map_err(|what| {
        Fault::usage(
            what,
            "give the name with `--signer`, and not more signatures than a file holds",
        )
    })?;
    write(beside(file), signatures.text().as_bytes())?;
    let name = match &*component.name {
        "" => "a component without a name".to_owned(),
        name => format!("`{name}`"),
    };
    let text = format!(
        "{signer} signed {name}, {}, with {}",
        component.digest,
        key.public()
    );
    Ok(format!(
        "{}\n",
        fractalaw_manifest::terminal::one_line(&text)
    ))
}

/// Public keys from the command line.
pub(super) fn wanted(texts: Vec<String>) -> Result<Vec<Wanted>, Fault> {
    let wanted = texts.into_iter().map(|name| match PublicKey::parse(&name) {
        Some(key) => Ok(Wanted { name, key }),
        None => Err(Fault::usage(
            format!("`{name}` is no public key"),
            "a public key is `ed25519:` and 64 digits, as `fractalaw keys show FILE` prints it",
        )),
    });
    wanted.collect()
}

fn fault(error: &KeyError) -> Fault {
    let kind = match error {
        KeyError::File { source, .. } if source.kind() != std::io::ErrorKind::NotFound => {
            Kind::Failed
        }
        KeyError::Random(_) => Kind::Failed,
        _ => Kind::Usage,
    };
    Fault::new(kind, error.to_string()).hint(error.hint())
}
