//! Runs in a thread of their own.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use musicvae::data::Split;
use musicvae::training::{Event, Record, Session, TrainOptions};
use tempfile::TempDir;

use super::{latest, options};

/// A run in the background, and what it says.
fn begin(options: TrainOptions) -> (Session, Receiver<Event>) {
    let (tell, told) = channel();
    let session = Session::spawn(|| Ok(options), move |event| drop(tell.send(event))).unwrap();
    (session, told)
}

/// Collects a session's events until `enough`.
fn wait(told: &Receiver<Event>, events: &mut Vec<Event>, enough: impl Fn(&[Event]) -> bool) {
    let patience = Instant::now() + Duration::from_secs(60);
    while !enough(events) {
        events.extend(told.try_iter());
        assert!(Instant::now() < patience, "{events:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn records(events: &[Event]) -> usize {
    events
        .iter()
        .filter(|event| matches!(event, Event::Record(_)))
        .count()
}

/// The last step that is told of.
fn steps(events: &[Event]) -> u64 {
    let last = events.iter().rev().find_map(|event| match event {
        Event::Record(record) => Some(record.step),
        _ => None,
    });
    last.unwrap_or_default()
}

fn ended(events: &[Event]) -> bool {
    matches!(events.last(), Some(Event::Finished(_) | Event::Failed(_)))
}

#[test]
fn a_session_tells_all_of_a_run() {
    let folder = TempDir::new().unwrap();
    let (session, told) = begin(options(&folder, 4));
    let mut events = Vec::new();
    wait(&told, &mut events, ended);
    let words: String = events
        .iter()
        .map(|event| match event {
            Event::Notice(_) => 'n',
            Event::Corpus(..) => 'c',
            Event::Began { step: 0, .. } => 'b',
            Event::Record(Record {
                split: Split::Train,
                ..
            }) => 't',
            Event::Record(_) => 'v',
            Event::Saved(path) => {
                assert_eq!(*path, folder.path().join("out/latest.safetensors"));
                's'
            }
            Event::Finished(4) => 'f',
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(words, "ccbtttvstvsf");
    session.join();
}

#[test]
fn a_session_that_cannot_start_says_why() {
    let folder = TempDir::new().unwrap();
    let data = PathBuf::from("nowhere");
    let (_session, told) = begin(TrainOptions {
        data,
        ..options(&folder, 4)
    });
    let mut events = Vec::new();
    wait(&told, &mut events, ended);
    let [Event::Failed(reason)] = &events[..] else {
        panic!("{events:?}")
    };
    assert!(reason.contains("`nowhere`"), "{reason}");
}

#[test]
fn pause_holds_and_stop_ends_a_session() {
    let folder = TempDir::new().unwrap();
    let (session, told) = begin(options(&folder, 1_000_000));
    let mut events = Vec::new();
    wait(&told, &mut events, |events| records(events) >= 2);
    session.control.pause(true);
    // The step under way, and a look at the validation split, may still end; on a busy machine late.
    let patience = Instant::now() + Duration::from_secs(60);
    loop {
        std::thread::sleep(Duration::from_millis(400));
        let before = events.len();
        events.extend(told.try_iter());
        if events.len() == before {
            break;
        }
        assert!(Instant::now() < patience, "a paused run went on");
    }
    assert!(session.is_running());
    // A run that is held saves all the same when it is asked to, after the step where it stands.
    let saves = |events: &[Event]| {
        let saved = |event: &&Event| matches!(event, Event::Saved(_));
        events.iter().filter(saved).count()
    };
    let (before, step) = (saves(&events), steps(&events));
    session.control.save();
    wait(&told, &mut events, |events| saves(events) > before);
    assert_eq!(latest(&folder.path().join("out")).metadata.step, step);
    session.control.pause(false);
    let before = records(&events);
    wait(&told, &mut events, |events| records(events) > before);
    // A stop also ends a pause.
    session.control.pause(true);
    session.control.stop();
    wait(&told, &mut events, ended);
    let Some(Event::Finished(step)) = events.last() else {
        panic!("{:?}", events.last())
    };
    assert_eq!(latest(&folder.path().join("out")).metadata.step, *step);
    session.join();
}
