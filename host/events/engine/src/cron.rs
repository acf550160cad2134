//! Cron expressions: five fields, in UTC.
//!
//! `syntax` says what is refused and why, and reads the rest. This file finds the times. Tests hold both against the
//! crate `croner`, which takes too long to compile for everybody who only runs a micro-app.

mod syntax;

use crate::date::{date_of, days_from, weekday_of};
use crate::refusal::{Code, EventError};
use crate::time::Time;
use syntax::Fields;

const MINUTE_S: i64 = 60;

/// The seconds of a day. UTC has no others, as far as Unix time goes.
const DAY_S: i64 = 86_400;

/// When a task runs repeatedly.
#[derive(Clone, Debug)]
pub struct Schedule {
    fields: Fields,
    /// The minutes of a day on which it fires, if it fires on that day. There is at least one.
    minutes: Vec<i64>,
}

impl Schedule {
    /// Reads an expression, and makes sure that it ever fires.
    ///
    /// # Errors
    ///
    /// If the text is not an expression of five fields, or if no day fits it.
    pub fn parse(text: &str) -> Result<Schedule, EventError> {
        let fields = syntax::read(text)?;
        let schedule = Schedule {
            minutes: fields.minutes().collect(),
            fields,
        };
        // A day of the week is in every month, and every other day is in a leap year.
        let first = days_from(2000, 1, 1);
        if !(first..first + 366).any(|day| schedule.fires_on(day)) {
            return Err(EventError::new(
                Code::Cron,
                format!("cron `{}` never fires", crate::names::shown(text)),
            )
            .hint("give a day of month that the month has"));
        }
        Ok(schedule)
    }

    /// The first time after `time` at which it fires; `None` after the end of the calendar.
    pub fn after(&self, time: Time) -> Option<Time> {
        let (day, second) = split(time.unix_s());
        let mut minutes = self.minutes.iter();
        let today = minutes.find(|&&minute| minute * MINUTE_S > second);
        if let Some(minute) = today.filter(|_| self.fires_on(day)) {
            return at(day, *minute);
        }
        let mut day = day + 1;
        while day <= split(Time::LATEST.unix_s()).0 {
            if self.fires_on(day) {
                return at(day, *self.minutes.first()?);
            }
            let (year, month, _) = date_of(day);
            day = match (self.fields.has_month(month), month) {
                (true, _) => day + 1,
                (false, 12) => days_from(year + 1, 1, 1),
                (false, _) => days_from(year, month + 1, 1),
            };
        }
        None
    }

    /// The last time at which it fires, at `time` or before it; `None` before the beginning of the calendar.
    pub fn last_until(&self, time: Time) -> Option<Time> {
        let (day, second) = split(time.unix_s());
        let mut minutes = self.minutes.iter().rev();
        let today = minutes.find(|&&minute| minute * MINUTE_S <= second);
        if let Some(minute) = today.filter(|_| self.fires_on(day)) {
            return at(day, *minute);
        }
        let mut day = day - 1;
        while day >= split(Time::EARLIEST.unix_s()).0 {
            if self.fires_on(day) {
                return at(day, *self.minutes.last()?);
            }
            let (year, month, _) = date_of(day);
            day = match self.fields.has_month(month) {
                true => day - 1,
                false => days_from(year, month, 1) - 1,
            };
        }
        None
    }

    /// How often it fires after `after` and until `until`, which counts too. Whole days are not searched, so a year
    /// takes no longer than a few thousand steps.
    pub fn count(&self, after: Time, until: Time) -> u64 {
        let (after, until) = (after.unix_s(), until.unix_s());
        let (first, last) = (after.div_euclid(DAY_S), until.div_euclid(DAY_S));
        let mut count = 0;
        for day in first..=last {
            if !self.fires_on(day) {
                continue;
            }
            let is_whole = day != first && day != last;
            count += match is_whole {
                true => self.minutes.len() as u64,
                false => {
                    let seconds = self.minutes.iter().map(|m| day * DAY_S + m * MINUTE_S);
                    seconds.filter(|&s| after < s && s <= until).count() as u64
                }
            };
        }
        count
    }

    /// Whether it fires on the day with this number.
    fn fires_on(&self, day: i64) -> bool {
        let (_, month, of_month) = date_of(day);
        self.fields.has_day(month, of_month, weekday_of(day))
    }
}

/// The number of a day, and the second in it.
fn split(unix_s: i64) -> (i64, i64) {
    (unix_s.div_euclid(DAY_S), unix_s.rem_euclid(DAY_S))
}

fn at(day: i64, minute: i64) -> Option<Time> {
    Some(Time::from_unix_s(day * DAY_S + minute * MINUTE_S))
}

#[cfg(test)]
mod tests;
