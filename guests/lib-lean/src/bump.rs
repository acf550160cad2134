//! The allocator: it hands out memory from front to back. An instance lives for one run, and its memory is thrown away
//! with it, so what is freed is used again only if it was handed out last.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, memory_size};
use core::cell::Cell;
use core::ptr::{self, addr_of, null_mut};

const PAGE_BYTES: usize = 64 * 1024;

unsafe extern "C" {
    /// The linker puts it behind everything else that is in memory.
    static __heap_base: u8;
}

#[global_allocator]
static ALLOCATOR: Bump = Bump(Cell::new(0));

/// Where the free memory begins; 0 before the first use.
struct Bump(Cell<usize>);

// SAFETY: a component has one thread.
unsafe impl Sync for Bump {}

impl Bump {
    fn end(&self) -> usize {
        match self.0.get() {
            0 => addr_of!(__heap_base).addr(),
            end => end,
        }
    }

    /// Makes the memory up to this address usable.
    fn take(&self, end: usize) -> bool {
        let pages = end.div_ceil(PAGE_BYTES);
        let has = memory_size(0);
        if pages > has && memory_grow(0, pages - has) == usize::MAX {
            return false;
        }
        self.0.set(end);
        true
    }
}

// SAFETY: each block begins behind all blocks that are in use, at an address of its alignment, and ends within the
// memory.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let start = self.end().next_multiple_of(layout.align());
        match start.checked_add(layout.size()) {
            Some(end) if self.take(end) => ptr::with_exposed_provenance_mut(start),
            _ => null_mut(),
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if block.addr() + layout.size() == self.end() {
            self.0.set(block.addr());
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let is_last = block.addr() + layout.size() == self.end();
        if is_last || size <= layout.size() {
            return match block.addr().checked_add(size) {
                Some(end) if !is_last || self.take(end) => block,
                _ => null_mut(),
            };
        }
        // SAFETY: the caller gave a block of this layout, and a size that is not too large for its alignment.
        unsafe {
            let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !new.is_null() {
                ptr::copy_nonoverlapping(block, new, layout.size());
            }
            new
        }
    }
}
