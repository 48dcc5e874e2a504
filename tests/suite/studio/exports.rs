//! What is exported and kept of what is heard.

use musicvae::music::Lane;
use musicvae_tui::engine::Song;
use musicvae_tui::studio::{
    Bars, DrumMap, Effect, End, Event, Paper, chain, edit, export, morph, playing,
};

use crate::workbench::{Workbench, fake_decode};

/// What the studio has exported: the song, the drum map's name, the file's, and what is said of it.
fn exported(bench: &mut Workbench) -> (Song, String, String, String) {
    bench.take();
    bench.apply(export::Action::Export);
    let effects = bench.take();
    match effects.into_iter().next() {
        Some(Effect::Export {
            song,
            paper: Paper::Midi(_, map),
            name,
            about,
            ..
        }) => (*song, map.name, name, about),
        other => panic!("{other:?}: {}", bench.said()),
    }
}

#[test]
fn what_is_not_heard_is_not_exported() {
    let mut bench = Workbench::ready();
    bench.apply(playing::Action::ToggleMute); // the kick
    bench.apply(edit::Action::MoveCursor { lanes: 5, steps: 0 });
    bench.apply(playing::Action::ToggleMute); // a tom that does not play
    let (song, _, _, about) = exported(&mut bench);
    assert_eq!(song.levels[Lane::Kick.index()], 0.0);
    assert_eq!(song.levels[Lane::Snare.index()], 1.0);
    assert_eq!(about, "4 bars at 120.0, without the muted Kick");
    bench.receive(Event::Exported {
        file: export::Written {
            path: "/g/groove.mid".into(),
            clamped: 1,
            silent: 2,
        },
        about,
    });
    assert_eq!(
        bench.said(),
        "Exported to /g/groove.mid: 4 bars at 120.0, without the muted Kick; 1 hit was \
         moved onto beat 1, because a file can't begin earlier; 2 hits were left out, because the machine \
         has no voice for them."
    );
    bench.apply(playing::Action::ToggleSolo); // only the tom is heard now
    bench.apply(playing::Action::ToggleMute);
    bench.apply(export::Action::Export);
    assert_eq!(bench.said(), "Every lane that plays is muted.");
    assert_eq!(
        bench
            .take()
            .iter()
            .find(|it| matches!(it, Effect::Export { .. })),
        None
    );
}

#[test]
fn what_is_exported_is_what_is_heard() {
    let mut bench = Workbench::ready();
    for action in [
        playing::Action::SetTempo(96.0),
        playing::Action::SetSwing(0.58),
        playing::Action::SetTiming(0.5),
        playing::Action::SetDynamics(1.5),
        playing::Action::SetLaneLevel(Lane::Snare, 0.5),
        playing::Action::SetLoop(Some(Bars { first: 1, count: 2 })),
    ] {
        bench.apply(action);
    }
    let mut map = DrumMap::general_midi();
    map.name = "TR-8S".into();
    bench.receive(Event::MapOpened(map));
    let (song, map, name, about) = exported(&mut bench);
    assert_eq!(
        about,
        "2 bars at 96.0, swing 58 %, timing 50 %, dynamics 150 %, levels in the velocities, for \
         TR-8S"
    );
    assert_eq!((map.as_str(), name.as_str()), ("TR-8S", "groove-seed-1"));
    assert_eq!((song.qpm, song.swing), (96.0, 0.58));
    assert_eq!((song.timing, song.dynamics), (0.5, 1.5));
    assert_eq!(song.levels[Lane::Snare.index()], 0.5);
    assert_eq!(song.looped, Some(Bars { first: 1, count: 2 }));
    assert_eq!(song.links[0].groove.steps, bench.studio.groove().steps);

    // The whole chain, while it is on; the slot keeps the two bars that went round.
    bench.apply(chain::Action::ShowChain);
    bench.apply(chain::Action::StoreSlot);
    bench.apply(chain::Action::SetChain(chain::parse("1x3").unwrap()));
    bench.apply(chain::Action::ToggleChain);
    let (song, _, name, about) = exported(&mut bench);
    assert!(about.starts_with("6 bars at 96.0, swing 58 %"), "{about}");
    assert_eq!((name.as_str(), song.looped), ("song", None));
    assert_eq!(song.links[0].repeats, 3);
    assert_eq!(song.links[0].groove.steps.len(), 32);
}

#[test]
fn keeping_says_what_of_the_groove_is_not_kept() {
    let mut bench = Workbench::ready();
    bench.apply(morph::Action::Keep(End::B));
    assert_eq!(bench.said(), "B is now seed 1.");
    bench.apply(playing::Action::ToggleLock);
    bench.apply(morph::Action::Sample);
    bench.apply(morph::Action::Keep(End::A));
    assert_eq!(
        bench.said(),
        "A is now seed 3 as the model plays it, without the locked Kick."
    );
    let preview = bench.studio.ground.scene.a.preview.clone();
    assert_eq!(
        preview,
        Some(fake_decode(&bench.studio.ground.scene.a.z[0], 0.5))
    );
}
