//! Models that work on a groove, from checkpoints in a folder through the workstation's threads.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use musicvae::checkpoint::{Checkpoint, Metadata, Precision};
use musicvae::model::{Decoding, Guide, MusicVae, Preset, Prior, Rows, Tensors};
use musicvae::music::{FEATURES, Groove, Hit, LANES, Lane};
use musicvae_tui::studio::{Config, Effect, Event, Rework, Source, Tell, Workers};

use super::playing::lively;

const LIKELIEST: Decoding = Decoding {
    temperature: 0.0,
    seed: 0,
};

/// Saves a small model of a preset, another one for every `seed`.
fn save(folder: &Path, name: &str, preset: &str, seed: u64) -> (Source, MusicVae) {
    let preset = Preset {
        encoder: vec![8],
        decoder: vec![8],
        z_size: 4,
        ..Preset::by_name(preset).unwrap()
    };
    let checkpoint = Checkpoint {
        tensors: lively(&preset, seed),
        preset,
        optimizer: Tensors::new(),
        prior: Prior::default(),
        metadata: Metadata::of_this_run(1),
    };
    let path = folder.join(format!("{name}.safetensors"));
    checkpoint.save(&path, Precision::Full).unwrap();
    (Source::File(path), checkpoint.model().unwrap())
}

/// The workers with a folder of checkpoints and without sound.
struct Stage {
    workers: Workers,
    told: Receiver<Event>,
    ticket: u64,
}

impl Stage {
    fn over(folder: &Path) -> Stage {
        let mut config = Config::default();
        config.audio.device = "off".into();
        config.midi.virtual_input = false;
        config.checkpoints.folders = vec![folder.into()];
        let (tell, told) = channel();
        let tell: Tell = Arc::new(move |event| tell.send(event).is_ok());
        Stage {
            workers: Workers::start(&config, tell).0,
            told,
            ticket: 0,
        }
    }

    fn wait(&mut self, wanted: impl Fn(&Event) -> bool) -> Event {
        let deadline = Instant::now() + Duration::from_secs(60);
        while Instant::now() < deadline {
            let told = self.told.recv_timeout(Duration::from_millis(20));
            if let Some(event) = told.ok().filter(&wanted) {
                return event;
            }
        }
        panic!("no such event came")
    }

    fn rework(
        &mut self,
        source: &Source,
        rework: Rework,
        groove: &Groove,
        how: Decoding,
    ) -> Result<Groove, String> {
        self.ticket += 1;
        self.workers.perform(Effect::Rework {
            ticket: self.ticket,
            source: source.clone(),
            rework,
            groove: groove.clone(),
            how,
        });
        let number = self.ticket;
        let answer = self.wait(|event| match event {
            Event::Reworked { ticket, .. } | Event::InferenceFailed { ticket, .. } => {
                *ticket == number
            }
            _ => false,
        });
        match answer {
            Event::Reworked { groove, .. } => Ok(groove),
            Event::InferenceFailed { reason, .. } => Err(reason),
            other => panic!("{other:?}"),
        }
    }
}

/// Kicks, louder snares, some hats, each with a feel of its own.
fn groove(steps: usize) -> Groove {
    let mut groove = Groove {
        qpm: 93.0,
        ..Groove::empty(steps)
    };
    for (number, lanes) in groove.steps.iter_mut().enumerate() {
        let offset = (number % 5) as f32 / 20.0 - 0.1;
        let velocity = 0.4 + (number % 7) as f32 / 20.0;
        let hit = Some(Hit::new(velocity, offset));
        for (lane, every, first) in [(0, 4, 0), (1, 8, 4), (2, 3, 1), (3, 11, 2), (8, 16, 15)] {
            if number % every == first {
                lanes[lane] = hit;
            }
        }
    }
    groove
}

/// The windows of `steps` that a groove is worked on in, the last filled up from its beginning.
fn windows(groove: &Groove, steps: usize) -> Vec<Groove> {
    let mut all = groove.steps.clone();
    all.extend_from_slice(&groove.steps);
    let count = groove.steps.len().div_ceil(steps);
    let window = |n: usize| Groove {
        steps: all[n * steps..(n + 1) * steps].to_vec(),
        ..*groove
    };
    (0..count).map(window).collect()
}

