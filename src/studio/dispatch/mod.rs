//! The studio on top of its features: passes actions and events to them, and chains them where one
//! is not enough.

mod over;

use std::path::PathBuf;

use super::action::Action;
use super::answers;
use super::bring::{self, Bring, Piece};
use super::chain;
use super::checkpoints::{self, Checkpoints};
use super::devices::{Devices, NO_SOUND};
use super::drum_machine::DrumMachine;
use super::edit::Edit;
use super::event::Event;
use super::export::Export;
use super::fills::Fills;
use super::glimpses::Glimpses;
use super::ground::{
    self, Config, Effect, Ground, Keeping, Marks, ModelInfo, Overlay, Purpose, Question, Weight,
};
use super::habits::Habits;
use super::length::Length;
use super::library::{self, Library};
use super::midi::{Midi, Moved};
use super::overlays;
use super::playing::{self, Playing};
use super::session::Session;
use super::sweep::Sweep;
use super::training::Training;
use super::variations::Variations;
use super::{export, mixer, morph, qualities, record, rework};
use crate::embedded;
use crate::engine::{Command, DrumMap, Motion, Received, Status, Takeover};
use musicvae::music::Groove;

/// What the workstation begins with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// Empty for the latest one.
    pub session: String,
    /// Files to bring in.
    pub files: Vec<PathBuf>,
    /// The checkpoint in the configuration was named on the command line.
    pub checkpoint_is_named: bool,
}

/// The whole state of the workstation.
pub struct Studio {
    pub ground: Ground,
    pub playing: Playing,
    pub edit: Edit,
    pub midi: Midi,
    /// What is on the MIDI port.
    pub drum_machine: DrumMachine,
    pub devices: Devices,
    pub session: Session,
    habits: Habits,
    /// The checkpoint was named on the command line: it stays, whatever the session had.
    keep_model: bool,
    pub checkpoints: Checkpoints,
    pub library: Library,
    pub variations: Variations,
    pub fills: Fills,
    pub glimpses: Glimpses,
    pub length: Length,
    pub sweep: Sweep,
    pub export: Export,
    pub bring: Bring,
    /// A model that came when another one had been asked for; it counts if that one fails.
    overtaken: Option<ModelInfo>,
    /// Files to bring in once the session is there.
    files: Vec<PathBuf>,
    /// Files to bring in once there is a model, or none.
    due: Vec<PathBuf>,
    pub training: Training,
}

impl Studio {
    /// A studio that asks at once for the first checkpoint, `open` in the configuration or the
    /// embedded one, and samples its first groove when that is there.
    pub fn new(config: Config) -> Studio {
        let source = if config.checkpoints.open.as_os_str().is_empty() {
            embedded::first()
        } else {
            embedded::named(&config.checkpoints.open)
        };
        let mut studio = Studio {
            playing: Playing::default(),
            edit: Edit::default(),
            midi: Midi::new(&config),
            drum_machine: DrumMachine::from(&config.midi),
            devices: Devices::new(&config),
            session: Session::default(),
            habits: Habits::default(),
            keep_model: false,
            checkpoints: Checkpoints::default(),
            library: Library::default(),
            variations: Variations::default(),
            fills: Fills::default(),
            glimpses: Glimpses::default(),
            length: Length::default(),
            sweep: Sweep::default(),
            export: Export::default(),
            bring: Bring::default(),
            overtaken: None,
            files: Vec::new(),
            due: Vec::new(),
            training: Training::new(config.next_run()),
            ground: Ground::new(config),
        };
        studio.ground.load(source);
        studio
    }

    /// The reason against `action` in one sentence, or `None` when it can be done. Help, palette
    /// and the answer to a key all ask here.
    pub fn reason_against(&self, action: &Action) -> Option<String> {
        let ground = &self.ground;
        match action {
            Action::Playing(action) => self.playing.reason_against(action, ground),
            Action::Record(action) => record::reason_against(action, ground),
            Action::Midi(_) | Action::Mixer(_) => None,
            Action::Devices(action) => self.devices.reason_against(action, ground),
            Action::DrumMachine(action) => self.drum_machine.reason_against(action, ground),
            Action::Chain(action) => chain::reason_against(action, ground),
            Action::Morph(action) => morph::reason_against(action, ground),
            Action::Qualities(action) => qualities::reason_against(action, ground),
            Action::Rework(rework) => rework::reason_against(*rework, ground),
            Action::Variations(action) => self.variations.reason_against(action, ground),
            Action::Fills(action) => self.fills.reason_against(action, ground),
            Action::Length(action) => self.length.reason_against(action, ground),
            Action::Sweep(action) => self.sweep.reason_against(action, ground),
            Action::Edit(action) => self.edit.reason_against(action, ground),
            Action::Export(action) => self.export.reason_against(action, ground),
            Action::Session(action) => self.session.reason_against(action, ground),
            Action::Bring(action) => self.bring.reason_against(action, ground),
            Action::Checkpoints(action) => self.checkpoints.reason_against(action, ground),
            Action::Library(action) => self.library.reason_against(action, ground),
            Action::Training(action) => self.training.reason_against(action, ground),
            Action::Overlays(overlays::Action::Erase)
                if matches!(ground.screen.overlay, Some(Overlay::Exports { .. })) =>
            {
                (self.export).reason_against(&export::Action::StopExport, ground)
            }
            Action::Overlays(overlays::Action::Ask(Question::CheckpointName)) => {
                self.checkpoints.reason_against_change(ground)
            }
            Action::Overlays(action) => overlays::reason_against(action, ground),
        }
    }

