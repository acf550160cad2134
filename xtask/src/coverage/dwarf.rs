//! The lines of a core module's code, from its DWARF.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use gimli::{EndianSlice, LittleEndian};
use wasmparser::{Parser, Payload};

use crate::build_guests::hermetic::WORKSPACE;
use crate::digest;

/// The code of a module, with its lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Code {
    /// The SHA-256 of the contents of the code section.
    pub(crate) sha256: String,
    /// Where in the code a line stands.
    pub(crate) rows: Vec<Row>,
}

/// Instructions that come from one line of a file of the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// The first byte in the contents of the code section, and the byte after the last.
    pub(crate) range: (u32, u32),
    pub(crate) file: String,
    pub(crate) line: u32,
}

type Slice<'a> = EndianSlice<'a, LittleEndian>;

/// Reads a module.
pub(crate) fn read(module: &[u8]) -> Result<Code> {
    let mut sections = BTreeMap::new();
    let mut contents = &[][..];
    for payload in Parser::new(0).parse_all(module) {
        match payload.context("cannot read the core module")? {
            Payload::CodeSectionStart { range, .. } => {
                contents = module.get(range).unwrap_or_default();
            }
            Payload::CustomSection(section) => {
                sections.insert(section.name(), section.data());
            }
            _ => {}
        }
    }
    let dwarf = gimli::Dwarf::load(|id| {
        let data = sections.get(id.name()).copied().unwrap_or_default();
        Ok::<_, gimli::Error>(EndianSlice::new(data, LittleEndian))
    })?;
    let mut rows = Vec::new();
    let mut units = dwarf.units();
    while let Some(header) = units.next()? {
        let unit = dwarf.unit(header)?;
        unit_rows(&dwarf, &unit, contents.len(), &mut rows)?;
    }
    Ok(Code {
        sha256: digest::bytes(contents),
        rows,
    })
}

/// Adds the rows of one unit. A sequence is the code of a function. That of a function which the linker left out begins
/// at 0 or outside of the code.
fn unit_rows(
    dwarf: &gimli::Dwarf<Slice<'_>>,
    unit: &gimli::Unit<Slice<'_>>,
    length: usize,
    rows: &mut Vec<Row>,
) -> Result<()> {
    let Some(program) = unit.line_program.clone() else {
        return Ok(());
    };
    let mut files: BTreeMap<u64, Option<String>> = BTreeMap::new();
    let mut before: Option<(u32, u64, u32)> = None;
    let mut is_left_out = false;
    let mut state = program.rows();
    while let Some((header, row)) = state.next_row()? {
        let at = u32::try_from(row.address()).unwrap_or(u32::MAX);
        if before.is_none() {
            is_left_out = at == 0 || at as usize >= length;
        }
        if let Some((start, file, line)) = before
            && !is_left_out
            && start < at
            && line > 0
        {
            let name = match files.get(&file) {
                Some(name) => name.clone(),
                None => {
                    let name = file_name(dwarf, unit, header, file)?;
                    files.insert(file, name.clone());
                    name
                }
            };
            if let Some(file) = name {
                let range = (start, at);
                rows.push(Row { range, file, line });
            }
        }
        let line = row.line().map_or(0, |line| line.get());
        let line = u32::try_from(line).unwrap_or(0);
        before = (!row.end_sequence()).then_some((at, row.file_index(), line));
    }
    Ok(())
}

/// The file from the root of the workspace; `None` for a file of others.
fn file_name(
    dwarf: &gimli::Dwarf<Slice<'_>>,
    unit: &gimli::Unit<Slice<'_>>,
    header: &gimli::LineProgramHeader<Slice<'_>>,
    index: u64,
) -> Result<Option<String>> {
    let Some(file) = header.file(index) else {
        return Ok(None);
    };
    let mut path = PathBuf::new();
    if let Some(folder) = &unit.comp_dir {
        path.push(&*folder.to_string_lossy());
    }
    if let Some(folder) = file.directory(header) {
        path.push(&*dwarf.attr_string(unit, folder)?.to_string_lossy());
    }
    path.push(&*dwarf.attr_string(unit, file.path_name())?.to_string_lossy());
    // No path of the machine is in a guest's code.
    let path = path.strip_prefix(WORKSPACE).ok();
    Ok(path.map(|path| path.to_string_lossy().into_owned()))
}
