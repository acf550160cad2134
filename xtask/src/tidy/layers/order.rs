//! The order of the files below one head, and what breaks it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::modules::{Module, Modules};
use crate::fault::list;

/// A file that uses names of another file.
#[derive(Debug)]
pub(super) struct Use<'a> {
    pub(super) from: &'a Path,
    pub(super) to: &'a Path,
    pub(super) names: BTreeSet<String>,
}

/// A use of a module by one that is listed before it.
#[derive(Debug)]
pub(super) struct Upward<'a, 'b> {
    pub(super) from: &'a Module,
    pub(super) to: &'a Module,
    pub(super) used: &'b Use<'a>,
}

/// What a head and the modules that it lists use of each other: for each two, all files that do.
#[derive(Debug, Default)]
pub(super) struct Siblings<'a>(BTreeMap<(&'a Module, &'a Module), Vec<Use<'a>>>);

impl Use<'_> {
    /// Whether both name something. `*` may be anything.
    fn shares(&self, other: &Use<'_>) -> bool {
        let has_all = |used: &Use<'_>| used.names.contains("*");
        has_all(self) || has_all(other) || !self.names.is_disjoint(&other.names)
    }

    /// The use in words for a message.
    pub(super) fn said(&self) -> String {
        format!(
            "`{}` uses {} of `{}`",
            self.from.display(),
            list(&self.names),
            self.to.display()
        )
    }
}

impl<'a> Siblings<'a> {
    pub(super) fn add(&mut self, from: &'a Module, to: &'a Module, used: Use<'a>) {
        self.0.entry((from, to)).or_default().push(used);
    }

    /// The circles, each as its modules: pairs that use each other, or otherwise the shortest circle of each
    /// group.
    pub(super) fn circles(&self) -> Vec<Vec<&'a Module>> {
        let pairs = self
            .0
            .keys()
            .filter(|(from, to)| from < to && self.0.contains_key(&(*to, *from)));
        let mut circles: Vec<_> = pairs.map(|(from, to)| vec![*from, *to]).collect();
        let mut known: BTreeSet<&Module> = circles.iter().flatten().copied().collect();
        for (from, to) in self.0.keys() {
            if !known.contains(from)
                && let Some(mut way) = self.way(to, from)
                && way.iter().all(|module| !known.contains(module))
            {
                known.extend(&way);
                way.rotate_right(1);
                circles.push(way);
            }
        }
        circles
    }

    /// The shortest way from one module to another, with both included.
    fn way(&self, from: &'a Module, to: &'a Module) -> Option<Vec<&'a Module>> {
        let mut ways = vec![vec![from]];
        let mut seen = BTreeSet::from([from]);
        while !ways.is_empty() {
            let mut longer = Vec::new();
            for way in ways {
                let last = *way.last()?;
                if last == to {
                    return Some(way);
                }
                for (_, next) in self.0.keys().filter(|(from, _)| *from == last) {
                    if seen.insert(next) {
                        longer.push([&*way, &[*next]].concat());
                    }
                }
            }
            ways = longer;
        }
        None
    }

    /// A circle in words for a message: who uses what of whom, once around.
    pub(super) fn said(&self, circle: &[&'a Module]) -> String {
        let next = circle.iter().cycle().skip(1);
        let steps = circle.iter().zip(next);
        let steps: Vec<&Vec<Use<'_>>> = steps
            .filter_map(|(from, to)| self.0.get(&(*from, *to)))
            .collect();
        let mut shown: Vec<&Use<'_>> = steps.iter().filter_map(|uses| uses.first()).collect();
        if let [there, back] = *steps {
            // Two folders may have many. Two files that use each other come first.
            let pairs = there
                .iter()
                .flat_map(|one| back.iter().map(move |two| (one, two)));
            if let Some((one, two)) = pairs.into_iter().find(|(one, two)| is_circle(&[one, two])) {
                shown = vec![one, two];
            }
        }
        let what = if is_circle(&shown) {
            "files"
        } else {
            "folders"
        };
        let said: Vec<_> = shown.iter().map(|used| used.said()).collect();
        format!("a circle of {what}: {}", said.join(", "))
    }

    /// The uses of a module that the head lists in a later group, if the two are not in a circle.
    pub(super) fn upward(&self, modules: &Modules, head: &Module) -> Vec<Upward<'a, '_>> {
        let group = |module: &Module| modules.file(module).map(|file| file.group);
        let upward = self.0.iter().filter(|((from, to), _)| {
            *from != head && *to != head && group(from) < group(to) && self.way(to, from).is_none()
        });
        let each =
            upward.flat_map(|((from, to), uses)| uses.iter().map(|used| Upward { from, to, used }));
        each.collect()
    }

    /// What a module uses of the head that the head has of a module in a later group: the head only passes it on.
    pub(super) fn through(&self, modules: &Modules, head: &Module) -> Vec<(&Use<'a>, &Use<'a>)> {
        let group = |module: &Module| modules.file(module).map(|file| file.group);
        let of_head = self.0.iter().filter(|((_, to), _)| *to == head);
        let by_head = self.0.iter().filter(|((from, _), _)| *from == head);
        let pairs = of_head.flat_map(|one| by_head.clone().map(move |two| (one, two)));
        let upward = pairs.filter(|(((from, _), _), ((_, to), _))| {
            group(from) < group(to) && self.way(to, from).is_none()
        });
        let first = upward.filter_map(|((_, used), (_, passed))| {
            let used = used
                .iter()
                .find(|used| passed.iter().any(|passed| passed.shares(used)))?;
            let passed = passed.iter().find(|passed| passed.shares(used))?;
            Some((used, passed))
        });
        first.collect()
    }

    /// Every use of one by the other.
    pub(super) fn between(&self, from: &Module, to: &Module) -> impl Iterator<Item = &Use<'a>> {
        let uses = self
            .0
            .iter()
            .filter(move |((one, two), _)| *one == from && *two == to);
        uses.flat_map(|(_, uses)| uses)
    }
}

/// Whether each use begins with the file that the one before it ends with.
fn is_circle(uses: &[&Use<'_>]) -> bool {
    let next = uses.iter().cycle().skip(1);
    uses.iter().zip(next).all(|(one, next)| one.to == next.from)
}
