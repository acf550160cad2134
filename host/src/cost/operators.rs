//! The costs of WebAssembly's instructions.
//!
//! One unit is one common instruction. A slower instruction costs more, so that no chain of one instruction takes
//! more than four times as long for its fuel as the median chain. `cargo xtask bench fuel` measures it.

use wasmtime::OperatorCost;

/// The costs that apply.
pub const TABLE: OperatorCost = table();

const fn table() -> OperatorCost {
    let mut cost = OperatorCost::new();
    enter(&mut cost);
    divide(&mut cost);
    convert(&mut cost);
    move_memory(&mut cost);
    change_tables(&mut cost);
    cost
}

/// Entering a function checks its stack, its fuel and the epoch. A loop checks fuel and epoch.
const fn enter(cost: &mut OperatorCost) {
    cost.Loop = 1;
    cost.Call = 4;
    cost.CallIndirect = 6;
    cost.ReturnCall = 4;
    cost.ReturnCallIndirect = 6;
}

/// Divisions and square roots, which a processor computes step by step.
const fn divide(cost: &mut OperatorCost) {
    cost.I32DivS = 3;
    cost.I32DivU = 3;
    cost.I32RemS = 3;
    cost.I32RemU = 3;
    cost.I64DivS = 4;
    cost.I64DivU = 4;
    cost.I64RemS = 4;
    cost.I64RemU = 4;
    cost.F32Div = 4;
    cost.F64Div = 4;
    cost.F32x4Div = 5;
    cost.F64x2Div = 6;
    cost.F32Sqrt = 6;
    cost.F64Sqrt = 8;
    cost.F32x4Sqrt = 6;
    cost.F64x2Sqrt = 8;
}

/// Conversions and roundings of floating-point numbers, including the code that makes their NaNs canonical.
const fn convert(cost: &mut OperatorCost) {
    cost.F32Ceil = 2;
    cost.F32Floor = 2;
    cost.F32Trunc = 2;
    cost.F32Nearest = 2;
    cost.F64Ceil = 2;
    cost.F64Floor = 2;
    cost.F64Trunc = 2;
    cost.F64Nearest = 2;
    cost.F32x4Ceil = 2;
    cost.F32x4Floor = 2;
    cost.F32x4Trunc = 2;
    cost.F32x4Nearest = 2;
    cost.F64x2Ceil = 2;
    cost.F64x2Floor = 2;
    cost.F64x2Trunc = 2;
    cost.F64x2Nearest = 2;
    cost.F32DemoteF64 = 2;
    cost.F64PromoteF32 = 2;
    cost.F32x4DemoteF64x2Zero = 2;
    cost.F64x2PromoteLowF32x4 = 2;
    cost.I32TruncF32S = 2;
    cost.I32TruncF32U = 2;
    cost.I32TruncF64S = 2;
    cost.I32TruncF64U = 2;
    cost.I64TruncF32S = 2;
    cost.I64TruncF32U = 2;
    cost.I64TruncF64S = 2;
    cost.I64TruncF64U = 2;
    cost.I32TruncSatF32S = 2;
    cost.I32TruncSatF32U = 2;
    cost.I32TruncSatF64S = 2;
    cost.I32TruncSatF64U = 2;
    cost.I64TruncSatF32S = 2;
    cost.I64TruncSatF32U = 2;
    cost.I64TruncSatF64S = 2;
    cost.I64TruncSatF64U = 2;
    cost.I32x4TruncSatF32x4S = 3;
    cost.I32x4TruncSatF32x4U = 4;
    cost.I32x4TruncSatF64x2SZero = 3;
    cost.I32x4TruncSatF64x2UZero = 3;
    cost.I32x4RelaxedTruncF32x4S = 3;
    cost.I32x4RelaxedTruncF32x4U = 4;
    cost.I32x4RelaxedTruncF64x2SZero = 3;
    cost.I32x4RelaxedTruncF64x2UZero = 3;
    cost.F32x4Min = 3;
    cost.F32x4Max = 3;
    cost.F64x2Min = 3;
    cost.F64x2Max = 3;
}

/// Growing memory, and Wasmtime's calls that move memory. Each byte also costs one unit. That is far more than
/// the time it takes, but one unit is the least that can be charged.
const fn move_memory(cost: &mut OperatorCost) {
    cost.MemoryGrow = 32;
    cost.variable.memory_grow_per_page = 255;
    cost.MemoryFill = 64;
    cost.MemoryCopy = 64;
    cost.MemoryInit = 64;
    cost.DataDrop = 8;
}

/// Tables of functions. Wasmtime fills in each element when it is first read.
const fn change_tables(cost: &mut OperatorCost) {
    cost.RefFunc = 32;
    cost.TableGrow = 64;
    cost.TableFill = 32;
    cost.TableCopy = 32;
    cost.TableInit = 32;
    cost.ElemDrop = 8;
    cost.variable.table_copy_per_element = 2;
    cost.variable.table_init_per_element = 2;
}
