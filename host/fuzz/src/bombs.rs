use wasm_encoder::*;

pub const F: usize = 256 * 1024;

pub fn wrap(modules: &[Vec<u8>]) -> Vec<u8> {
    let mut c = Component::new();
    for m in modules { c.section(&RawSection { id: 1, data: m }); }
    c.finish()
}

/// One function repeated; type 0 is () -> (), type 1 params -> results wide.
pub fn module(wide: (usize, usize), functions: usize, locals: u32, body: &[u8]) -> Vec<u8> {
    let mut m = Module::new();
    let mut t = TypeSection::new();
    t.ty().function([], []);
    t.ty().function(vec![ValType::I32; wide.0], vec![ValType::I32; wide.1]);
    t.ty().function([ValType::I32], [ValType::I32]);
    m.section(&t);
    let mut f = FunctionSection::new();
    for _ in 0..functions { f.function(0); }
    f.function(1);
    m.section(&f);
    let mut ta = TableSection::new();
    ta.table(TableType { element_type: RefType::FUNCREF, table64: false, minimum: 10, maximum: None, shared: false });
    m.section(&ta);
    let mut me = MemorySection::new();
    me.memory(MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None });
    m.section(&me);
    let mut c = CodeSection::new();
    for _ in 0..functions {
        let mut fun = Function::new(if locals > 0 { vec![(locals, ValType::I64)] } else { vec![] });
        fun.raw(body.iter().copied());
        fun.raw([0x0b]);
        c.function(&fun);
    }
    let mut fun = Function::new([]);
    fun.raw([0x00, 0x0b]);
    c.function(&fun);
    m.section(&c);
    m.finish()
}

fn rep(unit: &[u8], bytes: usize) -> Vec<u8> { unit.repeat(bytes / unit.len()) }
fn leb(mut n: u32) -> Vec<u8> { let mut v = vec![]; loop { let b = (n & 0x7f) as u8; n >>= 7; if n == 0 { v.push(b); return v; } v.push(b | 0x80); } }

