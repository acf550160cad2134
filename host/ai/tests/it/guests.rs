//! Components that make calls to AI, and a host that offers it.

use std::fmt::Write;

use fractalaw_ai::Ai;
use fractalaw_host::{Host, HostBuilder, Outcome, Report, Run, Section};
use fractalaw_testing::RUNTIME;

/// What a guest does.
#[derive(Clone, Copy)]
pub(crate) enum Does<'a> {
    Embed(&'a str),
    Batch(&'a [&'a str]),
    Classify(&'a str, &'a [&'a str]),
    /// The system's prompt, the user's, the most tokens, and the temperature.
    Generate(Option<&'a str>, &'a str, u32, f32),
}

use Does::{Batch, Classify, Embed, Generate};

/// Where a guest's texts begin.
const TEXTS: usize = 1 << 20;

/// The texts of a guest, in its memory.
struct Texts {
    wat: String,
    end: usize,
}

impl Texts {
    /// Adds bytes, and returns the instructions for their place and length.
    fn add(&mut self, bytes: &[u8], length: usize) -> String {
        let at = self.end.next_multiple_of(8);
        self.end = at + bytes.len();
        assert!(self.end <= 2 * TEXTS);
        let escaped = bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "\\{byte:02x}").unwrap();
            text
        });
        writeln!(self.wat, "(data (i32.const {at}) \"{escaped}\")").unwrap();
        format!("(i32.const {at}) (i32.const {length})")
    }

    fn text(&mut self, text: &str) -> String {
        self.add(text.as_bytes(), text.len())
    }

    fn list(&mut self, texts: &[&str]) -> String {
        let mut pairs = Vec::new();
        for text in texts {
            self.text(text);
            let at = self.end - text.len();
            for number in [at, text.len()] {
                pairs.extend(u32::try_from(number).unwrap().to_le_bytes());
            }
        }
        self.add(&pairs, texts.len())
    }
}

/// A component that does this, and returns the answers. It has a name for which a policy can have a section.
pub(crate) fn guest(does: &[Does<'_>]) -> Vec<u8> {
    let mut texts = Texts {
        wat: String::new(),
        end: TEXTS,
    };
    let mut body = String::new();
    for step in does {
        let call = match step {
            Embed(text) => format!("$try-embed {}", texts.text(text)),
            Batch(list) => format!("$try-batch {}", texts.list(list)),
            Classify(text, list) => {
                format!("$try-classify {} {}", texts.text(text), texts.list(list))
            }
            Generate(system, user, tokens, temperature) => {
                let (is_some, system) =
                    (u8::from(system.is_some()), texts.text(system.unwrap_or("")));
                let user = texts.text(user);
                format!(
                    "$try-generate (i32.const {is_some}) {system} {user} (i32.const {tokens}) (f32.const {temperature})"
                )
            }
        };
        writeln!(body, "(if (call {call}) (then (return (i32.const 1))))").unwrap();
    }
    let generates = does.iter().any(|step| matches!(step, Generate(..)));
    let mut text = include_str!("../components/calls.wat").to_owned();
    for part in include_str!("../components/inference.wat")
        .split(";; {")
        .skip(1)
    {
        let (name, part) = part.split_once("}\n").unwrap();
        text = text.replace(&format!("{{{name}}}"), if generates { part } else { "" });
    }
    let text = text
        .replacen("(component", "(component $asker", 1)
        .replace("{data}", &texts.wat)
        .replace("{body}", &body);
    wat::parse_str(text).unwrap()
}

pub(crate) fn builder() -> HostBuilder {
    Host::builder().slots(4).offer(Ai::new())
}

/// A run with both interfaces, the host's model, and these lines of policy.
pub(crate) fn run(lines: &str) -> Run {
    let lines = format!(
        "interfaces.\"fractal:app/ai-embeddings\" = true\ninterfaces.\"fractal:app/ai-classify\" = true\n\
         ai.embed = true\nai.classify = \"static\"\n{lines}"
    );
    Run::new().grant(Section::parse(&lines).unwrap())
}

/// Runs a component that does this.
pub(crate) fn ran(does: &[Does<'_>], run: &Run) -> Report {
    let host = builder().build().unwrap();
    let app = host.load(&guest(does)).unwrap();
    RUNTIME.block_on(host.run(&app, run)).unwrap()
}

/// The answers of a run that completed, or the error that it returned.
pub(crate) fn said(report: &Report) -> &str {
    match &report.outcome {
        Outcome::Completed(text) | Outcome::GuestError(text) => text,
        other => panic!("{other}"),
    }
}
