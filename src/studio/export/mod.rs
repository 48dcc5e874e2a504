//! Writing what is heard to a MIDI file or to sound files: the groove, or the chain as a song, with the
//! tempo, the swing, the amounts, the bars that go round, the levels and mutes and the drum map or
//! SoundFont that it is played with. (A slot keeps a groove as it stands on the grid, and none of
//! these.) It uses the ground only.

mod files;
mod song;

use serde::{Deserialize, Serialize};

pub use files::{Written, render, write};
use song::{common, filled_bars, heard, nothing_heard, passes, playing_lanes};

use super::ground::{Effect, Filled, Ground, Overlay, Paper, counted, in_words};
use crate::engine::range::{DYNAMICS, SWING, TIMING};
use crate::engine::{ChainLink, DrumMap, Motion, Song};
use musicvae::music::midi_file::Layout;
use musicvae::music::{Groove, LANES, Lane};

/// Most passes that are written at once.
const MOST_PASSES: u32 = 64;

/// What a player can do with files of grooves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Writes what is heard to a MIDI file: one pass, as it is played from the top.
    Export,
    /// As many passes as it takes until the conditions of all steps come round.
    ExportPasses,
    /// What else can be written of it.
    ShowExports,
    /// Gives up the sound that is being written.
    StopExport,
}

/// What can be written of what is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Midi(Layout),
    /// Sound, all lanes together.
    Mix,
    /// Sound, a file a lane.
    Stems,
}

impl Form {
    /// In the order of the list on screen.
    pub const ALL: [Form; 5] = [
        Form::Midi(Layout::Drums),
        Form::Midi(Layout::OneTrack),
        Form::Midi(Layout::Lanes),
        Form::Mix,
        Form::Stems,
    ];

    pub fn words(self) -> &'static str {
        match self {
            Form::Midi(Layout::Drums) => "MIDI file, drums in one track (type 1)",
            Form::Midi(Layout::OneTrack) => "MIDI file, everything in one track (type 0)",
            Form::Midi(Layout::Lanes) => "MIDI file, a track a lane (type 1)",
            Form::Mix => "WAV file, the mix (24 bits, 44,100 Hz)",
            Form::Stems => "WAV files, one a lane",
        }
    }
}

/// The files that are being written.
#[derive(Debug, Default)]
pub struct Export {
    /// How far the sound is rendered, 0 to 1; `None` while none is.
    pub share: Option<f32>,
    /// It is to be given up.
    stopping: bool,
    /// What waits for its fills.
    waiting: Option<(Form, Song)>,
}

impl Export {
    /// The reason against `action` in one sentence, or `None` when it can be done.
    pub fn reason_against(&self, action: &Action, ground: &Ground) -> Option<String> {
        match action {
            Action::ShowExports => None,
            Action::Export | Action::ExportPasses => nothing_heard(ground),
            Action::StopExport => {
                (self.share.is_none()).then(|| "No sound is being written.".into())
            }
        }
    }

    /// Returns the fills that a file waits for. `motions` are what moves meanwhile.
    pub fn apply(
        &mut self,
        action: Action,
        motions: Vec<Motion>,
        map: &DrumMap,
        ground: &mut Ground,
    ) -> Vec<Filled> {
        match action {
            Action::ShowExports => ground.screen.overlay = Some(Overlay::Exports { selected: 0 }),
            Action::Export => {
                let song = heard(motions, ground);
                return self.write(Form::Midi(Layout::Drums), song, map, ground);
            }
            Action::ExportPasses => {
                let mut song = heard(motions, ground);
                if let (None, [only]) = (&ground.chain, &mut song.links[..]) {
                    let passes = common(only.repeats, passes(&only.groove, &song.lane_steps));
                    only.repeats = passes.min(MOST_PASSES);
                }
                return self.write(Form::Midi(Layout::Drums), song, map, ground);
            }
            Action::StopExport => {
                self.stopping = true;
                ground.ask(Effect::StopRendering);
            }
        }
        Vec::new()
    }

    /// Writes what is under the cursor of the list. Returns the fills that it waits for.
    pub fn write_selected(
        &mut self,
        motions: Vec<Motion>,
        map: &DrumMap,
        ground: &mut Ground,
    ) -> Vec<Filled> {
        let Some(Overlay::Exports { selected }) = ground.screen.overlay else {
            return Vec::new();
        };
        match nothing_heard(ground) {
            Some(reason) => {
                ground.complain(reason);
                Vec::new()
            }
            None => {
                let form = Form::ALL[selected.min(Form::ALL.len() - 1)];
                self.write(form, heard(motions, ground), map, ground)
            }
        }
    }

    /// Writes a song, at once or when the fills are there that it returns.
    fn write(&mut self, form: Form, song: Song, map: &DrumMap, ground: &mut Ground) -> Vec<Filled> {
        let is_sound = !matches!(form, Form::Midi(_));
        if self.waiting.is_some() || is_sound && self.share.is_some() {
            ground.complain(
                "Another file is still being written: wait a moment, or stop it (e, then Delete).",
            );
            return Vec::new();
        }
        let wanted = filled_bars(&song, ground);
        self.waiting = Some((form, song));
        if wanted.is_empty() {
            self.go_on(Vec::new(), map, ground);
        }
        wanted
    }

