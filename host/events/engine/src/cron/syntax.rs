//! What a cron expression may be. Programs that read cron expressions differ in what they add to the five fields, so
//! nothing is added here, and what others add is refused by its name.

use crate::limits::CRON_BYTES;
use crate::names::shown;
use crate::refusal::{Code, EventError};

struct Field {
    name: &'static str,
    least: u32,
    most: u32,
    /// Names for numbers, from `first` on.
    names: &'static [&'static str],
    first: u32,
}

const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

const FIELDS: [Field; 5] = [
    Field::numbers("minute", 0, 59),
    Field::numbers("hour", 0, 23),
    Field::numbers("day of month", 1, 31),
    Field {
        names: &MONTHS,
        first: 1,
        ..Field::numbers("month", 1, 12)
    },
    Field {
        names: &DAYS,
        ..Field::numbers("day of week", 0, 7)
    },
];

/// Why an expression is refused.
pub(super) fn refused(text: &str, why: &str) -> EventError {
    EventError::new(Code::Cron, format!("cron `{}`: {why}", shown(text)))
}

/// Whether the text is an expression that can be searched.
pub(super) fn check(text: &str) -> Result<(), EventError> {
    let refuse = |why: String, hint: String| Err(refused(text, &why).hint(hint));
    if text.len() > CRON_BYTES {
        return refuse(
            format!("it has {} bytes", text.len()),
            format!("at most {CRON_BYTES} bytes are read: use `*`, ranges and steps"),
        );
    }
    if let Some(nickname) = text.split_whitespace().find(|word| word.starts_with('@')) {
        return refuse(
            format!("`{}` is a nickname", shown(nickname)),
            nickname_hint(nickname),
        );
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        let hint = match fields.len() {
            6 | 7 => "leave out seconds and years: minute, hour, day of month, month, day of week",
            _ => "give minute, hour, day of month, month and day of week, with spaces between them",
        };
        return refuse(
            format!("expected 5 fields, found {}", fields.len()),
            hint.to_owned(),
        );
    }
    for (field, text_of) in FIELDS.iter().zip(fields) {
        for item in text_of.split(',') {
            if let Err((why, hint)) = field.item(item) {
                return refuse(format!("{}: {why}", field.name), hint);
            }
        }
    }
    Ok(())
}

fn nickname_hint(nickname: &str) -> String {
    let same = match nickname.to_ascii_lowercase().as_str() {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        _ => return "write the five fields".to_owned(),
    };
    format!("write the five fields: `{same}`")
}

/// Why an item is refused, and what to do.
type Wrong = (String, String);

impl Field {
    const fn numbers(name: &'static str, least: u32, most: u32) -> Field {
        Field {
            name,
            least,
            most,
            names: &[],
            first: 0,
        }
    }

    /// `*`, `5`, `1-5`, each with a step: `*/15`, `10-50/20`.
    fn item(&self, item: &str) -> Result<(), Wrong> {
        self.no_extension(item)?;
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (item, None),
        };
        let is_single = range != "*" && !range.contains('-');
        if range != "*" {
            let (from, to) = range.split_once('-').unwrap_or((range, range));
            let (from, to) = (self.value(from, item, false)?, self.value(to, item, true)?);
            if from > to {
                return Err((
                    format!("`{}` ends before it begins", shown(item)),
                    format!(
                        "write two ranges: `{from}-{},{}-{to}`",
                        self.most, self.least
                    ),
                ));
            }
        }
        match step {
            None => Ok(()),
            Some(step) if is_single => Err((
                format!("`{}` is a step without a range", shown(item)),
                format!(
                    "write `{range}-{}/{}` or `*/{}`",
                    self.most,
                    shown(step),
                    shown(step)
                ),
            )),
            Some(step) => self.step(step, item),
        }
    }

    fn step(&self, step: &str, item: &str) -> Result<(), Wrong> {
        let most = self.most - self.least + 1;
        match number(step) {
            Some(1..) if number(step).is_some_and(|step| step <= most) => Ok(()),
            _ => Err((
                format!("`{}` has no step", shown(item)),
                format!("write a number from 1 to {most} after `/`"),
            )),
        }
    }

    fn value(&self, value: &str, item: &str, is_end: bool) -> Result<u32, Wrong> {
        let upper = value.to_ascii_uppercase();
        if let Some(at) = self.names.iter().position(|&name| name == upper) {
            let value = self.first + at as u32;
            // A week may end with its Sunday.
            let is_sunday = is_end && value == 0 && item.contains('-');
            return Ok(if is_sunday { 7 } else { value });
        }
        match number(value) {
            Some(value) if (self.least..=self.most).contains(&value) => Ok(value),
            _ => {
                let names = match self.names {
                    [] => String::new(),
                    [first, .., last] => format!(", or a name from {first} to {last}"),
                    [only] => format!(", or {only}"),
                };
                Err((
                    format!("`{}` is not one", shown(item)),
                    format!("write a number from {} to {}{names}", self.least, self.most),
                ))
            }
        }
    }

    /// Refuses what some programs add.
    fn no_extension(&self, item: &str) -> Result<(), Wrong> {
        let is_name = |c: char| self.names.iter().any(|name| name.contains(c));
        let found = item.chars().find_map(|c| {
            let c = c.to_ascii_uppercase();
            let hint = match c {
                'L' if !is_name('L') || !self.has_name(item) => {
                    "run on each of the days 28-31, and let the micro-app see which is the last"
                }
                'W' if !self.has_name(item) => {
                    "run on each weekday, `1-5`, and let the micro-app see which day it is"
                }
                '#' => "run on that day of each week, and let the micro-app see which one it is",
                '?' => "write `*`",
                '+' => "run on one of the two, and let the micro-app see whether it is the other",
                _ => return None,
            };
            Some((c, hint))
        });
        match found {
            Some((c, hint)) => Err((format!("`{c}` is not cron's own"), hint.to_owned())),
            None => Ok(()),
        }
    }

    fn has_name(&self, item: &str) -> bool {
        let upper = item.to_ascii_uppercase();
        self.names.iter().any(|name| upper.contains(name))
    }
}

/// Digits only: `+5` is none.
fn number(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}
