//! Runs everything that reads a component on a thread with a large enough stack for the bounds on nesting,
//! however small the caller's stack is. A stack overflow would end the process with every run in it. What was examined
//! before and is in the cache needs no such stack.

use std::path::Path;
use std::sync::Arc;
use std::thread;

use fractalaw_report::Refusal;
use tokio::sync::oneshot;

use crate::error::{HostError, LoadError};
use crate::limits::COMPILE_STACK_BYTES;
use crate::load::loader::{Candidate, Loader};
use crate::load::source::Source;

/// Does the work and waits for it. A panic is a parser's, and becomes a refusal.
pub(crate) fn on_its_stack<T: Send, E: Into<LoadError> + Send>(
    work: impl FnOnce() -> Result<T, E> + Send,
) -> Result<T, LoadError> {
    thread::scope(|scope| {
        let reader = builder().spawn_scoped(scope, work).map_err(not_started)?;
        match reader.join() {
            Ok(done) => done.map_err(Into::into),
            Err(_) => Err(Refusal::CompilerFailed.into()),
        }
    })
}

/// Does the work on another thread and returns its result. The caller may give up earlier.
pub(crate) async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LoadError> + Send + 'static,
) -> Result<T, LoadError> {
    let (say, said) = oneshot::channel();
    let started = builder().spawn(move || {
        // The caller may have given up.
        let _ = say.send(work());
    });
    started.map_err(not_started)?;
    // If the work panicked, there is no answer.
    said.await.unwrap_or(Err(Refusal::CompilerFailed.into()))
}

/// Reads a file on another thread, if it is not at hand.
pub(crate) async fn file(
    loader: &Arc<Loader>,
    path: &Path,
) -> Result<Candidate<'static>, LoadError> {
    let source = Source::open(path)?;
    match loader.at_hand(&source) {
        Ok(candidate) => Ok(candidate),
        Err(searched) => {
            let loader = Arc::clone(loader);
            beside(move || loader.read_after(source, searched)).await
        }
    }
}

fn builder() -> thread::Builder {
    thread::Builder::new()
        .name("reader".to_owned())
        .stack_size(COMPILE_STACK_BYTES)
}

fn not_started(source: std::io::Error) -> HostError {
    HostError::Start {
        what: "the thread that reads a component",
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use fractalaw_provenance::{Lock, Locked, SecretKey, sha256};
    use fractalaw_testing::{component, with_section};

    use super::*;
    use crate::engine::{self, Reuse};
    use crate::interfaces::{self, audit_log::AuditLog};
    use crate::limits::AT_HAND_BYTES;
    use crate::load::cache::CodeCache;
    use crate::load::compiler::Compiler;
    use crate::offer::offered::Offer;
    use crate::policy::Policy;

    #[test]
    fn a_reader_that_panics_is_a_refusal() {
        let failed = on_its_stack(|| -> Result<(), Refusal> { panic!("as a parser might") });
        assert!(matches!(
            failed,
            Err(LoadError::Refused(Refusal::CompilerFailed))
        ));
    }

    /// A loader as a host has it, with the cache in this folder.
    fn loader(cache: &Path, offer: Offer, policy: &str) -> Loader {
        let engine = engine::new(1, Reuse::default()).unwrap();
        Loader {
            linker: Arc::new(offer.linker(&engine).unwrap()),
            offer,
            cache: Some(CodeCache::open(cache).unwrap()),
            compiler: Compiler::new(None),
            policy: Some(Arc::new(
                Policy::parse(Path::new("policy.toml"), policy).unwrap(),
            )),
        }
    }

    #[test]
    fn at_hand_is_only_a_small_file_that_this_host_accepted_and_for_which_nobody_vouches() {
        let folder = tempfile::tempdir().unwrap();
        let (cache, file) = (folder.path().join("cache"), folder.path().join("app.wasm"));
        // The component's digest, or whether the cache was searched.
        let at_hand = |loader: &Loader| {
            let candidate = loader.at_hand(&Source::open(&file).unwrap());
            let candidate = candidate.map_err(|searched| searched.is_some())?;
            assert!(candidate.is_ready());
            Ok(candidate.about().app.digest.to_string())
        };
        let read = |loader: &Loader| {
            let source = Source::open(&file).unwrap();
            let app = loader.load(loader.read(source).unwrap()).unwrap();
            app.digest().to_owned()
        };
        let bare = component("", "");
        let with_room = |bytes| with_section(&bare, "room", &vec![0; bytes]);
        let over = AT_HAND_BYTES as usize - bare.len();
        let standard = || interfaces::offer(false, []).unwrap();
        let host = loader(&cache, standard(), "");

        fs::write(&file, &bare).unwrap();
        assert_eq!(at_hand(&host), Err(true), "it is not in the cache");
        let digest = read(&host);
        assert_eq!(at_hand(&host), Ok(digest.clone()));

        let only_logs = Offer::of(vec![Arc::new(AuditLog { is_durable: false })]).unwrap();
        let other = loader(&cache, only_logs, "");
        assert_eq!(at_hand(&other), Err(true), "another host has not judged it");
        let key = SecretKey::from_seed(&[1; 32]).public();
        let strict = format!("[apps.other]\nrequire-signature = \"{key}\"\n");
        let strict = loader(&cache, standard(), &strict);
        assert_eq!(at_hand(&strict), Err(false), "somebody may have to sign it");
        let pinned = Locked {
            reference: "registry.example/app:1".to_owned(),
            manifest: sha256(b"manifest"),
            component: sha256(&bare),
            bytes: bare.len() as u64,
        };
        let mut lock = Lock::default();
        lock.apps.insert("app".to_owned(), pinned);
        lock.write(folder.path()).unwrap();
        assert_eq!(at_hand(&host), Err(false), "it is pinned");
        fs::remove_file(folder.path().join("apps.lock")).unwrap();
        assert_eq!(at_hand(&host), Ok(digest));

        for (bytes, is_small) in [(over - 64, true), (over, false)] {
            fs::write(&file, with_room(bytes)).unwrap();
            assert_eq!(at_hand(&host), Err(is_small), "its content is new");
            let digest = read(&host);
            let expected = if is_small { Ok(digest) } else { Err(false) };
            assert_eq!(at_hand(&host), expected, "{bytes}");
        }
    }
}
