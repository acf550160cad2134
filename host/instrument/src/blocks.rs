//! The blocks of a function: instructions of which all run if the first one does, unless one of them traps.

use wasmparser::Operator;

/// A block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// The core module, as in [`Function::module`](crate::Function::module).
    pub module: u32,
    /// Where its first instruction begins, counted from the begin of the contents of the module's code section, as it was
    /// before the parts were made to pay.
    pub start: u32,
    /// Where its last instruction ends.
    pub end: u32,
}

/// The blocks that were found, and the `id` of the first one.
#[derive(Debug)]
pub(crate) struct Blocks {
    pub(crate) first_id: u32,
    pub(crate) found: Vec<Block>,
    /// Where each function of each module begins in the code that was built. Functions after these were added, and their
    /// blocks are not looked for.
    pub(crate) built: Vec<Vec<u32>>,
}

impl Blocks {
    /// Finds the blocks of a function that was built. Its body begins `at` there in the module that is read.
    pub(crate) fn finder(&self, module: u32, function: u32, at: usize) -> Option<Finder> {
        let built = self.built.get(module as usize)?.get(function as usize)?;
        Some(Finder::new(module, at, *built))
    }
}

/// Finds the blocks of one function, instruction by instruction.
pub(crate) struct Finder {
    module: u32,
    /// Where the body begins in the module that is read.
    body_at: usize,
    /// Where it begins in the code that was built. Both have the same bytes.
    built_at: u32,
    /// The next instruction begins a block.
    begins: bool,
    /// A block was begun and has no end yet.
    is_open: bool,
    /// Nothing comes to the next instruction.
    is_dead: bool,
    /// The function and the structures in it that are open, outermost first.
    frames: Vec<Frame>,
}

/// A structure of which the `end` is to come.
#[derive(Default)]
struct Frame {
    is_loop: bool,
    /// A branch goes to its end, or a part before `else` comes there.
    is_left: bool,
    /// It has a condition, and no `else` yet: without the condition, it is passed.
    is_passed: bool,
    /// Nothing comes to it.
    was_dead: bool,
}

impl Finder {
    fn new(module: u32, body_at: usize, built_at: u32) -> Finder {
        Finder {
            module,
            body_at,
            built_at,
            begins: true,
            is_open: false,
            is_dead: false,
            frames: vec![Frame::default()],
        }
    }

    /// Called before each instruction, which stands `at` there in the module. Returns the `id` of the block that it begins, if
    /// it begins one.
    pub(crate) fn before(
        &mut self,
        operator: &Operator<'_>,
        at: usize,
        blocks: &mut Blocks,
    ) -> Option<u32> {
        let place = u32::try_from(at - self.body_at).unwrap_or(u32::MAX);
        let place = self.built_at.saturating_add(place);
        let is_last = matches!(operator, Operator::End) && self.frames.len() == 1;
        let is_structure = matches!(operator, Operator::End | Operator::Else) && !is_last;
        if self.is_open && (self.begins || is_structure || self.is_dead) {
            self.close(place, blocks);
        }
        // A branch to the function's end does not pass what is put before it. And code that is there only to trap is not
        // what somebody wrote.
        let is_none = is_structure
            || self.is_dead
            || is_last && self.frames[0].is_left
            || matches!(operator, Operator::Unreachable);
        let id = (self.begins && !is_none).then(|| {
            let id = blocks.first_id + blocks.found.len() as u32;
            blocks.found.push(Block {
                module: self.module,
                start: place,
                end: place,
            });
            self.is_open = true;
            id
        });
        self.begins &= id.is_none();
        if is_last && self.is_open {
            self.close(place + 1, blocks);
        }
        self.follow(operator);
        id
    }

    fn close(&mut self, place: u32, blocks: &mut Blocks) {
        if let Some(block) = blocks.found.last_mut() {
            block.end = place;
        }
        self.is_open = false;
    }

    /// Notes what comes after an instruction.
    fn follow(&mut self, operator: &Operator<'_>) {
        match operator {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                self.frames.push(Frame {
                    is_loop: matches!(operator, Operator::Loop { .. }),
                    is_left: false,
                    is_passed: matches!(operator, Operator::If { .. }),
                    was_dead: self.is_dead,
                });
            }
            Operator::Else => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.is_passed = false;
                    frame.is_left |= !self.is_dead;
                    self.is_dead = frame.was_dead;
                }
            }
            Operator::End => {
                if let Some(frame) = self.frames.pop() {
                    self.is_dead =
                        frame.was_dead || self.is_dead && !frame.is_left && !frame.is_passed;
                }
            }
            Operator::Br { relative_depth }
            | Operator::BrIf { relative_depth }
            | Operator::BrOnNull { relative_depth }
            | Operator::BrOnNonNull { relative_depth }
            | Operator::BrOnCast { relative_depth, .. }
            | Operator::BrOnCastFail { relative_depth, .. } => self.leave(*relative_depth),
            Operator::BrTable { targets } => {
                for depth in targets.targets().flatten().chain([targets.default()]) {
                    self.leave(depth);
                }
            }
            _ => {}
        }
        self.begins |= is_followed_by_a_block(operator);
        if goes_elsewhere(operator) {
            self.is_dead = true;
        }
        self.begins |= self.is_dead;
    }

    /// A branch out of so many structures.
    fn leave(&mut self, depth: u32) {
        let place = self.frames.len().checked_sub(1 + depth as usize);
        if !self.is_dead
            && let Some(frame) = place.and_then(|place| self.frames.get_mut(place))
            && !frame.is_loop
        {
            frame.is_left = true;
        }
    }
}

/// Whether what follows may run when this does not, or the other way round. A call may end the run.
fn is_followed_by_a_block(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::Else
            | Operator::End
            | Operator::BrIf { .. }
            | Operator::BrOnNull { .. }
            | Operator::BrOnNonNull { .. }
            | Operator::BrOnCast { .. }
            | Operator::BrOnCastFail { .. }
            | Operator::Call { .. }
            | Operator::CallIndirect { .. }
            | Operator::CallRef { .. }
    )
}

/// Whether nothing comes to the next instruction from this one.
fn goes_elsewhere(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Br { .. }
            | Operator::BrTable { .. }
            | Operator::Return
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. }
            | Operator::Unreachable
    )
}
