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

/// What the five fields have: one bit for each number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fields {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether the field is `*`, and only the other one of the two says which days.
    is_any_day: bool,
    is_any_weekday: bool,
}

impl Fields {
    /// The minutes of a day, in their order.
    pub(super) fn minutes(self) -> impl Iterator<Item = i64> {
        let of_day = (0..24).flat_map(|hour| (0..60).map(move |minute| (hour, minute)));
        let fitting = of_day
            .filter(move |&(hour, minute)| has(self.hours, hour) && has(self.minutes, minute));
        fitting.map(|(hour, minute)| i64::from(hour * 60 + minute))
    }

    pub(super) fn has_month(self, month: u32) -> bool {
        has(self.months, month)
    }

    /// If both days are given, either of them is enough.
    pub(super) fn has_day(self, month: u32, day: u32, weekday: u32) -> bool {
        let (day, weekday) = (has(self.days, day), has(self.weekdays, weekday));
        self.has_month(month)
            && match (self.is_any_day, self.is_any_weekday) {
                (false, false) => day || weekday,
                _ => day && weekday,
            }
    }
}

fn has(bits: u64, number: u32) -> bool {
    bits >> number & 1 == 1
}

/// Reads an expression. It may be one that never fires.
pub(super) fn read(text: &str) -> Result<Fields, EventError> {
    let refuse = |why: String, hint: String| {
        let refused = EventError::new(Code::Cron, format!("cron `{}`: {why}", shown(text)));
        Err(refused.hint(hint))
    };
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
    let mut bits = [0; 5];
    for ((field, text_of), bits) in FIELDS.iter().zip(&fields).zip(&mut bits) {
        for item in text_of.split(',') {
            match field.item(item) {
                Ok(of_item) => *bits |= of_item,
                Err((why, hint)) => return refuse(format!("{}: {why}", field.name), hint),
            }
        }
    }
    let [minutes, hours, days, months, weekdays] = bits;
    Ok(Fields {
        minutes,
        hours,
        days,
        months,
        // Sunday is 0 and 7.
        weekdays: weekdays | weekdays >> 7 & 1,
        is_any_day: fields[2] == "*",
        is_any_weekday: fields[4] == "*",
    })
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

    /// `*`, `5`, `1-5`, each with a step: `*/15`, `10-50/20`. Returns a bit for each number.
    fn item(&self, item: &str) -> Result<u64, Wrong> {
        self.no_extension(item)?;
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (item, None),
        };
        let (from, to) = self.range(range, item)?;
        let step = match step {
            None => 1,
            Some(step) if range != "*" && !range.contains('-') => {
                let step = shown(step);
                return Err((
                    format!("`{}` is a step without a range", shown(item)),
                    format!("write `{range}-{}/{step}` or `*/{step}`", self.most),
                ));
            }
            Some(step) => self.step(step, item)?,
        };
        let numbers = (from..=to).step_by(step);
        Ok(numbers.fold(0, |bits, number| bits | 1 << number))
    }

    fn range(&self, range: &str, item: &str) -> Result<(u32, u32), Wrong> {
        if range == "*" {
            return Ok((self.least, self.most));
        }
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        let (from, to) = (self.value(from, item, false)?, self.value(to, item, true)?);
        match from > to {
            true => Err((
                format!("`{}` ends before it begins", shown(item)),
                format!(
                    "write two ranges: `{from}-{},{}-{to}`",
                    self.most, self.least
                ),
            )),
            false => Ok((from, to)),
        }
    }

    fn step(&self, step: &str, item: &str) -> Result<usize, Wrong> {
        let most = self.most - self.least + 1;
        match number(step) {
            Some(step) if (1..=most).contains(&step) => Ok(step as usize),
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