/// What the model plays to a groove, by itself.
fn played(model: &MusicVae, groove: &Groove, how: Decoding, to_taps: bool) -> Groove {
    let windows = windows(groove, model.preset().steps());
    let z: Vec<_> = model
        .encode(&windows)
        .unwrap()
        .into_iter()
        .map(|it| it.mu)
        .collect();
    // Nothing is struck where nothing is tapped.
    let silence = |window: &Groove| {
        let row = |step: &[Option<Hit>; LANES]| {
            let hits = if *step == [None; LANES] {
                0.0
            } else {
                f32::NAN
            };
            [[hits; LANES], [f32::NAN; LANES], [f32::NAN; LANES]].concat()
        };
        let rows = window.steps.iter().map(row);
        Rows {
            steps: window.steps.len(),
            depth: FEATURES,
            values: rows.flatten().collect(),
        }
    };
    let known: Vec<Rows> = windows.iter().filter(|_| to_taps).map(silence).collect();
    let guide = Guide {
        known: &known,
        ..Guide::default()
    };
    let windows = model.play(&z, how, &guide).unwrap();
    let steps = windows
        .iter()
        .flat_map(|window| Groove::from_features(window, 120.0).steps);
    Groove {
        steps: steps.take(groove.steps.len()).collect(),
        ..*groove
    }
}

fn places(groove: &Groove) -> Vec<[bool; LANES]> {
    let places = |step: &[Option<Hit>; LANES]| step.map(|cell| cell.is_some());
    groove.steps.iter().map(places).collect()
}

#[test]
fn small_models_humanize_drumify_and_add_hats() {
    let folder = tempfile::TempDir::new().unwrap();
    let folder = folder.path();
    let (humanizer, _) = save(folder, "hum", Rework::Humanize.preset(), 1);
    let (drummer, drums) = save(folder, "tap", Rework::Drumify.preset(), 2);
    let (thinned, _) = save(
        folder,
        "thin",
        "groovae_2bar_tap_fixed_velocity_note_dropout",
        5,
    );
    let (hatter, hats) = save(folder, "hats", Rework::AddHats.preset(), 3);
    let (plain, _) = save(folder, "plain", "groovae_4bar", 4);
    let mut stage = Stage::over(folder);

    // What each does is known from its preset's representation.
    let listed = stage.wait(|event| matches!(event, Event::Catalogue(..)));
    let Event::Catalogue(entries, problems) = listed else {
        unreachable!()
    };
    assert_eq!(problems, [""; 0]);
    for (source, rework) in [
        (&humanizer, Some(Rework::Humanize)),
        (&drummer, Some(Rework::Drumify)),
        (&thinned, Some(Rework::Drumify)),
        (&hatter, Some(Rework::AddHats)),
        (&plain, None),
        (&musicvae_tui::embedded::first(), None),
    ] {
        let entry = entries
            .iter()
            .find(|entry| entry.source == *source)
            .unwrap();
        assert_eq!(entry.rework, rework, "{}", entry.name);
    }

    let warm = |seed| Decoding {
        temperature: 1.0,
        seed,
    };
    // Two windows, one and a half, a part of one; no model is in use.
    for steps in [64, 48, 16] {
        let groove = groove(steps);
        let mut human = |how| {
            stage
                .rework(&humanizer, Rework::Humanize, &groove, how)
                .unwrap()
        };
        let straight = human(LIKELIEST);
        assert_eq!(places(&straight), places(&groove), "every stroke stays");
        assert_eq!((straight.qpm, straight.steps.len()), (93.0, steps));
        assert_ne!(straight, groove);
        assert_eq!(
            straight,
            human(Decoding {
                seed: 9,
                ..LIKELIEST
            })
        );
        // How it is played is drawn: more than one way, and the same one again.
        assert_eq!(places(&human(warm(1))), places(&groove));
        assert_eq!(human(warm(1)), human(warm(1)));
        assert_ne!(human(warm(1)), human(warm(2)));

        for how in [LIKELIEST, warm(3)] {
            let mut drum = |groove| {
                stage
                    .rework(&drummer, Rework::Drumify, groove, how)
                    .unwrap()
            };
            // Something is struck at each tap, and nothing elsewhere.
            let sounds = |groove: &Groove| -> Vec<bool> {
                let steps = places(groove).into_iter();
                steps.map(|step| step.contains(&true)).collect()
            };
            let drummed = drum(&groove);
            assert_eq!(sounds(&drummed), sounds(&groove));
            // What is likeliest is struck more readily than step by step; what is drawn is the same up to the
            // first tap that was silent.
            let by_step = played(&drums, &groove, how, true);
            if how.temperature > 0.0 {
                let pairs = sounds(&by_step).into_iter().zip(sounds(&groove));
                let same = pairs
                    .take_while(|(struck, tapped)| struck == tapped)
                    .count();
                assert_eq!(drummed.steps[..same], by_step.steps[..same]);
            } else {
                assert!(drummed.hits().count() >= by_step.hits().count());
            }
            assert_eq!(
                drum(&groove),
                drum(&groove.tapped()),
                "nothing but taps is heard"
            );

            let hatted = stage
                .rework(&hatter, Rework::AddHats, &groove, how)
                .unwrap();
            let lane = [Lane::ClosedHat];
            assert_eq!(hatted.without_lanes(&lane), groove.without_lanes(&lane));
            let expected = played(&hats, &groove, how, false);
            // Nowhere beside an open hat, which stays.
            let is_open = |step: &usize| groove.hit(*step, Lane::OpenHat).is_some();
            let both = |step: usize| hatted.hit(step, Lane::ClosedHat).is_some();
            assert!(!(0..steps).filter(is_open).any(both));
            let closed = |played: &Groove| -> Vec<_> {
                (0..steps)
                    .filter(|step| !is_open(step))
                    .map(|step| played.hit(step, Lane::ClosedHat))
                    .collect()
            };
            if how.temperature > 0.0 {
                assert_eq!(closed(&hatted), closed(&expected));
            } else {
                let count = |groove| closed(groove).into_iter().flatten().count();
                assert!(count(&hatted) >= count(&expected));
            }
        }
    }

    // What does not do it says so, and a checkpoint that was written anew is read anew.
    let groove = groove(32);
    let before = stage
        .rework(&humanizer, Rework::Humanize, &groove, LIKELIEST)
        .unwrap();
    let refused = stage
        .rework(&plain, Rework::Humanize, &groove, LIKELIEST)
        .unwrap_err();
    assert!(refused.contains("groovae_4bar"), "{refused}");
    let lost = Source::File(folder.join("lost.safetensors"));
    let refused = stage
        .rework(&lost, Rework::Humanize, &groove, LIKELIEST)
        .unwrap_err();
    assert!(refused.contains("lost.safetensors"), "{refused}");
    save(folder, "hum", Rework::Humanize.preset(), 8);
    let after = stage
        .rework(&humanizer, Rework::Humanize, &groove, LIKELIEST)
        .unwrap();
    assert_ne!(before, after);
    assert_eq!(places(&after), places(&groove));
    stage.workers.close();
}

