//! The library: every groove that was heard, kept for next time. (Undo, the way back over changes,
//! belongs to the ground.) It uses the ground only.

mod rows;
mod store;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use rows::{Row, Rows};
pub use store::{Store, read};

use super::ground::{End, Ground, Heard, Keeping, Marks, Overlay, Question, fingerprint};
use musicvae::music::Groove;

/// How long a groove must have sounded to be one that was heard: a beat at 120. What a slider passes
/// on its way is not.
const HEARD: Duration = Duration::from_millis(500);

/// Most that a groove can be rated.
pub const BEST: u8 = 5;

/// What a player can do with grooves that were heard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    ShowLibrary,
    /// Whether the groove that is heard is a favourite.
    ToggleFavourite,
    /// Whether the selected one is.
    ToggleFavouriteHere,
    /// Only favourites are listed, or all.
    ToggleFavourites,
    /// Of the selected one, 0 to [`BEST`].
    Rate(u8),
    /// Of the selected one; empty for the name that it came with.
    NameGroove(String),
    /// Of the selected one, in place of those that it has.
    TagGroove(Vec<String>),
    Search,
    SelectFirst,
    SelectLast,
    /// Makes the selected groove the one that is played and edited.
    TakeGroove,
    /// And has the model read it, to be an end of the slider.
    TakeAsEnd(End),
}

/// What sounds, and since when.
#[derive(Debug)]
struct Sounding {
    groove: Groove,
    since: Duration,
}

/// The grooves that were heard.
#[derive(Debug, Default)]
pub struct Library {
    pub rows: Rows,
    /// Reading the library.
    pub is_loading: bool,
    /// The line under the cursor.
    pub selected: usize,
    sounding: Option<Sounding>,
    /// The selected groove, when it was read.
    fetched: Option<(u64, Box<Heard>)>,
    /// Take the selected groove as soon as it was read.
    take: Option<(u64, Option<End>)>,
}

impl Library {
    /// The reason against `action` in one sentence, or `None` when it can be done.
    pub fn reason_against(&self, action: &Action, ground: &Ground) -> Option<String> {
        match action {
            Action::ShowLibrary
            | Action::ToggleFavourites
            | Action::Search
            | Action::SelectFirst
            | Action::SelectLast => None,
            Action::ToggleFavourite => {
                let silent = ground.groove().hits().next().is_none();
                let silent = silent.then(|| "The groove is silent.".into());
                silent.or_else(|| ground.nothing_kept())
            }
            Action::TakeAsEnd(_) if self.here().is_some() => ground.no_model(),
            _ => self
                .here()
                .is_none()
                .then(|| "No groove is selected.".into()),
        }
    }

    pub fn apply(&mut self, action: Action, ground: &mut Ground) {
        match action {
            Action::ShowLibrary => {
                ground.screen.overlay = Some(Overlay::Library { searching: false });
                self.selected = self.selected.min(self.last_line());
                self.fetch(ground);
            }
            Action::ToggleFavourite => self.toggle_favourite(ground),
            Action::ToggleFavouriteHere => self.mark(ground, |marks| {
                marks.favourite = !marks.favourite;
            }),
            Action::ToggleFavourites => {
                self.rows.favourites = !self.rows.favourites;
                self.look(ground);
            }
            Action::Rate(rating) => self.mark(ground, |marks| marks.rating = rating.min(BEST)),
            Action::NameGroove(name) => self.mark(ground, |marks| {
                marks.name = Some(name).filter(|name| !name.is_empty());
            }),
            Action::TagGroove(tags) => self.mark(ground, |marks| marks.tags = tags),
            Action::Search => ground.screen.overlay = Some(Overlay::Library { searching: true }),
            Action::SelectFirst => self.select(0, ground),
            Action::SelectLast => self.select(self.last_line(), ground),
            Action::TakeGroove => self.take(None, ground),
            Action::TakeAsEnd(end) => self.take(Some(end), ground),
        }
    }

    /// The groove under the cursor.
    pub fn here(&self) -> Option<&Row> {
        self.rows.line(self.selected)
    }

    fn last_line(&self) -> usize {
        self.rows.found().saturating_sub(1)
    }

    /// Moves the cursor, and what is under it is heard.
    pub fn move_selection(&mut self, by: isize, ground: &mut Ground) {
        self.select(self.selected.saturating_add_signed(by), ground);
    }

    fn select(&mut self, line: usize, ground: &mut Ground) {
        self.selected = line.min(self.last_line());
        self.fetch(ground);
    }

    /// Adds a character to the search, or removes one.
    pub fn type_word(&mut self, character: Option<char>, ground: &mut Ground) {
        match character {
            Some(character) => self.rows.words.push(character),
            None => {
                self.rows.words.pop();
            }
        }
        self.look(ground);
    }

    /// Ends the search.
    pub fn forget_words(&mut self, ground: &mut Ground) {
        self.rows.words.clear();
        self.look(ground);
    }

    /// The list is another one; the cursor stays on its groove where it is among them.
    fn look(&mut self, ground: &mut Ground) {
        let before = self.here().map(|row| row.id);
        self.rows.look();
        let line = before.and_then(|id| self.rows.line_of(id));
        self.select(line.unwrap_or(0), ground);
    }

    /// Closes the list; what was heard before it is heard again.
    pub fn close(&mut self, ground: &mut Ground) {
        ground.screen.overlay = None;
        self.take = None;
        ground.stop_listening();
    }

