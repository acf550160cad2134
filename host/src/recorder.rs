//! Records what the hooks of a profiled twin report: which function used the fuel since the last event. `profile`
//! makes the result from it.

mod counter;
mod tree;

pub(crate) use counter::Counter;

use fractalaw_report::{Certainty, OUTSIDE, Outcome, ProfileNode};
use wasmtime::Trap;

use crate::cost::host_calls::Function as HostFunction;
use crate::engine::ENTRY_FUEL;
use tree::Tree;

/// The roots of the tree, by node.
const INSTANTIATION: u32 = 0;
const RUN: u32 = 1;

/// Which hook was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Enter,
    Exit,
}

/// Why a recording gives no profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    TooManyPaths,
    Unbalanced,
}

/// What one function has used so far.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) calls: u64,
    pub(crate) own: u64,
    pub(crate) total: u64,
    /// The number of its open frames, and the fuel that was left when the first of them was entered.
    open: u64,
    since: u64,
}

/// The state of a profiled run, in its store.
pub(crate) struct Recorder {
    counter: Counter,
    /// The fuel that the run itself would have left at the last event.
    left: u64,
    tree: Tree,
    root: u32,
    /// The function and the node of each open frame.
    frames: Vec<(u32, u32)>,
    tallies: Vec<Tally>,
    /// What the function paid for its entry, if the last event was an entry.
    entered: Option<u64>,
    /// The functions of the host that were called. In the table they come after [`OUTSIDE`].
    host: Vec<&'static HostFunction>,
    /// Which blocks of the component ran, if they have hooks.
    ran: Vec<bool>,
    failure: Option<Failure>,
}

impl Recorder {
    /// A recorder for a twin with that many functions, and that many blocks with hooks.
    pub(crate) fn new(functions: usize, blocks: usize, counter: Counter) -> Recorder {
        let first = functions as u32;
        Recorder {
            counter,
            left: 0,
            tree: Tree::new([first, first + 1]),
            root: INSTANTIATION,
            frames: Vec::new(),
            tallies: vec![Tally::default(); functions + OUTSIDE.len()],
            entered: None,
            host: Vec::new(),
            ran: vec![false; blocks],
            failure: None,
        }
    }

    /// The number of functions of the component.
    fn functions(&self) -> usize {
        self.tallies.len() - OUTSIDE.len() - self.host.len()
    }

    /// The fuel that the store must be given for a run with this budget.
    pub(crate) fn fuel_for(&self, budget: u64) -> u64 {
        self.counter.fuel_for(budget)
    }

    /// The fuel that the run itself would have left, outside of hooks.
    pub(crate) fn left_of(&self, counted: u64) -> u64 {
        self.counter.left_of(counted)
    }

    /// Instantiation begins, with the whole budget.
    pub(crate) fn begin(&mut self, budget: u64) {
        self.left = budget;
        self.open_root(INSTANTIATION);
    }

    /// Instantiation has ended, and the call of `run` begins.
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

    /// Records a hook, and returns what the counter must be set to.
    pub(crate) fn hook(
        &mut self,
        event: Event,
        function: u32,
        counted: u64,
    ) -> wasmtime::Result<u64> {
        let (left, fuel) = self.counter.read(counted);
        let block = (function as usize).checked_sub(self.functions());
        match event {
            Event::Enter if block.is_some_and(|block| block < self.ran.len()) => {
                self.ran[block.unwrap_or_default()] = true;
                self.spend(left);
            }
            Event::Enter => self.enter(function, left)?,
            Event::Exit => self.exit(function, left)?,
        }
        Ok(fuel)
    }

    fn enter(&mut self, function: u32, left: u64) -> wasmtime::Result<()> {
        if self.counter.is_past_the_end(left) {
            return Err(Trap::OutOfFuel.into());
        }
        if function as usize >= self.functions() {
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

    /// Called for each charge: the call, then its answer (`is_answer`).
    pub(crate) fn host_call(
        &mut self,
        function: &'static HostFunction,
        counted: u64,
        fuel: u64,
        is_answer: bool,
    ) -> wasmtime::Result<()> {
        let left = self.counter.left_of(counted);
        self.spend(left);
        let known = self
            .host
            .iter()
            .position(|known| std::ptr::eq(*known, function));
        let place = known.unwrap_or_else(|| {
            self.host.push(function);
            self.tallies.push(Tally::default());
            self.host.len() - 1
        });
        let function = (self.functions() + OUTSIDE.len() + place) as u32;
        let Ok(node) = self.tree.call(self.node(), function) else {
            return Err(self.fail(Failure::TooManyPaths));
        };
        self.frames.push((function, node));
        self.open(function);
        self.spend(left.saturating_sub(fuel));
        self.frames.pop();
        self.close(function);
        if is_answer {
            self.tree.nodes[node as usize].calls -= 1;
            self.tallies[function as usize].calls -= 1;
        }
        Ok(())
    }

    fn fail(&mut self, failure: Failure) -> wasmtime::Error {
        self.failure = Some(failure);
        wasmtime::Error::msg("the profile cannot be recorded")
    }

    /// The run has ended. Returns the fuel that the run itself would have left.
    pub(crate) fn end(&mut self, mut left: u64, outcome: &Outcome) -> u64 {
        if let Some(entry) = self.entered
            && left == self.left
            && outcome.fuel_certainty() == Certainty::LowerBound
        {
            // The processor stopped the function before it stored its count even once. Without the hook, what it
            // paid for its entry would not have been stored either.
            left += entry;
            self.unspend(entry);
        }
        if self.frames.is_empty() && self.root == RUN && left < self.left && self.was_called() {
            // The function that the host called has returned. What the host called after that is `post-return`.
            self.post_return(left);
        }
        self.spend(left);
        self.close_all();
        left
    }

    fn was_called(&self) -> bool {
        let mut nodes = self.tree.nodes.iter();
        nodes.any(|node| node.parent == Some(RUN))
    }

    fn post_return(&mut self, left: u64) {
        let function = (self.functions() + OUTSIDE.len() - 1) as u32;
        if let Ok(node) = self.tree.call(RUN, function) {
            self.frames.push((function, node));
            self.open(function);
            self.spend(left);
        }
    }

    fn node(&self) -> u32 {
        self.frames.last().map_or(self.root, |(_, node)| *node)
    }

    /// Adds the fuel that was used since the last event to the innermost function.
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

    /// Closes all frames that were open when the guest was stopped.
    fn close_all(&mut self) {
        while let Some((function, _)) = self.frames.pop() {
            self.close(function);
        }
        self.close(self.tree.nodes[self.root as usize].function);
    }

    pub(crate) fn failure(&self) -> Option<Failure> {
        self.failure
    }

    pub(crate) fn counter(&self) -> &Counter {
        &self.counter
    }

    pub(crate) fn into_counter(self) -> Counter {
        self.counter
    }

    /// Which blocks ran.
    pub(crate) fn into_ran(self) -> Vec<bool> {
        self.ran
    }

    /// Returns the nodes; a tally for each function, for what is outside of all functions, and for each function
    /// of the host; and the functions of the host.
    pub(crate) fn into_parts(self) -> (Vec<ProfileNode>, Vec<Tally>, Vec<&'static HostFunction>) {
        (self.tree.nodes, self.tallies, self.host)
    }
}
