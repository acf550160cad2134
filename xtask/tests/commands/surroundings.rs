//! What stands around the folder of a guest in another language is no part of it.

use crate::languages::add_new;
use crate::tools::{are_there, with_tools};

/// Packages and settings in the folders above are those of somebody else.
#[test]
fn what_is_outside_of_a_folder_does_not_get_into_the_guest() {
    if !are_there(
        "what_is_outside_of_a_folder_does_not_get_into_the_guest",
        &["javascript"],
    ) {
        return;
    }
    let scratch = with_tools();
    add_new(&scratch, "javascript", "alone");
    let module = "export const words = 'words';\n";
    scratch.write("node_modules/above/index.js", module);
    scratch.write("mapped.js", module);
    let paths = r#"{ "compilerOptions": { "paths": { "mapped": ["./mapped.js"] } } }"#;
    scratch.write("tsconfig.json", paths);
    scratch.build(&["alone"]);
    let source = String::from_utf8(scratch.read("guests/javascript/alone/app.js")).unwrap();
    for (name, expected) in [
        (
            "above",
            "error: `alone` imports `above/index.js`, which is not in its folder\nhint: name its package in",
        ),
        ("mapped", "Could not resolve \"mapped\""),
    ] {
        let import = format!("import {{ words }} from \"{name}\";\nconsole.log(words);\n");
        scratch.write("guests/javascript/alone/app.js", &(import + &source));
        let ended = scratch.xtask(["build-guests"]);
        assert_eq!(ended.code, 11, "{name}: {}", ended.stderr);
        assert!(ended.stderr.contains(expected), "{name}: {}", ended.stderr);
    }
}

/// A type leaves no trace in the component, so only the check of types can notice where it came from.
#[test]
fn types_of_the_folders_above_are_not_seen() {
    let test = "surroundings::types_of_the_folders_above_are_not_seen";
    if !are_there(test, &["javascript"]) {
        return;
    }
    let scratch = with_tools();
    add_new(&scratch, "typescript", "typed");
    scratch.write(
        "node_modules/@types/above/index.d.ts",
        "export type Words = string;\ndeclare global { type Word = string; }\n",
    );
    scratch.build(&["typed"]);
    let source = String::from_utf8(scratch.read("guests/javascript/typed/main.ts")).unwrap();
    for (before, expected) in [
        (
            "import type { Words } from \"above\";\nconsole.log(\"\" satisfies Words);\n",
            "guests/javascript/typed/main.ts(1,28): error TS2307: Cannot find module 'above'",
        ),
        (
            "/// <reference types=\"above\" />\nconsole.log(\"\" satisfies Word);\n",
            "guests/javascript/typed/main.ts(1,23): error TS2688: Cannot find type definition file for 'above'",
        ),
    ] {
        scratch.write(
            "guests/javascript/typed/main.ts",
            &(before.to_owned() + &source),
        );
        let ended = scratch.xtask(["build-guests"]);
        assert_eq!(ended.code, 11, "{}", ended.stderr);
        assert!(ended.stderr.contains(expected), "{}", ended.stderr);
    }
}
