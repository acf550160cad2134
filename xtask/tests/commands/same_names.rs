//! Libraries with the same name: each guest gets its own.

use crate::guests::{cargo_toml, returning};
use crate::scratch::Scratch;

/// Four guests. The first two give their libraries the same name, and cargo gives the other two the same name.
const GUESTS: [(&str, Option<&str>); 4] = [
    ("same-left", Some("same_app")),
    ("same-right", Some("same_app")),
    ("same-foo-bar", None),
    ("same-foo_bar", None),
];

fn scratch() -> Scratch {
    let scratch = Scratch::new();
    for (name, library) in GUESTS {
        let mut cargo = cargo_toml(name, "");
        if let Some(library) = library {
            cargo = cargo.replace("[lib]\n", &format!("[lib]\nname = \"{library}\"\n"));
        }
        scratch.write(&format!("guests/{name}/Cargo.toml"), &cargo);
        let says = returning(&format!("Ok(\"this is {name}\".into())"));
        scratch.write(&format!("guests/{name}/src/lib.rs"), &says);
    }
    scratch
}

fn says_its_name(scratch: &Scratch, name: &str) {
    let component = String::from_utf8_lossy(&scratch.component(name)).into_owned();
    for (other, _) in GUESTS {
        assert_eq!(
            component.contains(&format!("this is {other}")),
            other == name,
            "`{other}` in `{name}`"
        );
    }
}

#[test]
fn no_guest_gets_the_component_of_another() {
    let scratch = scratch();
    scratch.build(&[]);
    let first = GUESTS.map(|(name, _)| scratch.component(name));

    // All are stale, cargo finds nothing changed, and in the place of each library is the last one.
    let root = String::from_utf8(scratch.read("Cargo.toml")).unwrap();
    scratch.write("Cargo.toml", &format!("{root}# A note.\n"));
    for (name, _) in GUESTS {
        assert_eq!(scratch.build(&[name])[name], "rebuilt");
        says_its_name(&scratch, name);
    }
    assert!(first == GUESTS.map(|(name, _)| scratch.component(name)));
}
