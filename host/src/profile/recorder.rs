//! What the hooks tell, as it happens: whose fuel was used since the last one.

use fractalaw_instrument::Function;
use wasmtime::Trap;

use super::tree::Tree;
use super::{FunctionFuel, Profile, ProfileError, ProfileNode};
use crate::engine::{ENTRY_FUEL, HOOK_FUEL};
use crate::limits::PROFILE_NODES;
use crate::outcome::{Certainty, Outcome};
use crate::report::Report;

/// The roots of the tree, by node.
const INSTANTIATION: u32 = 0;
const RUN: u32 = 1;

/// What stands behind the component's functions in the table.
const OUTSIDE: [&str; 3] = ["[instantiation]", "[run]", "[post-return]"];

/// Which hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Enter,
    Exit,
}

/// How the twin's counter stands to that of the component's own run.
///
/// The counter can be read only down to zero, and a hook is called when its own cost is used already. So a
/// twin that has as much fuel as the run cannot read the last two units; one that has more does not run out
/// where the run does.
pub(super) struct Start(Counter);

enum Counter {
    /// One hook's cost ahead, so that every reading is exact; for a run in which the fuel suffices. A scout
    /// goes ahead of a run that uses up its fuel, and notes the readings which that one cannot take.
    Ahead { scout: bool },
    /// Level with the run. The readings that cannot be taken are known from a scout.
    Level { low: Vec<(u64, u64)> },
}

impl Start {
    pub(super) fn ahead(budget: u64) -> Start {
        // A budget that cannot be gone past cannot be used up either.
        match budget.checked_add(HOOK_FUEL) {
            Some(_) => Start(Counter::Ahead { scout: false }),
            None => Start::level(Vec::new()),
        }
    }

    pub(super) fn scout() -> Start {
        Start(Counter::Ahead { scout: true })
    }

    pub(super) fn level(low: Vec<(u64, u64)>) -> Start {
        Start(Counter::Level { low })
    }
}

/// A recording that is no profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    TooManyPaths,
    Unbalanced,
}

impl From<Failure> for ProfileError {
    fn from(failure: Failure) -> ProfileError {
        match failure {
            Failure::TooManyPaths => ProfileError::TooManyPaths {
                limit: PROFILE_NODES,
            },
            Failure::Unbalanced => ProfileError::Unbalanced,
        }
    }
}

/// What one function used so far.
#[derive(Clone, Copy, Default)]
struct Tally {
    calls: u64,
    own: u64,
    total: u64,
    /// How many of its frames are open, and how much was left when the first of them was entered.
    open: u64,
    since: u64,
}

/// State of a profiled run, in its store.
pub(crate) struct Recorder {
    counter: Counter,
    /// How many hooks were called.
    hooks: u64,
    /// Fuel left at the last event, as the run itself would have it.
    left: u64,
    tree: Tree,
    root: u32,
    /// Function and node of each open frame.
    frames: Vec<(u32, u32)>,
    tallies: Vec<Tally>,
    /// Whether the last event was that a function was entered, and what it paid for that.
    entered: Option<u64>,
    guessed: bool,
    scouted: Vec<(u64, u64)>,
    failure: Option<Failure>,
}

/// What is left of a recorder when its run has ended.
pub(super) struct Recording {
    pub(super) failure: Option<Failure>,
    /// Whether a reading was taken for zero that may have been up to [`HOOK_FUEL`].
    pub(super) guessed: bool,
    /// From a scout: at which hook how little was left.
    pub(super) low: Vec<(u64, u64)>,
    nodes: Vec<ProfileNode>,
    tallies: Vec<Tally>,
}

impl Recorder {
    /// For a twin with that many functions.
    pub(super) fn new(functions: usize, Start(counter): Start) -> Recorder {
        let first = functions as u32;
        Recorder {
            counter,
            hooks: 0,
            left: 0,
            tree: Tree::new([first, first + 1]),
            root: INSTANTIATION,
            frames: Vec::new(),
            tallies: vec![Tally::default(); functions + OUTSIDE.len()],
            entered: None,
            guessed: false,
            scouted: Vec::new(),
            failure: None,
        }
    }

