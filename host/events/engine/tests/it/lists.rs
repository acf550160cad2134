//! What people see of the file.

use fractalaw_events_engine::*;

use crate::lab::*;

#[test]
fn deliveries_are_listed_by_state_and_event_and_counted() {
    let apps = Apps::default()
        .with("a", App::new(9).on("x"))
        .with("b", App::new(9).on("x"));
    let mut lab = Lab::new(apps);
    let (first, second) = (lab.accept("x"), lab.accept("x"));
    for outcome in ["out-of-fuel", "refused", "completed"] {
        lab.run_next(outcome).unwrap();
    }
    let ids = |standing: Vec<Standing>| -> Vec<u64> {
        standing.into_iter().map(|standing| standing.id.0).collect()
    };
    let engine = lab.engine();
    let dead = |after, most| {
        let states = [State::Dead, State::Held];
        ids(engine
            .deliveries_in(states, DeliveryId(after), most)
            .unwrap())
    };
    assert_eq!(
        (dead(0, 9), dead(1, 9), dead(0, 1)),
        (vec![1, 2], vec![2], vec![1])
    );
    assert_eq!(ids(engine.deliveries_of(first).unwrap()), [1, 2]);
    assert_eq!(ids(engine.deliveries_of(second).unwrap()), [4]);
    assert_eq!(
        engine.counts().unwrap(),
        [
            ("a".to_owned(), State::Dead, 1),
            ("b".to_owned(), State::Ready, 1),
            ("b".to_owned(), State::Held, 1),
        ]
    );
    let inside = engine.inside(DeliveryId(4)).unwrap().unwrap();
    assert_eq!(inside.standing.state, State::Ready);
    assert_eq!(inside.delivery.key(), format!("event:{}:b", second.0));
    assert_eq!(
        inside.delivery.payload,
        format!("event {}", second.0).into_bytes()
    );
    assert_eq!(engine.inside(DeliveryId(3)).unwrap(), None);
}

#[test]
fn the_input_of_a_task_can_be_read_from_when_it_counts() {
    let mut lab = Lab::new(Apps::default().with("a", App::new(9)));
    let id = lab.run_id();
    let mut run = lab.engine().run(id, "a", all(), lab.now);
    let task = Task {
        name: "once".to_owned(),
        cron: None,
        run_at: Some(T0 as u64 + 3600),
        target: "a".to_owned(),
        payload: b"input".to_vec(),
    };
    let task = run.schedule(task).unwrap();
    assert_eq!(lab.engine().payload_of(task).unwrap(), None);
    lab.end(run, "completed");
    assert_eq!(
        lab.engine().payload_of(task).unwrap(),
        Some(b"input".to_vec())
    );
}
