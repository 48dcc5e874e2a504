//! Opening a pattern from a file that is named, dropped, or found in the browser. The player chooses
//! a window of bars by ear, and it becomes the groove, an end of the slider or a slot. It uses the
//! ground only.

mod files;
mod piece;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use files::{Browser, FileEntry, Listing};
pub use piece::Piece;

use super::ground::{
    Change, Effect, End, Ground, Heard, Origin, Overlay, Purpose, SLOTS, Slot, Sound, unlearned,
};
use crate::engine::range::TEMPO;
use musicvae::music::{Grid, Groove};

/// What a player can do to bring a pattern in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    ShowFiles,
    /// Opens files or a folder that were named.
    Bring(Vec<PathBuf>),
    /// Goes into the selected folder, or opens the selected file.
    OpenFile,
    ParentFolder,
    /// Another window of the file.
    MoveWindow(isize),
    FirstWindow,
    LastWindow,
    /// Reads the file in triplets in place of sixteenths, or the other way round.
    OtherGrid,
    /// Has what runs go at the file's tempo.
    TakeTempo,
    /// Makes the window the groove that is played and edited.
    TakeWindow,
    /// And the whole of the file: of one that is too long, from the window on.
    TakeWhole,
    /// Makes the window the groove, and lets the model encode it as an end of the slider.
    TakeWindowAsEnd(End),
    /// Puts the window into a slot, from 0 on.
    TakeIntoSlot(usize),
    /// Puts the whole file into the library, window by window.
    TakeAll,
}

/// The file that is being opened.
#[derive(Debug, Default)]
pub struct Bring {
    pub browser: Browser,
    /// The file that was read last, and the window of it that is heard.
    pub piece: Option<Piece>,
    pub window: usize,
    /// Why the selected file can't be heard.
    pub problem: Option<String>,
    /// The file that is still being read.
    wanted: Option<PathBuf>,
    /// Whether it was found in the browser, to which closing it returns.
    from_browser: bool,
}

impl Bring {
    /// The reason against `action` in one sentence, or `None` when it can be done.
    pub fn reason_against(&self, action: &Action, ground: &Ground) -> Option<String> {
        match action {
            Action::Bring(paths) if paths.len() > 1 => ground.nothing_kept(),
            Action::ShowFiles | Action::Bring(_) | Action::ParentFolder => None,
            Action::TakeAll if self.piece.is_some() => ground.nothing_kept(),
            Action::OpenFile => {
                let nothing = self.browser.here().is_none() && self.browser.typed().is_none();
                nothing.then(|| "Nothing is selected.".into())
            }
            Action::TakeWindowAsEnd(_) if self.piece.is_some() => {
                let chosen = self.chosen();
                let unlearned = || chosen.and_then(|it| unlearned(&it.groove));
                ground.no_model().or_else(unlearned)
            }
            Action::TakeIntoSlot(slot) if *slot >= SLOTS => {
                Some(format!("There are {SLOTS} slots."))
            }
            _ => self.piece.is_none().then(|| "No file is open.".into()),
        }
    }

    pub fn apply(&mut self, action: Action, ground: &mut Ground) {
        match action {
            Action::ShowFiles => {
                let folder = match self.browser.folder.as_os_str().is_empty() {
                    true => PathBuf::from("."),
                    false => self.browser.folder.clone(),
                };
                self.enter(folder, ground);
            }
            Action::Bring(paths) => self.bring(paths, ground),
            Action::OpenFile => {
                if let Some(path) = self.browser.typed() {
                    return self.bring(vec![path], ground);
                }
                let Some((entry, path)) = self.browser.here() else {
                    return;
                };
                if entry.is_folder {
                    return self.enter(path, ground);
                }
                self.from_browser = true;
                match &self.piece {
                    Some(piece) if piece.path == path => self.open_piece(ground),
                    _ => self.read(path, Purpose::Open, ground),
                }
            }
            Action::ParentFolder => {
                let folder = self.browser.folder.clone();
                let parent = folder.parent();
                if let Some(parent) = parent.filter(|parent| !parent.as_os_str().is_empty()) {
                    self.enter(parent.into(), ground);
                }
            }
            Action::MoveWindow(by) => {
                self.listen_to(self.window.saturating_add_signed(by), ground);
            }
            Action::FirstWindow => self.listen_to(0, ground),
            Action::LastWindow => self.listen_to(usize::MAX, ground),
            Action::OtherGrid => {
                if let Some(piece) = self.piece.take() {
                    let grid = match piece.grid {
                        Grid::Sixteenths => Grid::Triplets,
                        Grid::Triplets => Grid::Sixteenths,
                    };
                    self.piece = Some(piece.on(grid));
                    self.listen_to(self.window, ground);
                    ground.say(format!("The file is read in {grid}."));
                }
            }
            Action::TakeTempo => {
                if let Some(tempo) = self.tempo() {
                    ground.set_tempo(tempo);
                    ground.say(format!("At its own tempo, {tempo:.1}."));
                }
            }
            Action::TakeWindow => self.take(self.chosen(), ground),
            Action::TakeWhole => {
                let from = self.window;
                let whole = self.piece.as_ref().map(|piece| piece.whole(from));
                self.take(whole, ground);
            }
            Action::TakeWindowAsEnd(end) => {
                self.take(self.chosen(), ground);
                ground.keep_as(end);
            }
            Action::TakeIntoSlot(slot) => self.take_into(slot, ground),
            // The library does this.
            Action::TakeAll => self.close(ground),
        }
    }

