//! `fractalaw push`.

use std::path::Path;

use crate::artifact;
use crate::component::Component;
use crate::fault::Fault;
use crate::layout::Layout;
use crate::reference::{Place, Reference};
use crate::remote::Remote;
use crate::store::Store;

use super::files::signatures_beside;

/// Pushes a component, with its signatures.
pub(super) fn run(file: &Path, reference: &Reference, insecure: bool) -> Result<String, Fault> {
    if reference.digest.is_some() {
        return Err(Fault::usage(
            format!("`{reference}` has a digest"),
            "the digest follows from the component: push to a tag",
        ));
    }
    let component = Component::read(file)?;
    let signatures = signatures_beside(file)?;
    let about = signatures.clone().about(&component.digest);
    if about != signatures {
        return Err(Fault::usage(
            format!(
                "`{}.sig` has a signature of another component",
                file.display()
            ),
            "the component was changed after it was signed: sign it again with `fractalaw sign`",
        ));
    }
    let store: Box<dyn Store> = match &reference.place {
        Place::Registry(repository) => Box::new(Remote::new(repository, insecure)?),
        Place::Layout(folder) => Box::new(Layout::make(folder)?),
    };
    let title = file.file_name().unwrap_or_default().to_string_lossy();
    let manifest = artifact::push(&*store, reference.tag(), &title, &component)?;
    let mut text = format!("{reference}@{manifest}");
    if !signatures.is_empty() {
        artifact::push_signatures(&*store, &manifest, &signatures)?;
        let count = signatures.claims().count();
        let plural = if count == 1 { "" } else { "s" };
        text += &format!(", with {count} signature{plural}");
    }
    Ok(format!(
        "{}\n",
        fractalaw_manifest::terminal::one_line(&text)
    ))
}