    fn fetch(&mut self, ground: &mut Ground) {
        let Some(Row { id, place, .. }) = self.here() else {
            return ground.stop_listening();
        };
        let (id, place) = (*id, *place);
        if self.fetched.as_ref().is_none_or(|(there, _)| *there != id) {
            ground.keep(Keeping::Fetch { id, place });
        } else {
            self.listen(ground);
        }
    }

    /// Plays the selected groove, if it has been read.
    fn listen(&mut self, ground: &mut Ground) {
        let is_open = matches!(ground.screen.overlay, Some(Overlay::Library { .. }));
        if let (Some(row), Some((id, heard))) = (self.here(), &self.fetched)
            && row.id == *id
            && is_open
        {
            ground.listen_to(heard.groove.clone(), row.name().into());
        }
    }

    fn take(&mut self, end: Option<End>, ground: &mut Ground) {
        let Some(wanted) = self.here().map(|row| row.id) else {
            return;
        };
        self.take = Some((wanted, end));
        match &self.fetched {
            Some((id, _)) if *id == wanted => self.take_fetched(ground),
            _ => self.fetch(ground),
        }
    }

    fn take_fetched(&mut self, ground: &mut Ground) {
        let (Some((wanted, end)), Some((id, heard))) = (self.take, &self.fetched) else {
            return;
        };
        if wanted != *id {
            return;
        }
        self.take = None;
        ground.screen.overlay = None;
        let name = self
            .rows
            .line(self.selected)
            .map(|row| row.name().to_string());
        let name = name.unwrap_or_else(|| heard.name.clone());
        ground.say(format!("{name} plays again, from the library."));
        ground.hear_again((**heard).clone(), name);
        if let Some(end) = end {
            ground.keep_as(end);
        }
    }

    /// Changes what the player thinks of the selected groove.
    fn mark(&mut self, ground: &mut Ground, change: impl FnOnce(&mut Marks)) {
        let Some(row) = self.here() else { return };
        let (id, mut marks) = (row.id, row.marks.clone());
        change(&mut marks);
        self.rows.mark(id, marks.clone());
        let line = self.rows.line_of(id).unwrap_or(self.selected);
        self.selected = line.min(self.last_line());
        ground.keep(Keeping::Mark { id, marks });
    }

    fn toggle_favourite(&mut self, ground: &mut Ground) {
        let name = ground.groove_name();
        let Some(row) = self.rows.like(fingerprint(ground.groove())) else {
            let marks = Marks {
                favourite: true,
                ..Marks::default()
            };
            ground.say(format!("{name} is now a favourite in the library."));
            self.remember(ground.heard(), marks, ground);
            return;
        };
        let (id, mut marks) = (row.id, row.marks.clone());
        marks.favourite = !marks.favourite;
        ground.say(match marks.favourite {
            true => format!("{name} is now a favourite in the library."),
            false => format!("{name} is no longer a favourite."),
        });
        self.rows.mark(id, marks.clone());
        ground.keep(Keeping::Mark { id, marks });
    }

    /// Adds a groove to the library; false if it is there already.
    pub fn remember(&mut self, heard: Heard, marks: Marks, ground: &mut Ground) -> bool {
        let is_new = self.rows.like(fingerprint(&heard.groove)).is_none();
        if is_new && ground.nothing_kept().is_none() {
            ground.keep(Keeping::Remember(Box::new(heard), marks));
        }
        is_new
    }

    /// Listens to what sounds: a groove that sounded for a while, and that the library does not have,
    /// comes into it.
    pub fn tick(&mut self, ground: &mut Ground) {
        let transport = &ground.transport;
        if !transport.playing || transport.takeover_pending || ground.audition.is_some() {
            self.sounding = None;
            return;
        }
        let groove = ground.groove();
        let Some(sounding) = self.sounding.as_mut().filter(|it| it.groove == *groove) else {
            self.sounding = Some(Sounding {
                groove: groove.clone(),
                since: ground.now,
            });
            return;
        };
        if ground.now.saturating_sub(sounding.since) < HEARD {
            return;
        }
        // Not looked at again before it changes.
        sounding.since = Duration::MAX;
        if groove.hits().next().is_some() {
            self.remember(ground.heard(), Marks::default(), ground);
        }
    }

    /// Takes rows that were read or added. An open list stays on its groove; one that is opened later
    /// begins with the groove that was heard last.
    pub fn receive_rows(&mut self, rows: Vec<Row>, ground: &mut Ground) {
        let is_open = matches!(ground.screen.overlay, Some(Overlay::Library { .. }));
        let before = self.here().filter(|_| is_open).map(|row| row.id);
        self.rows.take(rows);
        let line = before.and_then(|id| self.rows.line_of(id));
        self.selected = line.unwrap_or(0);
        if is_open && before.is_none() {
            self.fetch(ground);
        }
    }

    /// Takes a groove that was asked for.
    pub fn receive(&mut self, id: u64, heard: Box<Heard>, ground: &mut Ground) {
        self.fetched = Some((id, heard));
        match self.take {
            Some((wanted, _)) if wanted == id => self.take_fetched(ground),
            _ => self.listen(ground),
        }
    }

    /// What stands already where an answer to `question` is typed.
    pub fn present(&self, question: Question) -> String {
        let Some(row) = self.here() else {
            return String::new();
        };
        match question {
            Question::GrooveTags => row.marks.tags.join(" "),
            _ => row.name().into(),
        }
    }
}