    /// Does one thing. What can't be done now is answered with the reason, as a message.
    pub fn apply(&mut self, action: impl Into<Action>) {
        let action = action.into();
        if let Some(reason) = self.reason_against(&action) {
            self.ground.complain(reason);
            return;
        }
        if !matches!(action, Action::Overlays(_) | Action::Session(_)) {
            self.session.touch();
        }
        let ground = &mut self.ground;
        // Earlier trouble is no longer news.
        ground.messages.let_go(ground.now);
        match action {
            Action::Playing(action) => self.playing.apply(action, ground),
            Action::Record(action) => record::apply(action, ground),
            Action::Midi(action) => self.midi.apply(action, ground),
            Action::DrumMachine(action) => self.drum_machine.apply(action, ground),
            Action::Devices(action) => self.devices.apply(action, ground),
            Action::Mixer(action) => mixer::apply(action, ground),
            Action::Chain(action) => {
                let played = ground.chain.is_some();
                chain::apply(action, ground);
                if ground.chain.is_some() && !played {
                    self.sweep.give_way(ground);
                }
                self.fills.try_again(ground);
            }
            Action::Morph(action) => morph::apply(action, ground),
            Action::Qualities(action) => qualities::apply(action, ground),
            Action::Rework(rework) => rework::apply(rework, ground),
            Action::Variations(action) => self.variations.apply(action, ground),
            Action::Fills(action) => self.fills.apply(action, ground),
            Action::Length(action) => self.length.apply(action, ground),
            Action::Sweep(action) => self.sweep.apply(action, ground),
            Action::Edit(action) => {
                let before = self.edit.insert.is_some();
                self.edit.apply(action, ground);
                let inserts = self.edit.insert.is_some();
                if inserts != before {
                    ground.send(Command::Overdub(inserts || self.midi.overdub));
                }
            }
            Action::Export(action) => {
                let motions = self.motions();
                let (map, ground) = (&self.drum_machine.map, &mut self.ground);
                let wanted = self.export.apply(action, motions, map, ground);
                self.fills.write(wanted, ground);
            }
            Action::Session(action) => self.session.apply(action, ground),
            Action::Bring(bring::Action::TakeAll) => {
                if let Some(piece) = self.bring.piece.clone() {
                    self.bring.apply(bring::Action::TakeAll, ground);
                    self.collect(&[piece]);
                }
            }
            Action::Bring(action) => self.bring.apply(action, ground),
            Action::Checkpoints(action) => self.checkpoints.apply(action, ground),
            Action::Library(action) => self.library.apply(action, ground),
            Action::Training(action) => self.training.apply(action, ground),
            Action::Overlays(action) => self.apply_overlays(action),
        }
    }

    /// What moves by itself while it plays.
    fn motions(&self) -> Vec<Motion> {
        let (places, goes_round) = self.sweep.course(&self.ground);
        self.midi.motions(&places, goes_round)
    }

