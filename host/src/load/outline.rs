//! What a component says of itself and what it imports, read from its outermost sections. Nothing nested is read,
//! there is no recursion, and each list has a bound. So this can be read and recorded before the component is
//! judged.

use std::collections::BTreeSet;

use fractalaw_contract::type_depth::TypeDepth;
use fractalaw_manifest::Manifest;
use fractalaw_report::{Listed, Refusal, cut};
use wasmparser::{BinaryReaderError, Chunk, CustomSectionReader, KnownCustom, Parser, Payload};

use crate::limits::{LISTED_BYTES, MANIFEST_BYTES};
use crate::load::facts::Facts;
use crate::load::header::{check_header, check_size};
use crate::offer::offered::Offer;

/// The standard sections with text about a component.
const METADATA: [&str; 7] = [
    "authors",
    "description",
    "homepage",
    "licenses",
    "revision",
    "source",
    "version",
];

/// What the outermost sections say.
#[derive(Default)]
pub(crate) struct Outline {
    /// From the component's name section.
    pub(crate) name: Option<String>,
    /// From the standard `version` section.
    pub(crate) version: Option<String>,
    /// From the manifest section.
    pub(crate) manifest: Option<Manifest>,
    /// The standard sections of text, by name.
    pub(crate) metadata: Listed<(String, String)>,
    /// Role, name and version of the tools that made it.
    pub(crate) producers: Listed<(String, String, String)>,
    /// The names of its imports, in its own order.
    pub(crate) imports: Listed<String>,
    /// The names of its exports, in its own order.
    pub(crate) exports: Listed<String>,
    /// Those of these imports that would need a grant and have only types, such as an interface that owns the error of
    /// another one. Nothing can be called there, so no grant is needed.
    pub(crate) only_types: BTreeSet<String>,
    /// The grants that its imports need, each once, sorted.
    pub(crate) interfaces: BTreeSet<String>,
    /// Why it is refused, if these sections are reason enough.
    pub(crate) refusal: Option<Refusal>,
}

impl Outline {
    /// Reads the sections, for a host with this offer. An unreadable section ends the reading, and what was read
    /// before it is kept.
    pub(crate) fn of(bytes: &[u8], offer: &Offer) -> Outline {
        let mut outline = Outline::default();
        let read = check_size(bytes.len() as u64)
            .and_then(|()| check_header(bytes))
            .and_then(|()| outline.read(bytes, offer).map_err(Refusal::invalid));
        if let Err(refusal) = read {
            outline.refusal = Some(refusal);
        }
        outline
    }

    fn read(&mut self, bytes: &[u8], offer: &Offer) -> Result<(), BinaryReaderError> {
        let (mut parser, mut rest) = (Parser::new(0), bytes);
        // Without it, each import counts as one with functions. Judging the component will say what is wrong with its types.
        let mut types = Some(TypeDepth::new(bytes));
        loop {
            let Chunk::Parsed { consumed, payload } = parser.parse(rest, true)? else {
                return Ok(());
            };
            rest = rest.get(consumed..).unwrap_or_default();
            types = types.and_then(|types| followed(types, &payload));
            match payload {
                Payload::ModuleSection {
                    unchecked_range, ..
                }
                | Payload::ComponentSection {
                    unchecked_range, ..
                } => match rest.get(unchecked_range.len()..) {
                    Some(after) => rest = after,
                    // The bytes end too early. Judging the component will report it.
                    None => return Ok(()),
                },
                Payload::End(_) => return Ok(()),
                payload => self.section(payload, types.as_ref(), offer)?,
            }
        }
    }

