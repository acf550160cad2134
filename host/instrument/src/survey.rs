//! A first pass over the component and everything nested in it: the core modules, what each part does with them,
//! and which functions are called while their part may not call back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use wasmparser::{Chunk, Parser, Payload};

use crate::error::Uninstrumentable;
use crate::function::Function;
use crate::module::{Copies, CoreModule};
use crate::part::{Part, Passed, Target};

/// The characters of a nested component's name that are put before the names of its functions.
const PART_NAME_CHARACTERS: usize = 100;

/// What a component is made of.
#[derive(Default)]
pub(crate) struct Survey<'a> {
    /// The core modules of all parts, in the order of their bytes.
    pub(crate) modules: Vec<CoreModule<'a>>,
    /// The outermost component, and then the nested ones in the order in which they begin.
    pub(crate) parts: Vec<Part<'a>>,
    /// The functions of each module that are needed without hooks.
    pub(crate) copies: Vec<Copies>,
}

impl<'a> Survey<'a> {
    pub(crate) fn of(component: &'a [u8]) -> Result<Survey<'a>, Uninstrumentable> {
        let mut survey = Survey::without_copies(component)?;
        for part in &mut survey.parts {
            let called = part.options.iter().copied();
            part.called_by_host = called
                .filter_map(|function| Some((function, part.resolve(function)?)))
                .collect();
        }
        survey.copies = survey.find_copies()?;
        Ok(survey)
    }

    /// The survey without looking for the functions that must be copied.
    pub(crate) fn without_copies(component: &'a [u8]) -> Result<Survey<'a>, Uninstrumentable> {
        let mut survey = Survey::default();
        survey.walk(component)?;
        Ok(survey)
    }

    /// Reads the sections of each part in turn. Modules read their own sections.
    fn walk(&mut self, component: &'a [u8]) -> Result<(), Uninstrumentable> {
        self.parts.push(Part::default());
        let mut open = vec![(Parser::new(0), 0, component.len())];
        let mut rest = component;
        while let Some((parser, place, end)) = open.last_mut() {
            let (place, end) = (*place, *end);
            let Chunk::Parsed { consumed, payload } = parser.parse(rest, true)? else {
                break;
            };
            rest = rest.get(consumed..).unwrap_or_default();
            if let Payload::ModuleSection {
                unchecked_range: range,
                ..
            }
            | Payload::ComponentSection {
                unchecked_range: range,
                ..
            } = &payload
                && range.end > end
            {
                return Err(Uninstrumentable::Invalid {
                    message: "a section is longer than what it stands in".to_owned(),
                });
            }
            match payload {
                Payload::ModuleSection {
                    unchecked_range, ..
                } => {
                    let at = unchecked_range.start;
                    let bytes = component.get(unchecked_range).unwrap_or_default();
                    let mut module = CoreModule::read(bytes)?;
                    module.part = place;
                    module.at = at;
                    self.parts[place].modules.push(self.modules.len());
                    self.modules.push(module);
                    rest = rest.get(bytes.len()..).unwrap_or_default();
                }
                Payload::ComponentSection {
                    parser,
                    unchecked_range,
                } => {
                    let nested = self.parts.len();
                    self.parts[place].components.push(Some(nested));
                    self.parts.push(Part::nested_in(place));
                    open.push((parser, nested, unchecked_range.end));
                }
                Payload::End(_) => {
                    self.parts[place].gets_hooks = self.has_code(place);
                    open.pop();
                }
                payload => self.visit(place, payload)?,
            }
        }
        Ok(())
    }

    fn visit(&mut self, place: usize, payload: Payload<'a>) -> Result<(), Uninstrumentable> {
        if let Payload::ComponentAliasSection(aliases) = &payload {
            for alias in aliases.clone() {
                let alias = alias?;
                self.outer_alias(place, &alias)?;
                self.parts[place].alias(&self.modules, &alias)?;
            }
        }
        self.parts[place].visit(payload)
    }

    /// An alias of a module or component of a part around this one.
    fn outer_alias(
        &mut self,
        place: usize,
        alias: &wasmparser::ComponentAlias<'_>,
    ) -> Result<(), Uninstrumentable> {
        let wasmparser::ComponentAlias::Outer { kind, count, index } = alias else {
            return Ok(());
        };
        let mut outer = place;
        for _ in 0..*count {
            outer = self.parts[outer]
                .parent
                .ok_or(Uninstrumentable::ForeignModule)?;
        }
        let index = *index as usize;
        match kind {
            wasmparser::ComponentOuterAliasKind::CoreModule => {
                let module = self.parts[outer].modules.get(index).copied();
                let module = module.ok_or(Uninstrumentable::ForeignModule)?;
                self.parts[place].modules.push(module);
            }
            wasmparser::ComponentOuterAliasKind::Component => {
                let component = self.parts[outer].components.get(index).copied().flatten();
                self.parts[place].components.push(component);
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether a part, or one that it instantiates, has functions of its own.
    fn has_code(&self, place: usize) -> bool {
        let part = &self.parts[place];
        let own = part.instantiated_modules();
        let nested = part.instantiated.iter().flatten();
        own.into_iter()
            .any(|module| !self.modules[module].bodies.is_empty())
            || nested
                .into_iter()
                .any(|nested| self.parts[*nested].gets_hooks)
    }

    /// Checks that the hooks reach everything that has functions. A component that is passed on to be
    /// instantiated elsewhere would not get them, and a component from outside would get them without expecting
    /// them.
    pub(crate) fn check(&self) -> Result<(), Uninstrumentable> {
        let takes_name = |module: &CoreModule<'_>| module.takes_name;
        if self.parts.iter().any(|part| part.takes_name) || self.modules.iter().any(takes_name) {
            return Err(Uninstrumentable::NameTaken);
        }
        for part in &self.parts {
            let handed_on = part.handed_on.iter().flatten();
            if part.instantiated.contains(&None)
                || handed_on
                    .into_iter()
                    .any(|nested| self.parts[*nested].gets_hooks)
            {
                return Err(Uninstrumentable::ForeignComponent);
            }
        }
        Ok(())
    }

    /// The functions that the host calls while the part may not call back, and all functions that these call
    /// directly, across modules.
    fn find_copies(&self) -> Result<Vec<Copies>, Uninstrumentable> {
        let mut copies: Vec<_> = self.modules.iter().map(|_| Copies::default()).collect();
        let mut needed = vec![BTreeSet::new(); self.modules.len()];
        let mut instances = vec![Vec::new(); self.modules.len()];
        for (place, part) in self.parts.iter().enumerate() {
            for (instance, module) in part.module_instances() {
                instances[module].push((place, instance));
            }
        }
        let called = self
            .parts
            .iter()
            .flat_map(|part| part.called_by_host.values());
        let mut targets: Vec<Target> = called.copied().collect();
        let mut open = BTreeSet::new();
        loop {
            for target in targets.drain(..) {
                if needed[target.module].insert(target.function) {
                    open.insert(target.module);
                }
            }
            // Modules mostly call earlier ones, so taking the last one first handles callers before callees.
            let Some(module) = open.pop_last() else {
                return Ok(copies);
            };
            copies[module] = self.modules[module].copies(&needed[module])?;
            for &(place, instance) in &instances[module] {
                for &import in &copies[module].imported {
                    let passed = self.parts[place].passed(&self.modules, instance, import);
                    if let Some(Passed::Target(target)) = passed {
                        targets.push(target);
                    }
                }
            }
        }
    }

    /// The first import of another module that each function is passed for: `module#name`.
    fn stands_for(&self) -> BTreeMap<(usize, u32), String> {
        let mut stands_for = BTreeMap::new();
        for part in &self.parts {
            for (instance, module) in part.module_instances() {
                for (import, index) in self.modules[module].imports.iter().zip(0..) {
                    let passed = part.passed(&self.modules, instance, index);
                    if let Some(Passed::Target(target)) = passed {
                        stands_for
                            .entry((target.module, target.function))
                            .or_insert_with(|| format!("{}#{}", import.module, import.name));
                    }
                }
            }
        }
        stands_for
    }

    /// The names of a nested component and of those around it, outermost first and without the outermost
    /// component. A component without a name is named by its number.
    pub(crate) fn path(&self, mut place: usize) -> Option<String> {
        let mut names = Vec::new();
        while let Some(outer) = self.parts[place].parent {
            let name = self.parts[place].name;
            names.push(match name {
                Some(name) => name.chars().take(PART_NAME_CHARACTERS).collect(),
                None => format!("component {place}"),
            });
            place = outer;
        }
        names.reverse();
        (!names.is_empty()).then(|| names.join("/"))
    }

    /// Every function that gets hooks, in the order of the ids.
    pub(crate) fn functions(&self) -> Vec<Function> {
        let mut stands_for = self.stands_for();
        let mut functions = Vec::new();
        for (module, facts) in self.modules.iter().enumerate() {
            // All functions of a module share one text, because there may be many functions and the text may be
            // long.
            let part: Option<Arc<str>> = self.path(facts.part).map(Into::into);
            let module_name: Option<Arc<str>> = facts.name.map(Into::into);
            for index in (facts.imported()..).take(facts.bodies.len()) {
                functions.push(Function {
                    part: part.clone(),
                    module: module as u32,
                    module_name: module_name.clone(),
                    index,
                    name: facts.names.get(&index).map(|name| (*name).to_owned()),
                    stands_for: stands_for.remove(&(module, index)),
                });
            }
        }
        functions
    }
}