    /// Takes an event from a worker, the engine or the clock.
    pub fn receive(&mut self, event: Event) {
        let ground = &mut self.ground;
        match event {
            Event::Tick(now) => {
                ground.now = now;
                self.library.tick(ground);
                self.glimpses.tick(ground);
                self.habits.tick(ground);
                return self.session.tick(ground);
            }
            Event::Transport(status) => return self.receive_transport(status),
            Event::Midi(received) => self.receive_midi(received),
            Event::Bindings(bindings) => self.midi.bindings.receive(bindings, ground),
            Event::Loaded(model) => {
                let wanted = ground.loading.as_ref();
                match wanted.is_some_and(|wanted| *wanted != model.source) {
                    // Another one was asked for since, and the ends may be of its latent space.
                    true => self.overtaken = Some(model),
                    false => self.take_model(model),
                }
            }
            Event::LoadFailed { source, reason } => {
                let is_wanted = ground.loading.as_ref() == Some(&source);
                match self.overtaken.take().filter(|_| is_wanted) {
                    // It is what the model's thread plays.
                    Some(model) => {
                        ground.complain(reason);
                        self.take_model(model);
                    }
                    None => checkpoints::receive_failure(&source, &reason, ground),
                }
                self.bring_files();
            }
            Event::Decoded { ticket, grooves } => ground.receive_grooves(ticket, grooves),
            Event::Encoded { ticket, z } => ground.receive_latents(ticket, z),
            Event::Reworked { ticket, groove } => rework::receive(ticket, groove, ground),
            Event::Related { ticket, grooves } => {
                self.variations.receive(ticket, &grooves, ground);
                self.glimpses.receive(ticket, &grooves);
                if let Some(fills) = self.fills.receive(ticket, &grooves, ground) {
                    self.export.go_on(fills, &self.drum_machine.map, ground);
                }
                self.length.receive(ticket, &grooves, ground);
            }
            Event::InferenceFailed { ticket, reason } => {
                self.length.give_up(ticket);
                if self.fills.give_up(ticket, ground) {
                    self.export.give_up();
                }
                ground.receive_failure(ticket, &reason);
            }
            Event::Catalogue(entries, problems) => {
                self.checkpoints.receive(entries, problems, ground);
            }
            Event::Listed { kind, items, note } => {
                self.devices.receive_list(kind, items, note, ground);
            }
            Event::StoryRead(source, losses) => self.checkpoints.receive_story(source, losses),
            Event::DeviceOpened(device, sentence) => {
                self.devices.receive_device(device, sentence, ground);
            }
            Event::Seen(named, path, found) => self.training.form.receive(named, path, found),
            Event::MapOpened(map) => self.drum_machine.receive_map(map, ground),
            Event::Files(listing) => self.bring.receive_listing(listing, ground),
            Event::Music { pieces, purpose } => self.receive_music(pieces, purpose),
            Event::LibraryRead { rows, remark } => {
                self.library.is_loading = false;
                self.library.receive_rows(rows, ground);
                if let Some(remark) = remark {
                    ground.complain(remark);
                }
            }
            Event::Remembered(row) => self.library.receive_rows(vec![*row], ground),
            Event::Fetched { id, heard } => self.library.receive(id, heard, ground),
            Event::SessionOpened(opened) => {
                // Only the first one: another is chosen for all that it has.
                let keep_model = std::mem::take(&mut self.keep_model);
                self.session.receive(*opened, keep_model, ground);
                self.due = std::mem::take(&mut self.files);
                return self.bring_files();
            }
            Event::NothingKept(reason) => {
                ground.complain(reason);
                self.due = std::mem::take(&mut self.files);
                return self.bring_files();
            }
            Event::SessionNamed(name) => self.session.receive_name(name, ground),
            Event::Exported { file, about } => export::receive(&file, &about, ground),
            Event::Rendering(share) => self.export.share = Some(share),
            Event::Rendered(written) => self.export.receive(written, ground),
            Event::Training(event) => self.training.receive(event, ground),
            Event::Rehearsed(played) => self.training.receive_rehearsal(played, ground),
            Event::Notice(text) => ground.say(text),
            Event::Trouble(text) => ground.complain(text),
        }
        self.session.change();
    }

    /// Plays with a model that was loaded from now on.
    fn take_model(&mut self, model: ModelInfo) {
        let ground = &mut self.ground;
        ground.loading = None;
        self.overtaken = None;
        self.training.show(&model.log);
        morph::take_model(model, self.checkpoints.take_seed(), ground);
        self.fills.try_again(ground);
        self.bring_files();
    }

    /// Takes what the player has set up for all sessions, and the messages about it.
    pub fn take_habits(&mut self, (kept, remark): (ground::Habits, Option<String>)) {
        self.habits.take(kept, &mut self.ground);
        if let Some(run) = self.ground.last_run.clone() {
            self.training.remember(run);
        }
        if let Some(remark) = remark {
            self.ground.complain(remark);
        }
    }

    /// Opens the session, and does what was asked for on the command line.
    pub fn begin(&mut self, opening: Opening) {
        self.keep_model = opening.checkpoint_is_named;
        if self.ground.config.session.data_folder().is_some() {
            self.files = opening.files;
            self.ground.keep(Keeping::Begin(opening.session));
            self.library.is_loading = true;
            self.ground.ask(Effect::ReadLibrary);
        } else {
            self.due = opening.files;
            self.bring_files();
        }
    }

    /// Brings in what was named on the command line, once it is known how many bars the model plays.
    fn bring_files(&mut self) {
        if self.ground.model.is_none() && self.ground.loading.is_some() {
            return;
        }
        let files = std::mem::take(&mut self.due);
        if !files.is_empty() {
            self.apply(bring::Action::Bring(files));
        }
    }