    /// Opens what was named: a file for its window to be chosen, a folder in the browser, several
    /// files for the library.
    fn bring(&mut self, paths: Vec<PathBuf>, ground: &mut Ground) {
        self.from_browser = false;
        match &paths[..] {
            [] => {}
            [file] => self.read(file.clone(), Purpose::Open, ground),
            _ => {
                let bars = window_bars(ground);
                let purpose = Purpose::Collect;
                ground.ask(Effect::ReadMusic {
                    paths,
                    bars,
                    purpose,
                });
            }
        }
    }

    fn enter(&mut self, folder: PathBuf, ground: &mut Ground) {
        ground.screen.overlay = Some(Overlay::Files);
        self.problem = None;
        self.browser.enter(folder.clone());
        let below = false;
        ground.ask(Effect::ListFiles { folder, below });
    }

    fn read(&mut self, path: PathBuf, purpose: Purpose, ground: &mut Ground) {
        self.wanted = Some(path.clone());
        let bars = window_bars(ground);
        let paths = vec![path];
        ground.ask(Effect::ReadMusic {
            paths,
            bars,
            purpose,
        });
    }

    /// Moves the cursor of the browser; a file under it is heard.
    pub fn move_selection(&mut self, by: isize, ground: &mut Ground) {
        let line = self.browser.selected.saturating_add_signed(by);
        self.browser.select(line);
        self.preview(ground);
    }

    fn preview(&mut self, ground: &mut Ground) {
        self.problem = None;
        match self.browser.here() {
            Some((entry, path)) if !entry.is_folder => self.read(path, Purpose::Listen, ground),
            _ => {
                self.wanted = None;
                ground.stop_listening();
            }
        }
    }

    /// Adds a character to the search, or removes one; with none left, goes one folder up.
    pub fn type_word(&mut self, character: Option<char>, ground: &mut Ground) {
        match character {
            Some(character) => self.browser.words.push(character),
            None if self.browser.words.is_empty() => {
                return self.apply(Action::ParentFolder, ground);
            }
            None => {
                self.browser.words.pop();
            }
        }
        self.look_again(ground);
    }

    /// Shows all of the folder again.
    pub fn forget_words(&mut self, ground: &mut Ground) {
        self.browser.words.clear();
        self.look_again(ground);
    }

    fn look_again(&mut self, ground: &mut Ground) {
        self.browser.selected = 0;
        self.browser.look();
        if self.browser.begins_search() {
            let folder = self.browser.folder.clone();
            let below = true;
            ground.ask(Effect::ListFiles { folder, below });
        }
        self.preview(ground);
    }

    /// Takes what is in a folder.
    pub fn receive_listing(&mut self, listing: Listing, ground: &mut Ground) {
        if self.wanted.as_ref() == Some(&listing.folder) {
            // It was named, and is a folder.
            self.wanted = None;
            ground.screen.overlay = Some(Overlay::Files);
            self.browser.enter(listing.folder.clone());
        }
        let before = self.browser.here().map(|(entry, _)| entry.name.clone());
        self.browser.take(listing);
        if let Some(name) = before {
            self.browser.select_name(&name);
        }
        if matches!(ground.screen.overlay, Some(Overlay::Files)) && self.wanted.is_none() {
            self.preview(ground);
        }
    }

    /// Takes a file that was read, where it is still wanted.
    pub fn receive(
        &mut self,
        path: PathBuf,
        read: Result<Piece, String>,
        purpose: Purpose,
        ground: &mut Ground,
    ) {
        if self.wanted.as_ref() != Some(&path) {
            return;
        }
        let is_browsing = matches!(ground.screen.overlay, Some(Overlay::Files));
        match read {
            Ok(piece) => {
                let is_single = piece.windows.len() == 1;
                self.window = 0;
                self.piece = Some(piece);
                match purpose {
                    Purpose::Listen if is_browsing => self.listen_to(0, ground),
                    Purpose::Listen | Purpose::Collect => {}
                    // There is nothing to choose.
                    Purpose::Open if is_single && !self.from_browser => {
                        self.take(self.chosen(), ground);
                    }
                    Purpose::Open => self.open_piece(ground),
                }
            }
            Err(reason) if is_browsing => {
                ground.stop_listening();
                self.problem = Some(reason);
            }
            Err(reason) => ground.complain(reason),
        }
    }