    /// What the store is to be given for a run with this budget.
    pub(crate) fn fuel_for(&self, budget: u64) -> u64 {
        match self.counter {
            Counter::Ahead { .. } => budget.saturating_add(HOOK_FUEL),
            Counter::Level { .. } => budget,
        }
    }

    /// What the run itself would have left, outside of hooks.
    pub(crate) fn left_of(&self, counted: u64) -> u64 {
        match self.counter {
            Counter::Ahead { .. } => counted.saturating_sub(HOOK_FUEL),
            Counter::Level { .. } => counted,
        }
    }

    /// Instantiation begins, with the whole budget.
    pub(crate) fn begin(&mut self, budget: u64) {
        self.left = budget;
        self.open_root(INSTANTIATION);
    }

    /// Instantiation has ended, the call of `run` begins.
    pub(crate) fn begin_run(&mut self, left: u64) {
        self.spend(left);
        self.close_all();
        self.open_root(RUN);
    }

    fn open_root(&mut self, root: u32) {
        self.root = root;
        let function = self.tree.nodes[root as usize].function;
        self.tree.nodes[root as usize].calls += 1;
        self.open(function);
        self.entered = None;
    }

    /// Takes note of a hook; gives what the counter is to be set to.
    pub(super) fn hook(
        &mut self,
        event: Event,
        function: u32,
        counted: u64,
    ) -> wasmtime::Result<u64> {
        let (left, fuel) = self.read(counted);
        self.hooks += 1;
        match event {
            Event::Enter => self.enter(function, left)?,
            Event::Exit => self.exit(function, left)?,
        }
        Ok(fuel)
    }

    /// What the run itself would have left here, and what the twin then goes on with.
    fn read(&mut self, counted: u64) -> (u64, u64) {
        match &mut self.counter {
            Counter::Ahead { scout } => {
                if *scout && (1..=HOOK_FUEL).contains(&counted) {
                    self.scouted.push((self.hooks, counted));
                }
                (counted, counted.saturating_add(HOOK_FUEL))
            }
            Counter::Level { low } => {
                let left = if counted > 0 {
                    counted.saturating_add(HOOK_FUEL)
                } else {
                    self.guessed = true;
                    low.iter()
                        .find(|(hook, _)| *hook == self.hooks)
                        .map_or(0, |(_, left)| *left)
                };
                (left, left)
            }
        }
    }

    fn enter(&mut self, function: u32, left: u64) -> wasmtime::Result<()> {
        if let Counter::Ahead { scout: true } = self.counter
            && left == 0
        {
            // The run did not come as far: it looks at its counter before it enters a function.
            return Err(Trap::OutOfFuel.into());
        }
        if function as usize >= self.tallies.len() - OUTSIDE.len() {
            return Err(self.fail(Failure::Unbalanced));
        }
        // The function has paid for its entry before it could call the hook.
        let entry = ENTRY_FUEL.min(self.left.saturating_sub(left));
        self.spend(left + entry);
        let Ok(node) = self.tree.call(self.node(), function) else {
            return Err(self.fail(Failure::TooManyPaths));
        };
        self.frames.push((function, node));
        self.open(function);
        self.spend(left);
        self.entered = Some(entry);
        Ok(())
    }

    fn exit(&mut self, function: u32, left: u64) -> wasmtime::Result<()> {
        if self.frames.last().map(|(open, _)| *open) != Some(function) {
            return Err(self.fail(Failure::Unbalanced));
        }
        self.spend(left);
        self.frames.pop();
        self.close(function);
        Ok(())
    }

    fn fail(&mut self, failure: Failure) -> wasmtime::Error {
        self.failure = Some(failure);
        wasmtime::Error::msg("the profile cannot be recorded")
    }

