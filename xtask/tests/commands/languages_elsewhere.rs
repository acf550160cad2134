//! A repository of one's own has guests in other languages than Rust, which use its own interfaces, and guests that are
//! composed of others.

use crate::made::Made;
use crate::tools::{are_there, share};

const POLICY: &str = "[all]
interfaces.\"acme:desk/weather\" = true
places = { Dover = true }
";

/// What parts export.
const TIDES: &str = "package acme:tides@1.0.0;

interface tides {
    /// The height of high water at a place, in metres. The error says why it is not known.
    height: func(place: string) -> result<u32, string>;
}
";

const PART_IN_C: &str = r#"/* A part of the tests. */
#include <string.h>

#include "guest.h"

bool exports_acme_tides_tides_height(guest_string_t *place, uint32_t *ret, guest_string_t *err) {
  if (place->len == 5 && memcmp(place->ptr, "Dover", 5) == 0) {
    *ret = 6;
    return true;
  }
  guest_string_dup(err, "no tide is known");
  return false;
}
"#;

const GUEST_IN_TYPESCRIPT: &str = r#"// A guest of the tests.

import { wind } from "acme:desk/weather@0.1.0";
import { height } from "acme:tides/tides@1.0.0";

export function run(): string {
  try {
    height("Leith");
  } catch (error) {
    return `${wind("Dover")} knots, ${height("Dover")} m, ${(error as { payload?: unknown }).payload}`;
  }
  throw "Leith has a tide";
}
"#;

/// A guest that is composed of nothing.
const ALONE_IN_TYPESCRIPT: &str = r#"// A guest of the tests.

import { wind } from "acme:desk/weather@0.1.0";

export function run(): string {
  return `${wind("Dover")} knots`;
}
"#;

const GUEST_IN_C: &str = r#"/* A guest of the tests. */
#include <stdio.h>

#include "guest.h"

bool exports_guest_run(guest_string_t *ret, guest_string_t *err) {
  guest_string_t place;
  guest_string_set(&place, "Dover");
  uint32_t knots;
  if (!acme_desk_weather_wind(&place, &knots, err)) return false;
  char text[32];
  snprintf(text, sizeof text, "%u knots", (unsigned)knots);
  guest_string_dup(ret, text);
  return true;
}
"#;

/// A repository that shares the tools of this repository's target folder.
fn made() -> Made {
    let made = Made::new(&[]);
    share(&made.folder.path().join("target"));
    made.write("all.toml", POLICY);
    made
}

/// A guest: its folder, its source, and more of its manifest.
fn add(made: &Made, folder: &str, source: (&str, &str), manifest: &str) {
    let (file, text) = source;
    made.write(&format!("guests/{folder}/{file}"), text);
    let head = format!(
        "description = \"A guest of the tests\"\nversion = \"0.1.0\"\nsource = \"{file}\"\n"
    );
    made.write(
        &format!("guests/{folder}/micro-app.toml"),
        &(head + manifest),
    );
}

fn add_part(made: &Made, folder: &str, source: (&str, &str)) {
    let manifest = "exports = [\"acme:tides/tides\"]\n\n[micro-app]\npart = true\n";
    add(made, folder, source, manifest);
    made.write(&format!("guests/{folder}/wit/tides.wit"), TIDES);
}

/// What a guest returns.
fn result(made: &Made, guest: &str) -> String {
    // A host that is not optimised compiles an interpreter of Python in a minute, or more on a busy machine.
    let patient = ["--compile-time", "10m"];
    let run = ["run", guest, "--policy", "all.toml"];
    let said = made.ends(0, &[&run[..], &patient].concat());
    said.lines().next().unwrap().to_owned()
}

#[test]
fn guests_in_c_and_typescript_use_an_interface_of_the_repository_and_a_part() {
    let test = "languages_elsewhere::guests_in_c_and_typescript_use_an_interface_of_the_repository_and_a_part";
    if !are_there(test, &["c", "javascript"]) {
        return;
    }
    let made = made();
    add_part(&made, "c/tides-in-c", ("main.c", PART_IN_C));
    let own = "imports = [\"acme:desk/weather\"]\n\n[micro-app]\n";
    add(&made, "c/wind-in-c", ("main.c", GUEST_IN_C), own);
    let composed = format!("{own}compose = {{ \"acme:tides/tides\" = \"tides-in-c\" }}\n");
    let typescript = ("main.ts", GUEST_IN_TYPESCRIPT);
    add(
        &made,
        "javascript/wind-in-typescript",
        typescript,
        &composed,
    );
    let alone = ("main.ts", ALONE_IN_TYPESCRIPT);
    add(&made, "javascript/wind-alone", alone, own);
    assert_eq!(result(&made, "wind-in-c"), "38 knots");
    assert_eq!(result(&made, "wind-alone"), "38 knots");
    assert_eq!(
        result(&made, "wind-in-typescript"),
        "38 knots, 6 m, no tide is known"
    );

    // The policy decides over it as over a guest in Rust.
    let refused = made.ends(3, &["run", "wind-in-c"]);
    assert!(refused.contains("acme:desk/weather"), "{refused}");
    // An interface that the repository does not have.
    let other = own.replace("weather", "tides");
    add(&made, "c/wind-in-c", ("main.c", GUEST_IN_C), &other);
    let (code, _, stderr) = made.xtask(&["build-guests", "wind-in-c"]);
    assert_eq!(code, Some(11), "{stderr}");
    assert!(
        stderr.contains(
            "`wind-in-c` imports `acme:desk/tides`, and no WIT package in `wit` has it\n\
             hint: the packages there have "
        ),
        "{stderr}"
    );
}