pub fn one(name: &str, n: usize, copies: usize) -> Option<Vec<u8>> {
    let n = n - 64;
    let single = |wide, locals, body: Vec<u8>| Some(wrap(&[module(wide, copies, locals, &body)]));
    match name {
        "consts" => single((0, 0), 0, rep(&[0x41, 1, 0x1a], n)),
        "calls" => single((0, 0), 0, rep(&[0x10, 0], n)),
        "calls-wide-8" => single((0, 8), 0, rep(&[&[0x10u8, 1][..], &[0x1a; 8]].concat(), n)),
        "results-wide-1000" => single((0, 1000), 0, rep(&[&[0x10u8, 1][..], &[0x1a; 1000]].concat(), n)),
        "calls-wide-1000" => {
            // f: 1000 -> 1000, called over and over on its own results
            let mut b = vec![]; for _ in 0..1000 { b.extend([0x41, 0]); }
            b.extend(rep(&[0x10, 1], n - 4000)); b.extend([0x1a; 1000]);
            single((1000, 1000), 0, b)
        }
        "blocks" => { let k = n / 3; let mut b = rep(&[0x02, 0x40], k * 2); b.extend(vec![0x0b; k]); single((0, 0), 0, b) }
        "loops" => { let k = n / 3; let mut b = rep(&[0x03, 0x40], k * 2); b.extend(vec![0x0b; k]); single((0, 0), 0, b) }
        "loops-flat" => single((0, 0), 0, rep(&[0x03, 0x40, 0x0b], n)),
        "loops-back" => single((0, 0), 0, rep(&[0x03, 0x40, 0x41, 0, 0x0d, 0, 0x0b], n)),
        "loops-nested-back" => { let u = [[0x03u8, 0x40].repeat(99), [0x41, 0, 0x0d, 0, 0x0b].repeat(99)].concat(); let b = rep(&u, n); single((0, 0), 0, b) }
        "loops-locals" => { let mut tail = vec![]; for i in 0..99u8 { tail.extend([0x20, i, 0x42, 1, 0x7c, 0x21, i, 0x41, 0, 0x0d, 0, 0x0b]); } let u = [[0x03u8, 0x40].repeat(99), tail].concat(); single((0, 0), 250, rep(&u, n)) }
        "blocks-wide-8" => {
            let w = 8;
            let mut b = vec![]; for _ in 0..w { b.extend([0x41, 0]); }
            b.extend(rep(&[0x03, 1, 0x41, 0, 0x0d, 0, 0x0b], n - 3 * w)); b.extend(vec![0x1a; w]);
            single((w, w), 0, b)
        }
        "br-table-flat" => { let k = n - 100; let mut b = vec![0x02, 0x40, 0x41, 0, 0x0e]; b.extend(leb(k as u32)); b.extend(vec![0; k + 1]); b.push(0x0b); single((0, 0), 0, b) }
        "br-table-deep" => {
            let d = 60_000u32; let mut b = rep(&[0x02, 0x40], 2 * d as usize); b.extend([0x41, 0, 0x0e]);
            let k = (n - 3 * d as usize - 20) / 3; b.extend(leb(k as u32)); for i in 0..=k { b.extend(leb((i as u32) % d)); }
            b.extend(vec![0x0b; d as usize]); single((0, 0), 0, b)
        }
        "br-table-wide" => {
            // block (result 1000 x i32) with br_table of many entries
            let w = 1000; let mut b = vec![0x02, 3];
            for _ in 0..w { b.extend([0x41, 0]); } b.extend([0x41, 0, 0x0e]); let k = n - 4 * w - 100; b.extend(leb(k as u32)); b.extend(vec![0; k + 1]);
            b.push(0x0b); b.extend(vec![0x1a; w]);
            let mut m = Module::new(); let mut t = TypeSection::new(); t.ty().function([], []); t.ty().function([], []); t.ty().function([], []); t.ty().function([], vec![ValType::I32; w]); m.section(&t);
            let mut f = FunctionSection::new(); f.function(0); m.section(&f); let mut c = CodeSection::new(); let mut fun = Function::new([]); fun.raw(b); fun.raw([0x0b]); c.function(&fun); m.section(&c);
            Some(wrap(&[m.finish()]))
        }
        "br-tables" => single((0, 0), 0, { let mut unit = vec![0x02, 0x40, 0x41, 0, 0x0e, 100]; unit.extend([0; 101]); unit.push(0x0b); rep(&unit, n) }),
        "ifs" => { let k = n / 5; let mut b = rep(&[0x41, 0, 0x04, 0x40], k * 4); b.extend(vec![0x0b; k]); single((0, 0), 0, b) }
        "if-results" => single((0, 0), 0, rep(&[0x41, 0, 0x04, 0x7f, 0x41, 1, 0x05, 0x41, 2, 0x0b, 0x1a], n)),
        "floats" => { let mut b = vec![0x44]; b.extend(1.5f64.to_le_bytes()); b.extend(rep(&[0x9f], n - 20)); b.push(0x1a); single((0, 0), 0, b) }
        "floats-x2" => { let mut b = vec![0x41, 0, 0xfd, 0x12]; b.extend(rep(&[0xfd, 0xef, 0x01], n - 20)); b.push(0x1a); single((0, 0), 0, b) }
        "trunc" => single((0, 0), 0, { let mut u = vec![0x43]; u.extend(1.5f32.to_le_bytes()); u.extend([0xa8, 0x1a]); rep(&u, n) }),
        "trunc-chain" => { let mut b = vec![0x41, 1]; b.extend(rep(&[0xb2, 0xa8], n - 20)); b.push(0x1a); single((0, 0), 0, b) }
        "div-chain" => { let mut b = vec![0x41, 1]; b.extend(rep(&[0x41, 3, 0x6d], n - 20)); b.push(0x1a); single((0, 0), 0, b) }
        "popcnt-simd" => { let mut b = vec![0x41, 0, 0xfd, 0x0f]; b.extend(rep(&[0xfd, 0x62], n - 20)); b.push(0x1a); single((0, 0), 0, b) }
        "loads" => { let mut b = vec![0x41, 1]; b.extend(rep(&[0x28, 0, 0], n - 20)); b.push(0x1a); single((0, 0), 0, b) }
        "grow" => { let mut b = vec![0x41, 1]; b.extend(rep(&[0x40, 0], n - 20)); b.push(0x1a); single((0, 0), 0, b) }
        "table-get" => single((0, 0), 0, rep(&[0x41, 1, 0x25, 0, 0x1a], n)),
        "call-indirect" => single((0, 0), 0, rep(&[0x41, 1, 0x11, 0, 0], n)),
        "live-values" => { let k = n / 4; let mut b = rep(&[0x23 , 0, 0x45], 0); b.extend(rep(&[0x3f, 0], 2 * k)); b.extend(rep(&[0x6a], k - 1)); b.push(0x1a); single((0, 0), 0, b) }
        "live-across-calls" => { let k = n / 6; let mut b = rep(&[0x3f, 0, 0x10, 0], 4 * k); b.extend(rep(&[0x6a], k - 1)); b.push(0x1a); single((0, 0), 0, b) }
        "select-chain" => { let mut b = vec![0x41, 1]; b.extend(rep(&[0x41, 2, 0x3f, 0, 0x1b], n - 20)); b.push(0x1a); single((0, 0), 0, b) }
        "mix-egraph" => { let mut b = vec![0x3f, 0]; b.extend(rep(&[0x41, 3, 0x6c, 0x41, 5, 0x6a, 0x41, 7, 0x71, 0x41, 1, 0x74], n - 20)); b.push(0x1a); single((0, 0), 0, b) }
        _ if name.starts_with("tiny-") => { let k: usize = name[5..].parse().unwrap(); let mut left = k; let mut ms = vec![]; while left > 0 { let now = left.min(900_000); ms.push(module((0, 0), now, 0, &[])); left -= now; } Some(wrap(&ms)) }
        _ if name.starts_with("modules-") => { let k: usize = name[8..].parse().unwrap(); let m = module((0, 0), 1, 0, &[]); Some(wrap(&vec![m; k])) }
        _ if name.starts_with("medium-") => { let k: usize = name[7..].parse().unwrap(); Some(wrap(&[module((0, 0), k, 0, &rep(&[0x41, 3, 0x3f, 0, 0x6c, 0x41, 5, 0x6a, 0x28, 0, 0, 0x1a, 0x10, 0], 300))])) }
        _ if name.starts_with("nest-") => { let k: usize = name[5..].parse().unwrap(); let mut inner = Component::new().finish(); for _ in 0..k { let mut c = Component::new(); c.section(&RawSection { id: 4, data: &inner }); inner = c.finish(); } Some(inner) }
        _ if name.starts_with("elems-") => { let k: u32 = name[6..].parse().unwrap();
            let mut m = Module::new(); let mut t = TypeSection::new(); t.ty().function([], []); m.section(&t); let mut f = FunctionSection::new(); f.function(0); m.section(&f);
            let mut e = ElementSection::new(); let mut left = k; while left > 0 { let now = left.min(9_000_000); let exprs = vec![ConstExpr::ref_func(0); now as usize]; e.passive(Elements::Expressions(RefType::FUNCREF, exprs.into())); left -= now; } m.section(&e);
            let mut c = CodeSection::new(); let mut fun = Function::new([]); fun.raw([0x0b]); c.function(&fun); m.section(&c); Some(wrap(&[m.finish()])) }
        _ if name.starts_with("globals-") => { let k: u32 = name[8..].parse().unwrap(); let mut m = Module::new(); let mut g = GlobalSection::new(); for _ in 0..k { g.global(GlobalType { val_type: ValType::I32, mutable: false, shared: false }, &ConstExpr::i32_const(0)); } m.section(&g); Some(wrap(&[m.finish()])) }
        _ if name.starts_with("exports-") => { let k: u32 = name[8..].parse().unwrap(); let mut m = Module::new(); let mut t = TypeSection::new(); t.ty().function([], []); m.section(&t); let mut f = FunctionSection::new(); f.function(0); m.section(&f); let mut x = ExportSection::new(); for i in 0..k { x.export(&i.to_string(), ExportKind::Func, 0); } m.section(&x); let mut c = CodeSection::new(); let mut fun = Function::new([]); fun.raw([0x0b]); c.function(&fun); m.section(&c); Some(wrap(&[m.finish()])) }
        _ if name.starts_with("types-") => { let k: u32 = name[6..].parse().unwrap(); let mut m = Module::new(); let mut t = TypeSection::new(); for i in 0..k { t.ty().function((0..20).map(|b| if i >> b & 1 == 1 { ValType::I32 } else { ValType::I64 }).collect::<Vec<_>>(), []); } m.section(&t); Some(wrap(&[m.finish()])) }
        _ if name.starts_with("adapters-") => { let mut it = name[9..].split('-').map(|x| x.parse::<usize>().unwrap()); let (count, fields, depth) = (it.next().unwrap(), it.next().unwrap(), it.next().unwrap()); Some(wat::parse_str(adapters(count, fields, depth)).unwrap()) }
        _ => None,
    }
}

