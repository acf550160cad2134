//! What a capability holds for one run.

use std::any::{Any, TypeId};

use fractalaw_report::{Effect, Outcome};

use crate::error::HostError;

/// What a capability holds for one run, from before its instance is made until its outcome is known. One that is
/// dropped unfinished takes back what the run did.
pub trait Session: Any + Send {
    /// The run has ended: makes what it did hold, or takes it back, and says what came of it.
    ///
    /// # Errors
    ///
    /// When it cannot be told what holds. The run has no report then.
    fn finish(self: Box<Self>, ended: &Outcome) -> Result<Vec<Effect>, HostError> {
        let _ = ended;
        Ok(Vec::new())
    }
}

/// The sessions of one run. A host has few capabilities, so that they are looked for one after another.
#[derive(Default)]
pub(crate) struct Sessions(Vec<(TypeId, Box<dyn Session>)>);

impl Sessions {
    pub(crate) fn with_capacity(capabilities: usize) -> Sessions {
        Sessions(Vec::with_capacity(capabilities))
    }

    pub(crate) fn add(&mut self, session: Box<dyn Session>) {
        self.0.push((Any::type_id(&*session), session));
    }

    /// The session of this type, if a capability of the host has such.
    pub(crate) fn get<S: Session>(&mut self) -> Option<&mut S> {
        let wanted = TypeId::of::<S>();
        let (_, found) = self.0.iter_mut().find(|(known, _)| *known == wanted)?;
        let found: &mut dyn Any = &mut **found;
        found.downcast_mut()
    }

    /// Ends all of them. All are told, and the first error counts.
    pub(crate) fn finish(self, ended: &Outcome) -> Result<Vec<Effect>, HostError> {
        let mut effects = Ok(Vec::new());
        for (_, session) in self.0 {
            match (session.finish(ended), &mut effects) {
                (Ok(more), Ok(effects)) => effects.extend(more),
                (Err(error), Ok(_)) => effects = Err(error),
                (_, Err(_)) => {}
            }
        }
        effects
    }
}
