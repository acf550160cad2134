//! Cron expressions: five fields, in UTC.
//!
//! `syntax` says what is refused and why. What passes is searched by `croner`, on a calendar of its own that needs no
//! crate for dates (`calendar`).

mod calendar;
mod syntax;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use croner::{CivilDate, CronDateTime};

use crate::refusal::{Code, EventError};
use crate::time::Time;
use calendar::{DAY_S, Utc, days_in_leap_year};

const MINUTE_S: i64 = 60;

/// When a task runs repeatedly.
#[derive(Clone, Debug)]
pub struct Schedule {
    cron: Cron,
    /// The minutes of a day on which it fires, if it fires on that day.
    minutes: Vec<i64>,
}

impl Schedule {
    /// Reads an expression, and makes sure that it ever fires.
    ///
    /// # Errors
    ///
    /// If the text is not an expression of five fields, or if no day fits it.
    pub fn parse(text: &str) -> Result<Schedule, EventError> {
        syntax::check(text)?;
        let parser = CronParser::builder()
            .seconds(Seconds::Disallowed)
            .year(Year::Disallowed)
            .build();
        // What `syntax` accepts, `croner` accepts. The error is for the case that the two ever differ.
        let cron = parser
            .parse(text)
            .map_err(|error| syntax::refused(text, &error.to_string()))?;
        let schedule = Schedule {
            minutes: minutes(&cron),
            cron,
        };
        // A day of the week is in every month, and every other day is in a leap year.
        if !days_in_leap_year().any(|day| schedule.fires_on(day)) {
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
        let found = self.cron.find_next_occurrence(&Utc(time.unix_s()), false);
        let next = found.ok().map(|Utc(seconds)| Time::from_unix_s(seconds));
        next.filter(|&next| next > time)
    }

    /// The last time at which it fires, at `time` or before it; `None` before the beginning of the calendar.
    pub fn last_until(&self, time: Time) -> Option<Time> {
        let found = self
            .cron
            .find_previous_occurrence(&Utc(time.unix_s()), true);
        found.ok().map(|Utc(seconds)| Time::from_unix_s(seconds))
    }

    /// How often it fires after `after` and until `until`, which counts too. Whole days are not searched, so a year
    /// takes no longer than a few thousand steps.
    pub fn count(&self, after: Time, until: Time) -> u64 {
        let (after, until) = (after.unix_s(), until.unix_s());
        let (first, last) = (after.div_euclid(DAY_S), until.div_euclid(DAY_S));
        let mut count = 0;
        for day in first..=last {
            if !self.fires_on(Utc(day * DAY_S)) {
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

    fn fires_on(&self, day: Utc) -> bool {
        let date: CivilDate = day.to_civil().date();
        let pattern = &self.cron.pattern;
        let month = pattern.month_match(date.month());
        let day = pattern.day_match(date.year(), date.month(), date.day(), day.civil_weekday());
        matches!((month, day), (Ok(true), Ok(true)))
    }
}

fn minutes(cron: &Cron) -> Vec<i64> {
    let matches = |hour, minute| {
        let pattern = &cron.pattern;
        matches!(
            (pattern.hour_match(hour), pattern.minute_match(minute)),
            (Ok(true), Ok(true))
        )
    };
    let all = (0..24).flat_map(|hour| (0..60).map(move |minute| (hour, minute)));
    all.filter(|&(hour, minute)| matches(hour, minute))
        .map(|(hour, minute)| i64::from(hour * 60 + minute))
        .collect()
}

#[cfg(test)]
mod tests;