    /// Saves what has changed, at the end.
    pub fn end(&mut self) {
        self.session.keep(&mut self.ground);
        self.habits.tick(&mut self.ground);
    }

    /// What has to be carried out, in order; the queue is empty afterwards. A recording is told of all
    /// that has moved, whatever has moved it.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        self.midi.write_down(&mut self.ground);
        self.ground.take_effects()
    }

    /// The groove that is heard and shown.
    pub fn groove(&self) -> &Groove {
        self.ground.groove()
    }

    /// The sentence for the status line: the latest message while it is fresh, else what is silent
    /// and why.
    pub fn status_line(&self) -> (Weight, String) {
        match (
            self.ground.messages.fresh(self.ground.now),
            self.export.share,
        ) {
            (Some(message), _) => (message.weight, message.text.clone()),
            (None, Some(share)) => {
                let share = share * 100.0;
                (
                    Weight::Notice,
                    format!("Sound is being written: {share:.0} %."),
                )
            }
            (None, None) if self.session.is_first => {
                let keys = "Space plays, s draws another groove, ? shows every key.";
                let sound = match self.sound_sentence() {
                    // It would be cut before it says what helps; the messages have it whole.
                    silent if silent.starts_with(NO_SOUND) => format!("{NO_SOUND}press 5."),
                    sound => sound,
                };
                (Weight::Notice, format!("{keys} {sound}"))
            }
            (None, None) => (Weight::Notice, self.sound_sentence()),
        }
    }

    /// Why nothing sounds or leaves, or that all is well.
    pub fn sound_sentence(&self) -> String {
        let map = &self.drum_machine.map;
        let map = (*map != DrumMap::general_midi()).then_some(map.name.as_str());
        self.devices.sentence(map, &self.ground)
    }

    /// Takes files that were read: one for its window to be chosen, several for the library.
    fn receive_music(&mut self, pieces: Vec<(PathBuf, Result<Piece, String>)>, purpose: Purpose) {
        let mut sound = Vec::new();
        for (path, read) in pieces {
            match (purpose, read) {
                (Purpose::Collect, Ok(piece)) => sound.push(piece),
                (Purpose::Collect, Err(reason)) => self.ground.complain(reason),
                (_, read) => self.bring.receive(path, read, purpose, &mut self.ground),
            }
        }
        if purpose == Purpose::Collect {
            self.collect(&sound);
        }
    }

    /// Puts all of some pieces into the library, and opens it.
    fn collect(&mut self, pieces: &[Piece]) {
        let ground = &mut self.ground;
        let mut grooves = 0;
        for piece in pieces {
            for heard in bring::whole(piece, ground) {
                grooves += usize::from(self.library.remember(heard, Marks::default(), ground));
            }
            for remark in &piece.remarks {
                ground.say(format!("{}: {remark}.", piece.name));
            }
        }
        if pieces.is_empty() {
            return;
        }
        ground.say(match grooves {
            0 => "All of these grooves are in the library already.".into(),
            1 => "1 groove came into the library.".to_string(),
            grooves => format!("{grooves} grooves were added to the library."),
        });
        self.apply(library::Action::ShowLibrary);
    }

    fn receive_transport(&mut self, status: Status) {
        let ground = &mut self.ground;
        record::hear(&status, ground);
        self.playing.hear(&status, ground);
        self.midi.hear(status.sync, &status.link, ground);
        ground.transport = status;
        self.fills.hear(ground);
        self.sweep.hear(ground);
    }

    fn receive_midi(&mut self, received: Vec<Received>) {
        let mut struck = false;
        for one in received {
            let inserts = self.edit.insert.is_some();
            match self.midi.receive(one, inserts, &mut self.ground) {
                Moved::Nothing => {}
                Moved::Step(lane, velocity) => {
                    self.session.touch();
                    self.edit
                        .set_at_cursor(lane, velocity, false, &mut self.ground);
                }
                Moved::Groove => struck = true,
                Moved::Transport => self.apply(playing::Action::TogglePlay),
                Moved::Setting(target, value) => {
                    if let Some(action) = answers::to_control(target, value) {
                        self.apply_often(action);
                    }
                }
            }
        }
        if struck {
            self.ground.play_groove(Takeover::Now);
        }
    }

    /// As [`Studio::apply`], but says only once why it can't be done now: a knob sends a hundred
    /// values a second.
    fn apply_often(&mut self, action: Action) {
        let said = self.ground.messages.iter().next_back();
        let reason = self.reason_against(&action);
        let again = said.is_some_and(|said| reason.as_ref() == Some(&said.text));
        if !again {
            self.apply(action);
        }
    }
}