    /// The fills are there that a file waits for.
    pub fn go_on(&mut self, fills: Vec<(i64, Groove)>, map: &DrumMap, ground: &mut Ground) {
        if let Some((form, mut song)) = self.waiting.take() {
            song.fills = fills;
            if !matches!(form, Form::Midi(_)) {
                self.share = Some(0.0);
            }
            write_as(form, song, map, ground);
        }
    }

    /// The model can't play what a file waits for.
    pub fn give_up(&mut self) {
        self.waiting = None;
    }

    /// Says where the sound is, or what went wrong; nothing is rendered any more.
    pub fn receive(&mut self, written: Result<(Written, String), String>, ground: &mut Ground) {
        self.share = None;
        match (written, std::mem::take(&mut self.stopping)) {
            (Ok((file, about)), _) => receive(&file, &about, ground),
            (Err(_), true) => ground.say("The export was stopped: nothing was written."),
            (Err(reason), false) => ground.complain(format!("{reason}.")),
        }
    }
}

fn write_as(form: Form, song: Song, map: &DrumMap, ground: &mut Ground) {
    let name = match ground.chain {
        Some(_) => "song".into(),
        None => format!("groove-{}", ground.groove_name().replace([' ', '/'], "-")),
    };
    let (about, paper) = match form {
        Form::Midi(layout) => (
            in_a_sentence(&song, Some(map)),
            Paper::Midi(layout, Box::new(map.clone())),
        ),
        Form::Mix | Form::Stems => (
            in_a_sentence(&song, None),
            Paper::Sound {
                font: ground.soundfont.clone(),
                kit: ground.kit,
                by_lane: form == Form::Stems,
            },
        ),
    };
    ground.ask(Effect::Export {
        about,
        song: Box::new(song),
        paper,
        folder: ground.config.export.place(),
        name,
    });
}

/// What a file of the song holds: `4 bars at 120.0, swing 58 %, without the muted Kick`. `map` is that
/// of a MIDI file.
fn in_a_sentence(song: &Song, map: Option<&DrumMap>) -> String {
    let bars = counted(song.bars(), "bar", "bars");
    let tempos = song.links.iter().map(|link| link.tempo.unwrap_or(song.qpm));
    let slowest = tempos.clone().fold(f64::INFINITY, f64::min);
    let fastest = tempos.fold(0.0, f64::max);
    let mut words = match slowest < fastest {
        true => format!("{bars} at {slowest:.1} to {fastest:.1}"),
        false => format!("{bars} at {fastest:.1}"),
    };
    let ends = |link: &&ChainLink| link.ending.is_some();
    let fills = song.fills.len() + song.links.iter().filter(ends).count();
    if fills > 0 {
        words += &format!(", {}", counted(fills, "fill", "fills"));
    }
    for (name, amount, plain) in [
        ("swing", song.swing, SWING.default),
        ("timing", song.timing, TIMING.default),
        ("dynamics", song.dynamics, DYNAMICS.default),
    ] {
        if amount != plain {
            words += &format!(", {name} {:.0} %", amount * 100.0);
        }
    }
    let grooves = song.links.iter().map(|link| (&link.groove, [false; LANES]));
    let playing = playing_lanes(grooves);
    let level = |lane: &&Lane| song.levels[lane.index()];
    if map.is_some()
        && playing
            .iter()
            .any(|lane| ![0.0, 1.0].contains(&level(&lane)))
    {
        words += ", levels in the velocities";
    }
    if let Some(map) = map.filter(|map| **map != DrumMap::general_midi()) {
        words += &format!(", for {}", map.name);
    }
    if map.is_some() && !song.motions.is_empty() {
        words += ", the movement of the slider as controllers";
    }
    for (lane, steps) in Lane::ALL.into_iter().zip(song.lane_steps) {
        if let Some(steps) = steps.filter(|_| playing.contains(&lane)) {
            words += &format!(", {} every {steps} steps", lane.short_name());
        }
    }
    let mut strokes = song.links.iter().flat_map(|link| link.groove.hits());
    if strokes.any(|(.., hit)| hit.trig.chance < 100) {
        words += &format!(", chance seed {}", song.chance_seed);
    }
    let muted = in_words(playing.iter().filter(|lane| level(lane) == 0.0).copied());
    if !muted.is_empty() {
        words += &format!(", without the muted {muted}");
    }
    words
}

/// Says where the file is, what it holds, and what it has not.
pub fn receive(file: &Written, about: &str, ground: &mut Ground) {
    let mut said = format!("Exported to {}: {about}", file.path.display());
    if file.clamped > 0 {
        let hits = counted(file.clamped, "hit was", "hits were");
        said += &format!("; {hits} moved onto beat 1, because a file can't begin earlier");
    }
    if file.silent > 0 {
        let hits = counted(file.silent, "hit was", "hits were");
        said += &format!("; {hits} left out, because the machine has no voice for them");
    }
    ground.say(said + ".");
}