/// Two components in one; one calls the other through `count` functions with a type of fields^depth leaves.
fn adapters(count: usize, fields: usize, depth: usize) -> String {
    let mut types = String::new();
    let mut exp = String::new();
    let t = |own: bool| { let mut s = String::from("(type $t0 (list string))"); for d in 1..=depth { s += &format!("(type $r{d} (tuple {})) (type $t{d} (list $r{d}))", format!("$t{} ", d - 1).repeat(fields)); } let _ = own; s };
    types += &t(true);
    let mut lifts = String::new(); let mut lowers = String::new(); let mut args = String::new(); let mut imports = String::new();
    for i in 0..count {
        lifts += &format!("(func (export \"f{i}\") (param \"a\" $t{depth}) (canon lift (core func $i \"f\") (memory $i \"m\") (realloc (func $i \"r\"))))");
        exp += &format!("(export \"f{i}\" (func (param \"a\" $t{depth})))");
        lowers += &format!("(core func $l{i} (canon lower (func $a \"f{i}\") (memory $i \"m\") (realloc (func $i \"r\"))))");
        args += &format!("(export \"f{i}\" (func $l{i}))");
        imports += &format!("(import \"\" \"f{i}\" (func (param i32 i32)))");
    }
    format!("(component
      (component $A (core module $m (memory (export \"m\") 1) (func (export \"r\") (param i32 i32 i32 i32) (result i32) unreachable) (func (export \"f\") (param i32 i32)))
        (core instance $i (instantiate $m)) {types} {lifts})
      (instance $a (instantiate $A))
      (component $B (import \"a\" (instance $a {types} {exp}))
        (core module $m (memory (export \"m\") 1) (func (export \"r\") (param i32 i32 i32 i32) (result i32) unreachable))
        (core instance $i (instantiate $m)) {lowers}
        (core module $n {imports}) (core instance (instantiate $n (with \"\" (instance {args})))))
      (instance (instantiate $B (with \"a\" (instance $a)))))")
}
