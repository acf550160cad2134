//! An import that has only types, such as the interface that owns the error of another one, needs no grant.

use std::path::Path;

use fractalaw_host::{Inspection, Item, Manifest, Policy, Run, Section};

use crate::components::with_manifest;

/// The types of the interface that owns `event-error`, and of the one that uses it.
const SCHEDULE: &str = "
    (import \"fractal:app/events-emit@0.1.0\" (instance $emit
        (type $record (record (field \"code\" u32) (field \"message\" string)))
        (export \"event-error\" (type (eq $record)))))
    (alias export $emit \"event-error\" (type $error))
    (import \"fractal:app/events-schedule@0.1.0\" (instance
        (alias outer 1 $error (type $outer))
        (export \"event-error\" (type $error (eq $outer)))
        (type $done (result (error $error)))
        (export \"cancel\" (func (param \"id\" u64) (result $done)))))";

fn inspected(imports: &str) -> Inspection {
    let text = fractalaw_testing::text_of_component("", "").replacen(
        "(component",
        &format!("(component $asker {imports}"),
        1,
    );
    Inspection::of(&wat::parse_str(text).unwrap()).unwrap()
}

fn asks(inspection: &Inspection) -> Vec<String> {
    let interface = |item: Item| match item {
        Item::Interface(name) => Some(name),
        _ => None,
    };
    let asks = inspection.asks().into_iter();
    asks.filter_map(interface).collect()
}

#[test]
fn an_import_with_only_types_needs_no_grant_and_any_other_does() {
    let emit = "fractal:app/events-emit@0.1.0";
    let cases = [
        ("no types at all", "(import \"fractal:app/events-emit@0.1.0\" (instance))", false),
        (
            "a type",
            "(import \"fractal:app/events-emit@0.1.0\" (instance (type $id u64) (export \"event-id\" (type (eq $id)))))",
            false,
        ),
        (
            "a type of an instance, used later",
            "(type $ids (instance (type $id u64) (export \"event-id\" (type (eq $id)))))
             (core module (func (export \"f\")))
             (component (type (instance (export \"f\" (func)))))
             (import \"fractal:app/events-emit@0.1.0\" (instance (type $ids)))",
            false,
        ),
        (
            "a function",
            "(import \"fractal:app/events-emit@0.1.0\" (instance (export \"f\" (func))))",
            true,
        ),
        (
            "a function after a type",
            "(import \"fractal:app/events-emit@0.1.0\" (instance
                (type $id u64) (export \"event-id\" (type (eq $id))) (export \"f\" (func))))",
            true,
        ),
        (
            "a type of an instance with a function, used later",
            "(core module (func (export \"f\")))
             (type $ids (instance (type $id u64) (export \"event-id\" (type (eq $id)))))
             (type $calls (instance (export \"f\" (func))))
             (import \"fractal:app/events-emit@0.1.0\" (instance (type $calls)))",
            true,
        ),
        (
            "the type of the import, defined between others in one section",
            "(type $calls (instance (export \"f\" (func))))
             (type $nested (instance (type $inner (instance (export \"g\" (func)))) (export \"i\" (instance (type $inner)))))
             (type $ids (instance (type $id u64) (export \"event-id\" (type (eq $id)))))
             (import \"fractal:app/events-emit@0.1.0\" (instance (type $nested)))",
            true,
        ),
        (
            "an instance in the instance",
            "(import \"fractal:app/events-emit@0.1.0\" (instance (export \"more\" (instance (export \"f\" (func))))))",
            true,
        ),
        ("a function itself", "(import \"fractal:app/events-emit@0.1.0\" (func))", true),
        (
            "a module",
            "(import \"fractal:app/events-emit@0.1.0\" (core module))",
            true,
        ),
    ];
    for (what, imports, needs) in cases {
        let inspection = inspected(imports);
        assert_eq!(inspection.needs_grant(emit).is_some(), needs, "{what}");
        let expected: &[&str] = if needs {
            &["fractal:app/events-emit"]
        } else {
            &[]
        };
        assert_eq!(asks(&inspection), expected, "{what}");
    }
}

#[test]
fn the_interface_that_owns_an_error_is_not_asked_for_with_the_one_that_uses_it() {
    let inspection = inspected(SCHEDULE);
    assert_eq!(asks(&inspection), ["fractal:app/events-schedule"]);
    let granted = Section::parse("interfaces.\"fractal:app/events-schedule\" = true").unwrap();
    let verdict = inspection
        .verdict(&Run::new().grant(granted), None)
        .unwrap();
    assert!(
        inspection.text(&verdict).contains(
            "  imports   fractal:app/events-emit@0.1.0\n            fractal:app/events-schedule@0.1.0  needs a grant\n"
        ),
        "{}",
        inspection.text(&verdict)
    );
    let json: serde_json::Value = serde_json::from_str(&inspection.json(&verdict)).unwrap();
    assert_eq!(
        json["imports"],
        serde_json::json!([
            { "name": "fractal:app/events-emit@0.1.0", "needs_grant": null },
            { "name": "fractal:app/events-schedule@0.1.0", "needs_grant": "fractal:app/events-schedule" },
            { "name": "fractal:app/audit-log@0.1.0", "needs_grant": null },
        ])
    );
    // A grant that is there all the same is not needed.
    let text = "[apps.asker]\ninterfaces.\"fractal:app/events-emit\" = true";
    let policy = Policy::parse(Path::new("p.toml"), text).unwrap();
    let verdict = inspection.verdict(&Run::new(), Some(&policy)).unwrap();
    assert_eq!(
        verdict.decision.not_asked,
        [Item::Interface("fractal:app/events-emit".to_owned())]
    );
}

/// The author need not confirm what gives access to nothing.
#[test]
fn a_manifest_need_not_name_an_import_that_has_only_types() {
    let text = fractalaw_testing::text_of_component("", "").replacen(
        "(component",
        "(component (import \"wasi:sockets/network@0.2.0\" (instance (type $code u8) (export \"error-code\" (type (eq $code)))))",
        1,
    );
    let bytes = wat::parse_str(text).unwrap();
    for interfaces in [&[][..], &["wasi:sockets"]] {
        let manifest = Manifest {
            interfaces: Some(interfaces.iter().map(|name| (*name).to_owned()).collect()),
            ..Manifest::default()
        };
        let inspection = Inspection::of(&with_manifest(&bytes, &manifest)).unwrap();
        assert_eq!(inspection.refusal, None, "{interfaces:?}");
    }
}
