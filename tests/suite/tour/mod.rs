//! Pictures of every pane and of what opens over them, in `docs/tour`, drawn from what the terminal
//! is given. `make tour` draws them anew.

#[cfg(target_os = "linux")]
mod film;
mod svg;

use std::fs;
use std::path::Path;

use musicvae::music::{Groove, Hit, midi_file};
use musicvae_tui::studio::bring::{self, FileEntry};
use musicvae_tui::studio::checkpoints;
use musicvae_tui::studio::{
    AudioState, Details, Effect, Entry, Event, Kind, MidiState, Overlay, Pane, Split, TrainingEvent,
};
use musicvae_tui::tui::{Palette, Theme};

use super::workbench::{Workbench, entry, record};

/// What `make tour` sets.
const DRAW: &str = "MUSICVAE_TUI_TOUR";
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];
const THEMES: [(&str, Palette); 2] = [("dark", Palette::DARK), ("light", Palette::LIGHT)];

/// A workstation that plays, with a run's curves and some checkpoints.
fn playing() -> Workbench {
    let mut bench = Workbench::ready();
    let listed = |name: &str, loss: f64, about: &str| Entry {
        validation_loss: Some(loss),
        details: Details {
            about: about.into(),
            data: "my-midi".into(),
            size: 12_400_000,
        },
        ..entry(name)
    };
    let samples = "Samples, reads and morphs 4 bars of drums.";
    bench.receive(Event::Catalogue(
        vec![
            listed("fake", 46.2, samples),
            listed("mine/best", 51.9, samples),
            listed("mine/latest", 52.4, samples),
            listed(
                "humanize",
                12.1,
                "Humanizes: adds a drummer's dynamics and timing.",
            ),
        ],
        vec![],
    ));
    let source = entry("fake").source;
    let losses = (0..40)
        .map(|it| 46.0 + 60.0 / (1.0 + f64::from(it)))
        .collect();
    bench.receive(Event::StoryRead(source, losses));
    for step in 0..120 {
        let curve = |level: f64| level + 90.0 / (1.0 + step as f64 / 12.0);
        let train = record(step * 10, Split::Train, curve(44.0));
        bench.receive(Event::Training(TrainingEvent::Record(train)));
        if step % 8 == 0 {
            let check = record(step * 10, Split::Validation, curve(48.0));
            bench.receive(Event::Training(TrainingEvent::Record(check)));
        }
    }
    let mut status = bench.studio.ground.transport.clone();
    status.playing = true;
    status.position.step = 21.0;
    status.position.bar = 1;
    status.position.beat = 1;
    status.position.tick = 240;
    status.audio = AudioState::On {
        device: "Speakers".into(),
        rate: 48_000,
        channels: 2,
        asked: Some(512),
        buffer: 512,
        latency_ms: 10.7,
    };
    status.midi = MidiState::On {
        port: "TR-8S".into(),
    };
    status.kit = "built-in kit".into();
    status.lane_levels = [0.8, 0.5, 0.2, 0.0, 0.0, 0.0, 0.1, 0.0, 0.3];
    status.master_level = [0.7, 0.6];
    bench.receive(Event::Transport(status));
    // Half way between A and B.
    bench.press("] ] ] ] ] ] ] ] ] ]");
    // What lies between them is asked for once they have settled.
    for ms in [100, 400] {
        bench.receive(Event::Tick(std::time::Duration::from_millis(ms)));
    }
    bench.take();
    bench
}

/// A file of ten bars.
fn song(folder: &Path) -> std::path::PathBuf {
    let mut groove = Groove::empty(160);
    for step in (0..160).step_by(2) {
        let lane = if step % 8 == 0 { 0 } else { 2 };
        let hit = Hit::new(0.4 + (step % 48) as f32 / 100.0, 0.0);
        groove.steps[step][lane] = Some(hit);
    }
    let path = folder.join("song.mid");
    fs::write(
        &path,
        midi_file::encode(&groove.to_note_sequence()).unwrap().bytes,
    )
    .unwrap();
    path
}