/// The built-in model has its qualities with it, and one from a folder says how it gets some.
#[test]
fn a_checkpoint_comes_with_what_it_can_be_steered_by() {
    let folder = tempfile::TempDir::new().unwrap();
    let (plain, _) = save(folder.path(), "plain", "groovae_4bar", 4);
    let mut stage = Stage::over(folder.path());
    let mut load = |source: &Source| {
        stage
            .workers
            .perform(Effect::LoadCheckpoint(source.clone()));
        let loaded =
            stage.wait(|event| matches!(event, Event::Loaded(_) | Event::LoadFailed { .. }));
        let Event::Loaded(info) = loaded else {
            panic!("{loaded:?}")
        };
        info.qualities
    };
    let qualities = load(&musicvae_tui::embedded::first()).unwrap();
    let density = qualities
        .iter()
        .find(|quality| quality.name == "density")
        .unwrap();
    assert!(!density.style && density.vector.len() == 256);
    let funk = qualities
        .iter()
        .find(|quality| quality.name == "funk")
        .unwrap();
    assert!(funk.style);

    let reason = load(&plain).unwrap_err();
    assert!(reason.contains("musicvae-tui attributes make"), "{reason}");
    assert!(reason.contains("plain.safetensors --data"), "{reason}");
    // Vectors of other weights are of no use, and no reason to refuse the model.
    let beside = folder.path().join("plain.attributes.json");
    let own = r#"{"version":1,"preset":"groovae_4bar","fingerprint":"00000000","program":"","command":"","attributes":[]}"#;
    std::fs::write(beside, own).unwrap();
    let reason = load(&plain).unwrap_err();
    assert!(reason.contains("00000000"), "{reason}");
    stage.workers.close();
}