    /// The run has ended. Gives what the run itself would have left.
    pub(crate) fn end(&mut self, mut left: u64, outcome: &Outcome) -> u64 {
        if let Some(entry) = self.entered
            && left == self.left
            && outcome.fuel_certainty() == Certainty::LowerBound
        {
            // Stopped by the processor before it stored its count even once: without the hook, what it
            // paid for its entry would not have been stored either.
            left += entry;
            self.unspend(entry);
        }
        if self.frames.is_empty() && self.root == RUN && left < self.left && self.was_called() {
            // The function that the host called has returned. What came after is what the host called then.
            self.post_return(left);
        }
        self.spend(left);
        self.close_all();
        left
    }

    fn was_called(&self) -> bool {
        let run = self.tree.nodes.iter().skip(RUN as usize + 1);
        run.clone().any(|node| node.parent == Some(RUN))
    }

    fn post_return(&mut self, left: u64) {
        let function = (self.tallies.len() - 1) as u32;
        if let Ok(node) = self.tree.call(RUN, function) {
            self.frames.push((function, node));
            self.open(function);
            self.spend(left);
        }
    }

    fn node(&self) -> u32 {
        self.frames.last().map_or(self.root, |(_, node)| *node)
    }

    /// What was used since the last event is the innermost function's.
    fn spend(&mut self, left: u64) {
        let used = self.left.saturating_sub(left);
        let node = self.node();
        let node = &mut self.tree.nodes[node as usize];
        node.own_fuel += used;
        self.tallies[node.function as usize].own += used;
        self.left -= used;
        self.entered = None;
    }

    fn unspend(&mut self, units: u64) {
        let node = self.node();
        let node = &mut self.tree.nodes[node as usize];
        node.own_fuel -= units;
        self.tallies[node.function as usize].own -= units;
        self.left += units;
    }

    fn open(&mut self, function: u32) {
        let tally = &mut self.tallies[function as usize];
        tally.calls += 1;
        if tally.open == 0 {
            tally.since = self.left;
        }
        tally.open += 1;
    }

    fn close(&mut self, function: u32) {
        let tally = &mut self.tallies[function as usize];
        tally.open -= 1;
        if tally.open == 0 {
            tally.total += tally.since - self.left;
        }
    }

    /// Frames that are open where the guest was stopped are left there.
    fn close_all(&mut self) {
        while let Some((function, _)) = self.frames.pop() {
            self.close(function);
        }
        self.close(self.tree.nodes[self.root as usize].function);
    }

    pub(super) fn finish(self) -> Recording {
        Recording {
            failure: self.failure,
            guessed: self.guessed,
            low: self.scouted,
            nodes: self.tree.nodes,
            tallies: self.tallies,
        }
    }
}

impl Recording {
    /// With the functions that were entered, renumbered.
    pub(super) fn into_profile(self, report: Report, functions: &[Function]) -> Profile {
        let Recording {
            mut nodes, tallies, ..
        } = self;
        let mut table: Vec<FunctionFuel> = Vec::new();
        let mut places = vec![None; tallies.len()];
        let outside = functions.len()..tallies.len();
        let entered = nodes.iter().map(|node| node.function as usize);
        for function in outside.chain(entered) {
            places[function].get_or_insert_with(|| {
                table.push(row(functions, function, &tallies[function]));
                table.len() as u32 - 1
            });
        }
        for node in &mut nodes {
            node.function = places[node.function as usize].unwrap_or_default();
        }
        Profile {
            report,
            functions: table,
            nodes,
        }
    }
}

fn row(functions: &[Function], index: usize, tally: &Tally) -> FunctionFuel {
    let function = functions.get(index);
    let name = match function {
        None => OUTSIDE[index - functions.len()].to_owned(),
        Some(Function {
            name: Some(name), ..
        }) => format!("{:#}", rustc_demangle::demangle(name)),
        Some(Function {
            stands_for: Some(import),
            ..
        }) => import.clone(),
        Some(Function { index, .. }) => format!("function {index}"),
    };
    FunctionFuel {
        name,
        module: function.map(|function| function.module),
        module_name: function.and_then(|function| function.module_name.clone()),
        index: function.map(|function| function.index),
        calls: tally.calls,
        own_fuel: tally.own,
        total_fuel: tally.total,
    }
}
