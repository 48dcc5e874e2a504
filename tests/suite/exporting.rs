//! What is heard as files: MIDI of several layouts, the mix, and a file a lane.

use std::path::Path;

use musicvae::music::midi_file::Layout;
use musicvae::music::{Groove, Hit, Lane};
use musicvae_tui::engine::render::{Heard, Score, Sound};
use musicvae_tui::engine::{ChainLink, Command, Song, SoundFont, SoundFontSource};
use musicvae_tui::studio::{Effect, Event, Overlay, Paper, export};

use super::workbench::{Workbench, engine};

const RATE: u32 = 16_000;

/// Two bars: kicks and snares, and an open hat that a closed one damps. One hit is early for its beat 1.
fn song() -> Song {
    let mut groove = Groove::empty(32);
    for (lane, step, offset) in [
        (Lane::Kick, 0, 0.25),
        (Lane::Snare, 4, 0.0),
        (Lane::OpenHat, 8, 0.0),
        (Lane::ClosedHat, 9, 0.0),
        (Lane::Ride, 16, 0.0),
    ] {
        groove.steps[step][lane.index()] = Some(Hit::new(0.3, offset));
    }
    let mut levels = [1.0; 9];
    levels[Lane::Snare.index()] = 0.5;
    levels[Lane::Ride.index()] = 0.0;
    Song {
        links: vec![ChainLink {
            repeats: 2,
            ..ChainLink::once(groove)
        }],
        levels,
        ..Song::once(Groove::empty(0))
    }
}

fn rendered(score: &Score, heard: Heard) -> Sound {
    let font = SoundFont::load(&SoundFontSource::Embedded).unwrap();
    let mut shares = Vec::new();
    let mut frames = Vec::new();
    let rendered = score.render(&font, heard, &mut |more, share| {
        // However long it is, a little at a time.
        assert!(more.len() < 40_000);
        frames.extend_from_slice(more);
        shares.push(share);
        Ok(())
    });
    rendered.unwrap();
    assert!(shares.is_sorted() && shares.iter().all(|share| (0.0..=1.0).contains(share)));
    assert!(shares.len() > 4);
    let rate = RATE;
    Sound { frames, rate }
}

fn loudest(sound: &Sound, from: f64, to: f64) -> f32 {
    let frame = |seconds: f64| (seconds * f64::from(RATE)) as usize;
    let frames = &sound.frames[frame(from)..frame(to)];
    frames
        .iter()
        .flatten()
        .fold(0.0, |peak, s| peak.max(s.abs()))
}

#[test]
fn a_seed_of_chances_is_chosen_and_a_file_has_the_strokes_that_it_says() {
    let mut bench = Workbench::ready();
    bench.press("ctrl-a delete esc home | 1 e");
    bench.press("5 0 % enter esc");
    bench.take();
    bench.press(": c h a n c e - s e e d space 7 enter");
    assert!(bench.take().contains(&engine(Command::SetChanceSeed(7))));
    bench.press("e");
    let Some(Effect::Export { song, about, .. }) = bench.take().pop() else {
        panic!("nothing is exported");
    };
    assert!(about.contains("chance seed 7"), "{about}");
    let played = |seed| {
        let song = Song {
            chance_seed: seed,
            ..(*song).clone()
        };
        song.midi(Layout::Drums).unwrap().bytes
    };
    assert_eq!(played(7), song.midi(Layout::Drums).unwrap().bytes);
    assert_ne!(played(7), played(8));
    // It is there again with the session.
    assert_eq!(bench.studio.ground.sound.chance_seed, 7);
}

