//! Who vouches for a component: what pins it, and its signatures. Both are checked before anything of the component is
//! compiled, and before compiled code of it is taken from the cache.

use std::path::PathBuf;

use fractalaw_provenance::{Digest, Lock, LockError, Locked, Signatures, Subject, Wanted};
use fractalaw_report::{App, Refusal};

use crate::policy::Policy;

/// Where to find who vouches for a component.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Papers {
    /// Nobody does.
    #[default]
    Nowhere,
    /// In files beside the component.
    Beside(PathBuf),
    /// Whoever brings the component brings its signatures.
    Brought(Signatures),
}

impl Papers {
    /// The pin of the component.
    pub(crate) fn pin(&self) -> Result<Option<Locked>, LockError> {
        match self {
            Papers::Nowhere | Papers::Brought(_) => Ok(None),
            Papers::Beside(path) => Lock::pin(path),
        }
    }

    /// Checks the signatures of the component, if this policy requires one.
    pub(crate) fn check(&self, app: &App, policy: Option<&Policy>) -> Result<(), Refusal> {
        match policy.and_then(|policy| policy.signed_by(app)) {
            Some(wanted) => self.is_signed(app, wanted),
            None => Ok(()),
        }
    }

    fn is_signed(&self, app: &App, wanted: &[Wanted]) -> Result<(), Refusal> {
        let subject = Subject {
            name: app.name.as_deref().unwrap_or_default().to_owned(),
            digest: digest(app),
        };
        let signatures = match self {
            Papers::Nowhere => Ok(Signatures::default()),
            Papers::Brought(signatures) => Ok(signatures.clone()),
            Papers::Beside(path) => Signatures::read_beside(path),
        };
        let signatures = signatures.map_err(|error| Refusal::NotSigned {
            message: format!("its signatures cannot be read: {error}"),
            hint: "get the file again with `fractalaw pull`, or sign the component again with `fractalaw sign`"
                .to_owned(),
        })?;
        let checked = signatures.check(&subject, wanted);
        checked.map(drop).map_err(|missing| Refusal::NotSigned {
            hint: missing.hint().to_owned(),
            message: missing.to_string(),
        })
    }
}

/// Checks that a component is what is pinned.
pub(crate) fn is_pinned(app: &App, pin: Option<&Locked>) -> Result<(), Refusal> {
    let checked = pin.map_or(Ok(()), |pin| pin.check(&digest(app)));
    checked.map_err(|differs| Refusal::NotAsLocked {
        hint: differs.hint().to_owned(),
        message: differs.to_string(),
    })
}

fn digest(app: &App) -> Digest {
    Digest::from_hex(&app.digest).expect("an app's digest is whole")
}
