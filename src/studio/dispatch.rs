//! The studio on top of its features: hands actions and events to them, and has them work together
//! where one is not enough.

use super::action::Action;
use super::answers;
use super::chain::{self, Chain};
use super::devices::Devices;
use super::drum_machine::DrumMachine;
use super::event::Event;
use super::ground::{Config, Effect, Ground, Overlay, Question, Weight};
use super::library::{self, Library};
use super::midi::{self, Midi, Moved};
use super::overlays;
use super::playing::{self, Playing};
use super::training::Training;
use super::{edit, export, morph, qualities, record, rework};
use crate::embedded;
use crate::engine::{DrumMap, Received, Status, Takeover};
use musicvae::music::Groove;

/// The whole state of the workstation.
pub struct Studio {
    pub ground: Ground,
    pub playing: Playing,
    pub midi: Midi,
    /// What is on the MIDI port.
    pub drum_machine: DrumMachine,
    pub devices: Devices,
    pub chain: Chain,
    pub library: Library,
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
            midi: Midi::new(&config),
            drum_machine: DrumMachine::from(&config.midi),
            devices: Devices::new(&config),
            chain: Chain::default(),
            library: Library::default(),
            training: Training::new(config.training.clone()),
            ground: Ground::new(config),
        };
        library::load(source, &mut studio.ground);
        studio
    }

    /// The reason against `action` in one sentence, or `None` when it can be done. Help, palette
    /// and the answer to a key all ask here.
    pub fn reason_against(&self, action: &Action) -> Option<String> {
        let ground = &self.ground;
        match action {
            Action::Playing(action) => self.playing.reason_against(action, ground),
            Action::Record(action) => record::reason_against(action, ground),
            Action::Midi(_) | Action::Devices(_) => None,
            Action::DrumMachine(action) => self.drum_machine.reason_against(action, ground),
            Action::Chain(action) => self.chain.reason_against(action, ground),
            Action::Morph(action) => morph::reason_against(action, ground),
            Action::Qualities(action) => qualities::reason_against(action, ground),
            Action::Rework(rework) => rework::reason_against(*rework, ground),
            Action::Edit(action) => edit::reason_against(action, ground),
            Action::Export(action) => export::reason_against(action, ground),
            Action::Library(action) => self.library.reason_against(action, ground),
            Action::Training(action) => self.training.reason_against(action),
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
        let ground = &mut self.ground;
        // What went wrong before is no news any more.
        ground.messages.let_go(ground.now);
        match action {
            Action::Playing(action) => self.playing.apply(action, ground),
            Action::Record(action) => record::apply(action, ground),
            Action::Midi(action) => self.midi.apply(action, ground),
            Action::DrumMachine(action) => self.drum_machine.apply(action, ground),
            Action::Devices(action) => self.devices.apply(action, ground),
            Action::Chain(action) => self.chain.apply(action, ground),
            Action::Morph(action) => morph::apply(action, ground),
            Action::Qualities(action) => qualities::apply(action, ground),
            Action::Rework(rework) => rework::apply(rework, ground),
            Action::Edit(action) => edit::apply(action, ground),
            Action::Export(action) => export::apply(action, &self.drum_machine.map, ground),
            Action::Library(action) => self.library.apply(action, ground),
            Action::Training(action) => self.training.apply(action, ground),
            Action::Overlays(action) => self.apply_overlays(action),
        }
    }

    /// Takes news from a worker, the engine or the clock.
    pub fn receive(&mut self, event: Event) {
        let ground = &mut self.ground;
        match event {
            Event::Tick(now) => ground.now = now,
            Event::Transport(status) => self.receive_transport(status),
            Event::Midi(received) => self.receive_midi(received),
            Event::Bindings(bindings) => self.midi.bindings.receive(bindings, ground),
            Event::Loaded(model) => {
                ground.loading = None;
                self.training.show(&model.log);
                morph::take_model(model, ground);
            }
            Event::LoadFailed { source, reason } => {
                library::receive_failure(&source, &reason, ground);
            }
            Event::Decoded { ticket, grooves } => ground.receive_grooves(ticket, grooves),
            Event::Encoded { ticket, z } => ground.receive_latent(ticket, z),
            Event::Reworked { ticket, groove } => rework::receive(ticket, groove, ground),
            Event::InferenceFailed { ticket, reason } => ground.receive_failure(ticket, &reason),
            Event::Catalogue(entries, problems) => {
                self.library.receive(entries, problems, ground);
            }
            Event::Listed { kind, items, note } => {
                self.devices.receive_list(kind, items, note, ground);
            }
            Event::DeviceOpened(device, sentence) => {
                self.devices.receive_device(device, sentence, ground);
            }
            Event::Seen(named, path, found) => self.training.form.receive(named, path, found),
            Event::MapOpened(map) => self.drum_machine.receive_map(map, ground),
            Event::Chain(chain) => self.chain = chain,
            Event::Exported { file, about } => export::receive(&file, &about, ground),
            Event::Training(event) => self.training.receive(event, ground),
            Event::Notice(text) => ground.say(text),
            Event::Trouble(text) => ground.complain(text),
        }
    }

    /// What has to be carried out, in order; the queue is empty afterwards.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        self.ground.take_effects()
    }

    /// The groove that is heard and shown.
    pub fn groove(&self) -> &Groove {
        self.ground.groove()
    }

    /// The sentence for the status line: the latest message while it is fresh, else what is silent
    /// and why.
    pub fn status_line(&self) -> (Weight, String) {
        match self.ground.messages.fresh(self.ground.now) {
            Some(message) => (message.weight, message.text.clone()),
            None => (Weight::Notice, self.sound_sentence()),
        }
    }

    /// Why nothing sounds or leaves, or that all is well.
    pub fn sound_sentence(&self) -> String {
        let map = &self.drum_machine.map;
        let map = (*map != DrumMap::general_midi()).then_some(map.name.as_str());
        self.devices.sentence(map, &self.ground)
    }

    fn receive_transport(&mut self, status: Status) {
        let ground = &mut self.ground;
        record::hear(&status, ground);
        self.playing.hear(&status, ground);
        self.midi.hear(status.sync, ground);
        ground.transport = status;
    }

    fn receive_midi(&mut self, received: Vec<Received>) {
        let mut struck = false;
        for one in received {
            match self.midi.receive(one, &mut self.ground) {
                Moved::Nothing => {}
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

    /// As [`Studio::apply`], but why it can't be done now is said once: a knob makes a hundred
    /// values a second.
    fn apply_often(&mut self, action: Action) {
        let said = self.ground.messages.iter().next_back();
        let reason = self.reason_against(&action);
        let again = said.is_some_and(|said| reason.as_ref() == Some(&said.text));
        if !again {
            self.apply(action);
        }
    }

    /// Hands on what is done in an overlay to the feature whose it is.
    fn apply_overlays(&mut self, action: overlays::Action) {
        use overlays::Action::{Accept, Ask, Close, Erase, MoveSelection, Quit, Type};
        let ground = &mut self.ground;
        match (&ground.screen.overlay, &action) {
            (_, Ask(question)) => {
                let text = match question {
                    Question::Chain => chain::text(&self.chain.links),
                    Question::MapName => self.drum_machine.map.name.clone(),
                    _ => String::new(),
                };
                ground.screen.prompt(*question, text);
            }
            (overlay, Quit)
                if self.training.is_alive() && *overlay != Some(Overlay::ConfirmQuit) =>
            {
                ground.screen.overlay = Some(Overlay::ConfirmQuit);
            }
            (Some(Overlay::Prompt { .. }), Accept) => self.answer(),
            (Some(Overlay::Chooser { .. }), Accept) => self.devices.open_selected(ground),
            (Some(Overlay::Bindings { .. }), Accept) => self.midi.bindings.learn_selected(ground),
            (Some(Overlay::Bindings { .. }), Erase) => self.midi.bindings.unbind_selected(ground),
            (Some(Overlay::TrainingForm), Accept) => self.training.start_as_typed(ground),
            (Some(Overlay::TrainingForm), MoveSelection(by)) => self.training.form.move_by(*by),
            (Some(Overlay::TrainingForm), Type(_) | Erase) => {
                match action {
                    Type(character) => self.training.form.type_character(character),
                    _ => self.training.form.erase(),
                }
                self.training.look(ground);
            }
            (Some(Overlay::MapEditor), Type(character)) => {
                self.drum_machine.type_digit(*character, ground);
            }
            (overlay, Close) => {
                self.midi.bindings.learning = None;
                if *overlay == Some(Overlay::MapEditor) {
                    self.drum_machine.put_map_back(ground);
                }
                overlays::apply(Close, ground);
            }
            (overlay, MoveSelection(_)) => {
                let last = match overlay {
                    Some(Overlay::Bindings { .. }) => {
                        self.midi.bindings.learning = None;
                        midi::last_line()
                    }
                    Some(Overlay::Chain { .. }) => chain::SLOTS - 1,
                    Some(Overlay::Qualities { .. }) => qualities::last_line(ground),
                    _ => usize::MAX,
                };
                overlays::apply(action, ground);
                overlays::no_further_than(last, ground);
            }
            _ => overlays::apply(action, ground),
        }
    }

    /// Takes the answer that was typed.
    fn answer(&mut self) {
        let Some(Overlay::Prompt { question, text }) = self.ground.screen.overlay.take() else {
            return;
        };
        let text = text.trim();
        if text.is_empty() && question != Question::Chain {
            return;
        }
        match answers::to_question(question, text) {
            Some(action) => self.apply(action),
            None => {
                let wanted = question.text();
                self.ground.complain(format!("{wanted}, not `{text}`."));
                self.ground.screen.prompt(question, text.into());
            }
        }
        // It was asked from the list of slots.
        if question == Question::Chain && self.ground.screen.overlay.is_none() {
            self.apply(chain::Action::ShowChain);
        }
    }
}