/// Every picture: its heading, and the workstation as it shows it.
fn pictures() -> Vec<(&'static str, Workbench)> {
    let mut all: Vec<(&'static str, Workbench)> = Vec::new();
    let mut add = |heading, keys: &str, more: &dyn Fn(&mut Workbench)| {
        let mut bench = playing();
        bench.press(keys);
        more(&mut bench);
        all.push((heading, bench));
    };
    let nothing = |_: &mut Workbench| {};
    add("All panes", "", &nothing);
    add("1 Groove, on the whole screen", "1 _", &nothing);
    add("2 Latent, on the whole screen", "2 _", &nothing);
    add("3 Training, on the whole screen", "3 _", &nothing);
    add("4 Checkpoints, on the whole screen", "4 _", &nothing);
    add("? the help", "?", &nothing);
    add(": the palette", ":", &nothing);
    add(
        ":bpm 97, a command with its value",
        ": b p m space 9 7",
        &nothing,
    );
    add("5 messages", "5", &nothing);
    add("g a question", "g", &nothing);
    add("p a choice", "p", &|bench| {
        bench.receive(Event::Listed {
            kind: Kind::MidiPort,
            items: vec!["TR-8S".into(), "Volca Beats".into()],
            note: String::new(),
        });
    });
    add("F9 the mixer and the devices", "f9", &nothing);
    add("E the drum map", "E", &nothing);
    add("B bindings of MIDI controls", "B", &nothing);
    add(
        "C slots and their chain, a song",
        "C s down s c 1 x 4 space 2 @ 9 7 - h a t s enter x",
        &nothing,
    );
    add("& variations", "& right right right down down", &nothing);
    add("A qualities", "A", &nothing);
    add("F12 the pad", "f12", &nothing);
    add(
        "F12 the pad, with all four corners",
        "f12 c s d down down down right right",
        &nothing,
    );
    add("m runs that wait, in 3 Training", "3 m", &nothing);
    add("Ctrl-L the library", "", &|bench| {
        let folder = tempfile::tempdir().unwrap();
        let mut kept = Workbench::over(folder.path());
        kept.press("s s s ctrl-l");
        bench.studio.library = kept.studio.library;
        bench.studio.ground.screen.overlay = Some(Overlay::Library { searching: false });
    });
    add("Ctrl-O files", "ctrl-o", &|bench| {
        let files = [("fills", true), ("funk.mid", false), ("song.mid", false)];
        let mut listing = bring::Listing::of(Path::new("."));
        listing.folder = bench.studio.bring.browser.folder.clone();
        listing.problem = None;
        let entry = |(name, is_folder): (&str, bool)| FileEntry {
            name: name.into(),
            is_folder,
        };
        listing.entries = files.map(entry).to_vec();
        bench.receive(Event::Files(listing));
        bench.studio.bring.browser.folder = "/home/you/midi".into();
    });
    add("A file of more bars", "", &|bench| {
        let folder = tempfile::tempdir().unwrap();
        bench.apply(bring::Action::Bring(vec![song(folder.path())]));
        bench.press("right right right");
    });
    add("r a training run", "r", &|bench| {
        for effect in bench.take() {
            if let Effect::Look(named, path) = effect {
                let found = Ok("looked at as it is typed".to_string());
                bench.receive(Event::Seen(named, path, found));
            }
        }
    });
    add("After a run", "", &|bench| {
        bench.studio.ground.screen.overlay = Some(Overlay::RunEnded);
    });
    add("q while a model is in training", "", &|bench| {
        bench.studio.ground.screen.overlay = Some(Overlay::ConfirmQuit);
    });
    add(
        "v the model in training, as it is now",
        "3 r / a enter",
        &|bench| {
            for step in [500, 1000, 1500] {
                let mut groove = bench.studio.groove().clone();
                groove.steps[step as usize % 64] = groove.steps[0];
                bench.receive(Event::Rehearsed(Ok((step, groove))));
            }
            bench.press("v up");
        },
    );
    add("A checkpoint's order", "4 z", &|bench| {
        bench.apply(checkpoints::Action::SelectCheckpoint(1));
        assert_eq!(bench.studio.ground.screen.pane, Pane::Checkpoints);
    });
    all
}

#[test]
fn the_tour_is_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tour");
    let pictures = pictures();
    let mut old = Vec::new();
    for ((width, height), (name, palette)) in SIZES
        .into_iter()
        .flat_map(|size| THEMES.into_iter().map(move |theme| (size, theme)))
    {
        let theme = Theme {
            color: true,
            ascii: false,
            palette,
        };
        let screens = pictures
            .iter()
            .map(|(heading, bench)| (*heading, bench.buffer(width, height, theme)));
        let sheet = svg::sheet(&screens.collect::<Vec<_>>(), palette);
        let path = folder.join(format!("{width}x{height}-{name}.svg"));
        if std::env::var_os(DRAW).is_some() {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&path, &sheet).unwrap();
        } else if fs::read_to_string(&path).ok().as_ref() != Some(&sheet) {
            old.push(path);
        }
    }
    assert!(old.is_empty(), "`make tour` draws anew: {old:?}");
}
