//! Bounds on storms: chains, families, tasks and the backlog.

use fractalaw_events_engine::*;

use crate::lab::*;

#[test]
fn a_circle_of_events_ends() {
    let apps = Apps::default()
        .with("ping", App::new(1).on("pong"))
        .with("pong", App::new(1).on("ping"));
    let mut lab = Lab::new(apps);
    let mut run = lab.run("ping");
    run.emit("ping", "ping", Vec::new()).unwrap();
    lab.end(run, "completed");
    let mut depths = Vec::new();
    while let Some((mut run, delivery)) = lab.start_next() {
        let app = delivery.app.clone();
        depths.push(delivery.place.unwrap().depth);
        match run.emit(&app, &app, Vec::new()) {
            Ok(_) => lab.end(run, "completed"),
            Err(error) => {
                assert_eq!(
                    (error.code, &*error.message),
                    (
                        Code::Depth,
                        "16 events led to this run, one after the other\nhint: look for apps that set each other off in a circle"
                    )
                );
                lab.end(run, "completed");
            }
        }
    }
    assert_eq!(depths, (0..=16).collect::<Vec<_>>());
}

/// Emits until it is refused with this code, at most so often. Returns how many were accepted.
fn emit(run: &mut Run, most: usize, code: Code) -> usize {
    let emitted = (0..most).take_while(|_| match run.emit("x", "many", Vec::new()) {
        Ok(_) => true,
        Err(error) if error.code == code => false,
        Err(error) => panic!("{error}"),
    });
    emitted.count()
}

#[test]
fn a_family_of_events_ends() {
    let mut lab = Lab::new(Apps::default().with("many", App::new(64).on("x")));
    lab.accept("x");
    for _ in 0..9 {
        let mut run = lab.start_next().unwrap().0;
        assert_eq!(emit(&mut run, 1_000, Code::Cascade), 1_000);
        lab.end(run, "completed");
    }
    // The number of descendants is in the file.
    lab.start();
    // Runs at the same time share what is left. What takes no effect is given back.
    let (mut one, mut two) = (lab.start_next().unwrap().0, lab.start_next().unwrap().0);
    let mut three = lab.start_next().unwrap().0;
    assert_eq!(emit(&mut one, 600, Code::Cascade), 600);
    assert_eq!(emit(&mut two, 1_000, Code::Cascade), 400);
    lab.end(one, "out-of-fuel");
    assert_eq!(emit(&mut two, 600, Code::Cascade), 600);
    lab.end(two, "completed");
    let refused = three.emit("x", "many", Vec::new()).unwrap_err();
    assert_eq!(
        refused.message,
        "10000 events descend from one event\nhint: emit one event with a list, or look for apps that set each other off"
    );
    lab.end(three, "completed");
    assert_eq!(lab.engine().backlog().deliveries, 10_001 - 11);
    // Another family is not concerned.
    lab.accept("x");
    let last = lab.engine().backlog().deliveries;
    let claims = lab.engine().claim(lab.now, 64).unwrap();
    assert_eq!(claims.len(), 64);
    drop(claims);
    drop_all(&lab);
    assert_eq!(last, 10_001 - 11 + 1);
    assert_eq!(
        lab.rows(),
        [
            ("deliveries", 0),
            ("events", 0),
            ("prepared", 0),
            ("roots", 0),
            ("tasks", 0)
        ]
    );
    lab.accept("x");
    let mut run = lab.start_next().unwrap().0;
    assert_eq!(emit(&mut run, 1_000, Code::Cascade), 1_000);
    lab.end(run, "completed");
}

/// Drops all deliveries, many at a time, which share a sync.
fn drop_all(lab: &Lab) {
    let all = lab.engine().deliveries(DeliveryId(0), 20_000).unwrap();
    std::thread::scope(|scope| {
        for part in all.chunks(all.len() / 64 + 1) {
            scope.spawn(move || {
                for delivery in part {
                    assert!(lab.engine().drop_delivery(delivery.id).unwrap());
                }
            });
        }
    });
}

#[test]
fn an_app_that_schedules_itself_at_once_ends() {
    let mut lab = Lab::new(Apps::default().with("again", App::new(1)));
    let mut run = lab.run("again");
    run.schedule(once("t", T0, "again")).unwrap();
    lab.end(run, "completed");
    let mut runs = 0;
    while let Some((mut run, _)) = lab.start_next() {
        runs += 1;
        assert!(runs < 100, "it goes on for ever");
        let again = run.schedule(once("t", lab.now.unix_s() + 59, "again"));
        if let Err(error) = again {
            assert_eq!(error.code, Code::Depth);
        }
        lab.end(run, "completed");
        lab.later(59);
    }
    assert_eq!(runs, 17);
}

#[test]
fn an_app_that_schedules_itself_later_goes_on_for_years() {
    let mut lab = Lab::new(Apps::default().with("again", App::new(1)));
    let mut run = lab.run("again");
    run.schedule(once("t", T0, "again")).unwrap();
    lab.end(run, "completed");
    for _ in 0..100 {
        let (mut run, _) = lab.start_next().unwrap();
        run.schedule(once("t", lab.now.unix_s() + 60, "again"))
            .unwrap();
        lab.end(run, "completed");
        lab.later(60);
    }
}

#[test]
fn an_app_has_ten_thousand_tasks() {
    let mut lab = Lab::new(
        Apps::default()
            .with("a", App::new(1))
            .with("b", App::new(1)),
    );
    let schedule = |run: &mut Run, app: &str| {
        let task = once("t", T0 + 86_400, app);
        run.schedule(task)
            .map_err(|error| (error.code, error.message))
    };
    for _ in 0..10 {
        let mut run = lab.run("a");
        for _ in 0..1_000 {
            schedule(&mut run, "a").unwrap();
        }
        lab.end(run, "completed");
    }
    let full = Err((
        Code::Quota,
        "`a` has 10000 tasks\nhint: cancel tasks that are no longer needed, or use one task with `cron`".to_owned(),
    ));
    let mut run = lab.run("a");
    assert_eq!(schedule(&mut run, "a"), full);
    drop(run);
    lab.start();
    let mut run = lab.run("a");
    assert_eq!(schedule(&mut run, "a"), full);
    let task = lab.tasks()[0].id;
    run.cancel(task).unwrap().unwrap();
    lab.end(run, "completed");
    let mut run = lab.run("a");
    let mut other = lab.run("a");
    schedule(&mut run, "a").unwrap();
    // It is reserved, although it has not taken effect.
    assert_eq!(schedule(&mut other, "a"), full);
    lab.end(run, "trap");
    schedule(&mut other, "a").unwrap();
    lab.end(other, "completed");
    assert_eq!(lab.tasks().len(), 10_000);
    let mut run = lab.run("b");
    schedule(&mut run, "b").unwrap();
}
