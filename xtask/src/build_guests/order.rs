//! In which order guests are built: the parts of a composed guest before the guest itself.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};

use crate::fault::{guest as fault, list, nearest};
use crate::guest::Guest;
use crate::project::Project;

/// Guests with all their parts, each after its parts.
#[derive(Debug, Default)]
pub(crate) struct Order {
    pub(crate) names: Vec<String>,
    /// Why a guest cannot be composed.
    pub(crate) refused: BTreeMap<String, String>,
    parts: BTreeMap<String, BTreeSet<String>>,
}

impl Order {
    pub(crate) fn of(project: &Project, names: &[String]) -> Result<Order> {
        let known = project.guests()?;
        // What is wrong in a file is reported when the guest is built.
        let parts = |guest: &str| match Guest::read(project, guest) {
            Ok(guest) => guest.build.parts().into_iter().map(str::to_owned).collect(),
            Err(_) => BTreeSet::new(),
        };
        Ok(Order::sorted(names, &known, parts))
    }

    fn sorted(
        names: &[String],
        known: &[String],
        parts: impl Fn(&str) -> BTreeSet<String>,
    ) -> Order {
        let mut order = Order::default();
        for name in names {
            order.visit(name, known, &parts, &mut Vec::new());
        }
        order
    }

    /// The guests that this one is composed of.
    pub(crate) fn parts(&self, guest: &str) -> impl Iterator<Item = &str> {
        let parts = self.parts.get(guest).into_iter().flatten();
        parts.map(String::as_str)
    }

    /// `around` are the guests that are composed of this one, outermost first.
    fn visit(
        &mut self,
        name: &str,
        known: &[String],
        parts: &impl Fn(&str) -> BTreeSet<String>,
        around: &mut Vec<String>,
    ) {
        if self.parts.contains_key(name) {
            if let Some(at) = around.iter().position(|guest| guest == name) {
                self.refuse_circle(&around[at..]);
            }
            return;
        }
        let own = parts(name);
        self.parts.insert(name.to_owned(), own.clone());
        around.push(name.to_owned());
        for part in own {
            if known.contains(&part) {
                self.visit(&part, known, parts, around);
            } else {
                let refused = missing(name, &part, known);
                self.refused.entry(name.to_owned()).or_insert(refused);
            }
        }
        around.pop();
        self.names.push(name.to_owned());
    }

    fn refuse_circle(&mut self, circle: &[String]) {
        let path = circle.iter().chain(circle.first());
        let path: Vec<String> = path.map(|guest| format!("`{guest}`")).collect();
        for guest in circle {
            let refused = fault(format!(
                "`{guest}` is composed of itself: {}",
                path.join(" -> ")
            ));
            let refused = refused.hint("take one of these out of `compose` of the one before it");
            let refused = refused.to_string();
            self.refused.entry(guest.clone()).or_insert(refused);
        }
    }
}

fn missing(guest: &str, part: &str, known: &[String]) -> String {
    let near = nearest(part, known.iter().map(String::as_str));
    fault(format!(
        "`{guest}` is composed of `{part}`, and no guest is called so"
    ))
    .hint(match near {
        Some(near) => format!("did you mean `{near}`? guests: {}", list(known)),
        None => format!("guests: {}", list(known)),
    })
    .to_string()
}

/// The guests whose code is in the component of this one: its parts, their parts, and itself.
pub(crate) fn inside(project: &Project, guest: &str) -> Result<Vec<String>> {
    Ok(Order::of(project, &[guest.to_owned()])?.names)
}

/// The guests with a `run` that are composed of this one, directly or through other parts.
///
/// # Errors
///
/// If the file that declares a guest is wrong: it may be composed of this one.
pub(crate) fn users(project: &Project, part: &str) -> Result<Vec<String>> {
    let mut users = Vec::new();
    for guest in project.guests()? {
        let read = Guest::read(project, &guest);
        let read =
            read.with_context(|| format!("cannot tell which guests have the part `{part}`"))?;
        let order = Order::of(project, std::slice::from_ref(&guest))?;
        if !read.build.part && guest != part && order.names.iter().any(|name| name == part) {
            users.push(guest);
        }
    }
    Ok(users)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `a: b c, b: c` for what each guest is composed of.
    fn order(asked: &[&str], guests: &str) -> Order {
        let guests: BTreeMap<String, BTreeSet<String>> = guests
            .split(", ")
            .map(|guest| {
                let (name, parts) = guest.split_once(':').unwrap();
                let parts = parts.split_whitespace().map(str::to_owned);
                (name.to_owned(), parts.collect())
            })
            .collect();
        let known: Vec<String> = guests.keys().cloned().collect();
        let asked: Vec<String> = asked.iter().map(|&name| name.to_owned()).collect();
        Order::sorted(&asked, &known, |guest| guests[guest].clone())
    }

    #[test]
    fn parts_come_first_each_once_and_only_those_that_are_needed() {
        for (asked, guests, names) in [
            (&["a"][..], "a:, b:", &["a"][..]),
            (&["a"], "a: b, b: c, c:, d:", &["c", "b", "a"]),
            (&["a", "c"], "a: b c, b: c, c:", &["c", "b", "a"]),
            (&["c", "a"], "a: c, c:", &["c", "a"]),
        ] {
            let order = order(asked, guests);
            assert_eq!(order.names, names, "{guests}");
            assert_eq!(order.refused, BTreeMap::new());
        }
    }

    #[test]
    fn circles_are_refused_with_their_path_and_who_is_outside_is_not() {
        let hint = "\nhint: take one of these out of `compose` of the one before it";
        let order = order(&["a"], "a: b, b: c, c: b d, d:");
        assert_eq!(order.names, ["d", "c", "b", "a"]);
        let refused: Vec<(&str, &str)> = (order.refused.iter())
            .map(|(guest, why)| (&**guest, why.strip_suffix(hint).unwrap()))
            .collect();
        let path = "is composed of itself: `b` -> `c` -> `b`";
        assert_eq!(
            refused,
            [
                ("b", &*format!("`b` {path}")),
                ("c", &*format!("`c` {path}"))
            ]
        );
        let alone = self::order(&["a"], "a: a");
        assert_eq!(
            alone.refused["a"],
            format!("`a` is composed of itself: `a` -> `a`{hint}")
        );
    }

    #[test]
    fn a_missing_part_is_named_with_the_one_that_was_meant() {
        let order = order(&["a"], "a: checkr, checker:");
        assert_eq!(order.names, ["a"]);
        assert_eq!(
            order.refused["a"],
            "`a` is composed of `checkr`, and no guest is called so\nhint: did you mean `checker`? guests: `a`, `checker`"
        );
    }
}