#[test]
fn lanes_add_up_to_the_mix_and_the_hat_is_damped() {
    let mut score = Score::of_song(&song(), RATE);
    score.tail = Some(0.5);
    let lanes = [Lane::Kick, Lane::Snare, Lane::ClosedHat, Lane::OpenHat];
    assert_eq!(score.lanes(), lanes, "the ride is not heard");
    let mix = rendered(&score, Heard::All);
    // Four bars of two seconds and the tail.
    assert_eq!(mix.frames.len(), 8 * 16_000 + 8_000);
    let stems = lanes.map(|lane| rendered(&score, Heard::Lane(lane)));
    for (frame, mixed) in mix.frames.iter().enumerate() {
        for (side, mixed) in mixed.iter().enumerate() {
            let sum: f32 = stems.iter().map(|stem| stem.frames[frame][side]).sum();
            assert!((sum - mixed).abs() < 1e-4, "{frame}");
        }
    }
    // A step is an eighth of a second: the open hat rings from 1.0 until the closed one at 1.125.
    let open = &stems[3];
    assert!(loudest(open, 1.0, 1.1) > 10.0 * loudest(open, 1.2, 1.9));
    // What is early for the first beat is not lost.
    assert!(loudest(&stems[0], 0.0, 0.05) > 0.01);
    // Without an end of its own it rings until it is silent.
    score.tail = None;
    let length = rendered(&score, Heard::All).frames.len();
    assert!((8 * 16_000..18 * 16_000).contains(&length));
    score.tail = Some(0.0);
    assert_eq!(rendered(&score, Heard::All).frames.len(), 8 * 16_000);
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn sound_files_are_written_beside_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let font = SoundFontSource::Embedded;
    let write = |by_lane, kit| {
        let place = (folder.path(), "beat");
        export::render(&song(), (&font, kit), by_lane, place, &mut |_| true).unwrap()
    };
    const ANALOG: u8 = 25;
    for (by_lane, kit) in [(false, 0), (true, 0), (true, 0), (false, ANALOG)] {
        let file = write(by_lane, kit);
        assert!(file.path.is_absolute() && file.path.exists());
    }
    let all = ["beat-2.wav", "beat-lanes", "beat-lanes-2", "beat.wav"];
    assert_eq!(names(folder.path()), all);
    let [studio, analog] = [all[3], all[0]].map(|name| std::fs::read(folder.path().join(name)));
    assert_ne!(
        studio.unwrap(),
        analog.unwrap(),
        "the kit that was chosen plays"
    );
    let lanes = ["closed-hat.wav", "kick.wav", "open-hat.wav", "snare.wav"];
    assert_eq!(names(&folder.path().join("beat-lanes")), lanes);
    // Of what is given up halfway nothing stays.
    for by_lane in [false, true] {
        let place = (folder.path(), "beat");
        let halfway = &mut |share| share < 0.5;
        let stopped = export::render(&song(), (&font, 0), by_lane, place, halfway);
        assert!(format!("{:#}", stopped.unwrap_err()).ends_with("it was stopped"));
        assert_eq!(names(folder.path()), all);
    }
}

#[test]
fn what_is_exported_is_chosen_from_a_list() {
    // Keys, the layout of a MIDI file, or whether there is a sound file a lane.
    let table = [
        ("e", Ok(Layout::Drums)),
        ("ctrl-p enter", Ok(Layout::Drums)),
        ("ctrl-p down enter", Ok(Layout::OneTrack)),
        ("ctrl-p down down enter", Ok(Layout::Lanes)),
        ("ctrl-p down down down enter", Err(false)),
        ("ctrl-p down down down down down enter", Err(true)),
    ];
    for (keys, wanted) in table {
        let mut bench = Workbench::ready();
        bench.take();
        bench.press(keys);
        let [
            Effect::Export {
                paper, name, song, ..
            },
        ] = &bench.take()[..]
        else {
            panic!("{keys}: one file is asked for")
        };
        assert_eq!((name.as_str(), song.bars()), ("groove-seed-1", 4));
        match (paper, wanted) {
            (Paper::Midi(layout, _), Ok(wanted)) => assert_eq!(*layout, wanted),
            (Paper::Sound { by_lane, kit, .. }, Err(wanted)) => {
                assert_eq!((*by_lane, *kit), (wanted, 0));
            }
            other => panic!("{keys}: {other:?}"),
        }
    }
    let mut bench = Workbench::ready();
    bench.press("ctrl-p down down down enter");
    let shows = |bench: &Workbench, text: &str| {
        let lines = bench.screen(80, 24);
        assert!(lines.iter().any(|line| line.contains(text)), "{lines:#?}");
    };
    shows(&bench, "0 %");
    bench.receive(Event::Rendering(0.5));
    shows(&bench, "50 %");
    shows(&bench, "██████");
    bench.press("enter");
    assert_eq!(
        bench.said(),
        "Another file is still being written: wait a moment, or stop it (e, then Delete)."
    );
    let file = export::Written {
        path: "/g/beat.wav".into(),
        clamped: 0,
        silent: 0,
    };
    let about = "4 bars at 120.0".to_string();
    bench.receive(Event::Rendered(Ok((file, about))));
    assert_eq!(bench.said(), "Exported to /g/beat.wav: 4 bars at 120.0.");
    shows(&bench, "Enter writes it into");
    bench.press("delete");
    assert_eq!(bench.said(), "No sound is being written.");
    bench.press("enter");
    bench.take();
    bench.press("delete");
    assert_eq!(bench.take(), [Effect::StopRendering]);
    bench.receive(Event::Rendered(Err("/g/beat.wav: it was stopped".into())));
    assert_eq!(bench.said(), "The export was stopped: nothing was written.");
    // Leaving would give it up too: that is asked.
    bench.press("enter esc q");
    shows(&bench, "Give up the file, and leave?");
    bench.press("n");
    bench.receive(Event::Rendered(Err("/g: can't be made".into())));
    assert_eq!(bench.said(), "/g: can't be made.");
    assert_eq!(bench.studio.ground.screen.overlay, None::<Overlay>);
}