    /// Lets the player choose the window of the file.
    fn open_piece(&mut self, ground: &mut Ground) {
        ground.screen.overlay = Some(Overlay::Piece);
        self.listen_to(0, ground);
    }

    fn listen_to(&mut self, window: usize, ground: &mut Ground) {
        let Some(piece) = &self.piece else { return };
        self.window = window.min(piece.windows.len().saturating_sub(1));
        if let Some(groove) = piece.windows.get(self.window) {
            ground.listen_to(groove.clone(), piece.window_name(self.window));
        }
    }

    /// Quarter notes a minute of the window.
    pub fn tempo(&self) -> Option<f64> {
        let window = self.piece.as_ref()?.windows.get(self.window)?;
        Some(tempo_of(window))
    }

    /// The window, as a groove that was kept.
    fn chosen(&self) -> Option<Slot> {
        let piece = self.piece.as_ref()?;
        let groove = piece.windows.get(self.window)?.clone();
        let name = piece.window_name(self.window);
        Some(Slot::new(groove, name))
    }

    /// Makes some of the file the groove that is played and edited.
    fn take(&mut self, some: Option<Slot>, ground: &mut Ground) {
        let Some(Slot { groove, name, .. }) = some else {
            return;
        };
        let tempo = tempo_of(&groove);
        // Music that plays keeps its tempo; if nothing plays, the file's tempo is the right one.
        let before = ground.sound.tempo;
        ground.undo.before(&ground.scene, Change::Single);
        if !ground.transport.playing {
            ground.set_tempo(tempo);
            ground.scene.took_tempo = Some([before, tempo]);
        }
        ground.forget_answers();
        ground.audition = None;
        ground.screen.overlay = None;
        let in_file = match tempo == ground.sound.tempo {
            true if before == tempo => String::new(),
            true => format!(", at its tempo of {tempo:.1}"),
            false => format!(" (at {tempo:.1} in the file)"),
        };
        ground.say(format!("{name} is the groove{in_file}{}", self.remarks()));
        ground.hear(groove, Origin::Named(name), ground.sound.takeover);
    }

    fn take_into(&mut self, slot: usize, ground: &mut Ground) {
        if let Some(kept) = self.chosen() {
            ground.put_into_slot(slot, kept);
        }
    }

    /// What was left out of the file, as the end of a sentence.
    fn remarks(&self) -> String {
        let Some(piece) = self
            .piece
            .as_ref()
            .filter(|piece| !piece.remarks.is_empty())
        else {
            return ".".into();
        };
        let of = match piece.windows.len() {
            1 => ":",
            _ => ". Of the whole file:",
        };
        format!("{of} {}.", piece.remarks.join("; "))
    }

    /// Back to the browser, where the file was found there; else what was heard before goes on.
    pub fn close(&mut self, ground: &mut Ground) {
        let is_piece = matches!(ground.screen.overlay, Some(Overlay::Piece));
        if is_piece && self.from_browser {
            ground.screen.overlay = Some(Overlay::Files);
            return self.listen_to(0, ground);
        }
        ground.screen.overlay = None;
        self.wanted = None;
        ground.stop_listening();
    }
}

/// Everything of a file, for the library.
pub fn whole(piece: &Piece, ground: &Ground) -> Vec<Heard> {
    let heard = |(name, groove): (String, &Groove)| Heard {
        groove: groove.clone(),
        name,
        point: None,
        seed: ground.scene.seed,
        temperature: ground.scene.temperature,
        qualities: ground.scene.qualities.clone(),
        model: piece.name.clone(),
        sound: Sound {
            tempo: TEMPO.nearest(groove.qpm),
            ..ground.sound
        },
    };
    piece.in_a_row().map(heard).collect()
}

/// Quarter notes a minute of a groove, as they are set here.
fn tempo_of(groove: &Groove) -> f64 {
    TEMPO.nearest((groove.qpm * 10.0).round() / 10.0)
}

/// Bars that the model's grooves have; four while there is no model.
fn window_bars(ground: &Ground) -> usize {
    let steps = ground.model.as_ref().map_or(64, |model| model.steps);
    (steps / 16).max(1)
}
