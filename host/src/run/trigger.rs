//! What a guest learns of what started its run.

use std::sync::Arc;

use fractalaw_ledger::{Cause, Trigger};

use crate::inputs::Grants;

/// Adds the variables to what the guest is granted, if a supervisor started the run.
pub(super) fn add(trigger: Option<&Trigger>, grants: &mut Arc<Grants>) {
    if let Some(trigger) = trigger {
        Arc::make_mut(grants).env.extend(variables(trigger));
    }
}

fn variables(trigger: &Trigger) -> Vec<(String, String)> {
    let mut variables = vec![
        variable("TRIGGER", trigger.cause.kind()),
        variable("DELIVERY", &trigger.delivery),
        variable("ATTEMPT", trigger.attempt),
    ];
    match &trigger.cause {
        Cause::Event {
            event,
            event_type,
            source,
            ..
        } => variables.extend([
            variable("EVENT_ID", event),
            variable("EVENT_TYPE", event_type),
            variable("EVENT_SOURCE", source),
        ]),
        Cause::Cron {
            task,
            name,
            scheduled_for,
            missed,
        } => {
            variables.extend(of_task(*task, name, *scheduled_for));
            variables.push(variable("MISSED", missed));
        }
        Cause::At {
            task,
            name,
            scheduled_for,
        } => variables.extend(of_task(*task, name, *scheduled_for)),
        Cause::Manual => {}
    }
    variables
}

fn of_task(task: u64, name: &str, scheduled_for: i64) -> [(String, String); 3] {
    [
        variable("TASK_ID", task),
        variable("TASK_NAME", name),
        variable("SCHEDULED_FOR", scheduled_for),
    ]
}

fn variable(name: &str, value: impl ToString) -> (String, String) {
    (format!("FRACTALAW_{name}"), value.to_string())
}

#[cfg(test)]
mod tests {
    use fractalaw_ledger::Hash;

    use super::*;

    #[test]
    fn each_kind_of_trigger_has_its_variables() {
        let event = Cause::Event {
            event: 131_073,
            event_type: "duty-changed".to_owned(),
            source: "watch".to_owned(),
            sha256: Hash([0; 32]),
        };
        let cron = Cause::Cron {
            task: 7,
            name: "remind".to_owned(),
            scheduled_for: -60,
            missed: 3,
        };
        let at = Cause::At {
            task: 8,
            name: "once".to_owned(),
            scheduled_for: 60,
        };
        let common = |kind: &str| {
            format!("FRACTALAW_TRIGGER={kind} FRACTALAW_DELIVERY=key FRACTALAW_ATTEMPT=2")
        };
        for (cause, kind, rest) in [
            (
                event,
                "event",
                " FRACTALAW_EVENT_ID=131073 FRACTALAW_EVENT_TYPE=duty-changed FRACTALAW_EVENT_SOURCE=watch",
            ),
            (
                cron,
                "cron",
                " FRACTALAW_TASK_ID=7 FRACTALAW_TASK_NAME=remind FRACTALAW_SCHEDULED_FOR=-60 FRACTALAW_MISSED=3",
            ),
            (
                at,
                "at",
                " FRACTALAW_TASK_ID=8 FRACTALAW_TASK_NAME=once FRACTALAW_SCHEDULED_FOR=60",
            ),
            (Cause::Manual, "manual", ""),
        ] {
            let trigger = Trigger {
                app: "analyse".to_owned(),
                delivery: "key".to_owned(),
                attempt: 2,
                ledger: None,
                cause,
            };
            let found = variables(&trigger);
            let found = found.iter().map(|(name, value)| format!("{name}={value}"));
            assert_eq!(found.collect::<Vec<_>>().join(" "), common(kind) + rest);
        }
    }
}