    fn section(
        &mut self,
        payload: Payload<'_>,
        types: Option<&TypeDepth<'_>>,
        offer: &Offer,
    ) -> Result<(), BinaryReaderError> {
        match payload {
            Payload::ComponentImportSection(imports) => {
                for import in imports {
                    let name = import?.name.name;
                    let is_only_types = types.is_some_and(|types| types.is_only_types(name));
                    self.import(name, is_only_types, offer);
                }
            }
            Payload::ComponentExportSection(exports) => {
                for export in exports {
                    let name = export?.name.name;
                    self.exports.push(name);
                }
            }
            Payload::CustomSection(section) => self.custom(&section, offer),
            _ => {}
        }
        Ok(())
    }

    fn import(&mut self, name: &str, is_only_types: bool, offer: &Offer) {
        let listed = self.imports.len();
        self.imports.push(name);
        let Some(grant) = offer.needs_grant(name) else {
            return;
        };
        if !is_only_types {
            self.interfaces.insert(grant.to_owned());
        } else if self.imports.len() > listed {
            self.only_types.insert(name.to_owned());
        }
    }

    /// Except for the manifest, these sections are for people, and unreadable parts are skipped.
    fn custom(&mut self, section: &CustomSectionReader<'_>, offer: &Offer) {
        let name = section.name();
        if name == fractalaw_manifest::SECTION {
            return self.manifest(section.data(), offer);
        }
        if METADATA.contains(&name) {
            let Ok(text) = std::str::from_utf8(section.data()) else {
                return;
            };
            if name == "version" {
                self.version = Some(cut(text, LISTED_BYTES).to_owned());
            }
            let bytes = name.len() + text.len();
            let item = || (name.to_owned(), text.to_owned());
            return self.metadata.push_with(bytes, item);
        }
        match section.as_known() {
            KnownCustom::ComponentName(names) => {
                for name in names.into_iter().map_while(Result::ok) {
                    if let wasmparser::ComponentName::Component { name, .. } = name {
                        self.name = Some(name.to_owned());
                    }
                }
            }
            KnownCustom::Producers(producers) => {
                for field in producers.into_iter().map_while(Result::ok) {
                    for value in field.values.into_iter().map_while(Result::ok) {
                        let texts = [field.name, value.name, value.version];
                        let bytes = texts.map(str::len).iter().sum();
                        let item = || texts.map(str::to_owned).into();
                        self.producers.push_with(bytes, item);
                    }
                }
            }
            _ => {}
        }
    }

    fn manifest(&mut self, data: &[u8], offer: &Offer) {
        let read = match data.len() {
            bytes if bytes > MANIFEST_BYTES => Err(format!(
                "the manifest section has {bytes} bytes, expected at most {MANIFEST_BYTES}"
            )),
            _ => Manifest::decode(data, &offer.known_to_manifests())
                .map_err(|error| error.to_string()),
        };
        match read {
            Ok(manifest) => self.manifest = Some(manifest),
            Err(message) => {
                self.refusal.get_or_insert(Refusal::manifest(message));
            }
        }
    }

    /// What must be kept of it.
    pub(crate) fn facts(&self, is_composed: bool) -> Facts {
        Facts {
            is_composed,
            manifest: self.manifest.clone().unwrap_or_default(),
            name: self.name.clone(),
            version: self.version.clone(),
            ..Facts::default()
        }
    }
}

/// What is known of types after this section. Nothing nested is read, and so nothing is known of it.
fn followed<'a>(mut types: TypeDepth<'a>, payload: &Payload<'a>) -> Option<TypeDepth<'a>> {
    match payload {
        Payload::ComponentSection { .. } => types.pass_over_component(),
        Payload::ModuleSection { .. } => {}
        payload => types.visit(payload).ok()?,
    }
    Some(types)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_truncation_of_a_component_gives_what_stands_before_its_end() {
        let text = r#"(component $named (core module (memory 1) (func (export "f"))) (component))"#;
        let bytes = wat::parse_str(text).unwrap();
        let offer = Offer::standard();
        assert_eq!(Outline::of(&bytes, offer).name.as_deref(), Some("named"));
        for end in 0..bytes.len() {
            assert_eq!(Outline::of(&bytes[..end], offer).name, None, "{end}");
        }
    }
}
