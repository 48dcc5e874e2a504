//! What a session keeps of the ground, to be there again next time.

use std::collections::BTreeSet;
use std::path::absolute;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::pane::Pane;
use super::scene::{Anchor, End, Origin, Points, Scene};
use super::sound::{LaneState, Sound};
use super::sweeping::Sweeping;
use super::undo::Undo;
use super::{Config, Ground, ModelInfo, WaitingRun};
use crate::engine::Takeover;
use musicvae::checkpoint::catalogue::Source;
use musicvae::music::{LANES, Lane};

/// A latent space: points of one mean nothing in another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Space {
    /// The preset of the models that share it.
    pub preset: String,
    /// Its dimensions.
    pub z_size: usize,
}

impl Space {
    /// Points that stand in a row, as files have them.
    pub fn points(&self, row: &[f32]) -> Points {
        row.chunks(self.z_size.max(1))
            .map(<[f32]>::to_vec)
            .collect()
    }
}

/// What a session keeps. Taking one is cheap: scenes of the past are shared.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    pub scene: Arc<Scene>,
    /// Scenes before and after, the nearest last.
    pub past: Vec<Arc<Scene>>,
    pub future: Vec<Arc<Scene>>,
    pub sound: Sound,
    pub sweeping: Sweeping,
    pub lanes: [LaneState; LANES],
    pub locked_bars: BTreeSet<usize>,
    pub pane: Pane,
    /// The cursor of the grid.
    pub lane: usize,
    pub step: usize,
    /// Bars that are shown at a time; `None` for as many as there is room for.
    pub zoom: Option<usize>,
    /// The chain plays, and not the scene's groove.
    pub chain: bool,
    /// Whose points the scene's ends are.
    pub space: Option<Space>,
    /// The checkpoint in use.
    pub source: Option<Source>,
    /// The training runs that wait.
    pub runs: Vec<WaitingRun>,
}

/// Whether two names mean one checkpoint; a session has the whole path of a file.
fn is_same(one: &Source, other: &Source) -> bool {
    match (one, other) {
        (Source::File(one), Source::File(other)) => absolute(one).ok() == absolute(other).ok(),
        _ => one == other,
    }
}

impl Snapshot {
    /// Before the first groove.
    pub fn opening(config: &Config) -> Snapshot {
        Snapshot {
            scene: Arc::new(Scene::opening(config)),
            past: Vec::new(),
            future: Vec::new(),
            sound: Sound::from(config),
            sweeping: Sweeping::default(),
            lanes: [LaneState::default(); LANES],
            locked_bars: BTreeSet::new(),
            pane: Pane::default(),
            lane: 0,
            step: 0,
            zoom: None,
            chain: false,
            space: None,
            source: None,
            runs: Vec::new(),
        }
    }
}

impl ModelInfo {
    /// Where its latents lie.
    pub fn space(&self) -> Space {
        Space {
            preset: self.preset.clone(),
            z_size: self.z_size,
        }
    }
}

impl Ground {
    pub fn snapshot(&self) -> Snapshot {
        let in_use = self.model.as_ref().map(|model| &model.source);
        Snapshot {
            scene: Arc::new(self.scene.clone()),
            past: self.undo.past().to_vec(),
            future: self.undo.future().to_vec(),
            sound: self.sound,
            sweeping: self.sweeping,
            lanes: self.lanes,
            locked_bars: self.locked_bars.clone(),
            pane: self.screen.pane,
            lane: self.screen.lane,
            step: self.screen.step,
            zoom: self.screen.zoom,
            chain: self.chain.is_some(),
            space: self.space.clone(),
            source: self.loading.as_ref().or(in_use).cloned(),
            runs: self.runs.clone(),
        }
    }

    /// Makes everything as it was. The checkpoint in use stays where it is the same one, or where
    /// `keep_model` says so.
    pub fn restore(&mut self, snapshot: Snapshot, keep_model: bool) {
        self.forget_answers();
        self.chain = None;
        self.scene = Arc::unwrap_or_clone(snapshot.scene);
        self.undo = Undo::of(snapshot.past, snapshot.future);
        self.sound = snapshot.sound;
        self.sweeping = snapshot.sweeping;
        self.lanes = snapshot.lanes;
        self.locked_bars = snapshot.locked_bars;
        self.screen.pane = snapshot.pane;
        self.screen.lane = snapshot.lane.min(LANES - 1);
        self.screen.step = snapshot.step;
        self.screen.zoom = snapshot.zoom;
        self.space = snapshot.space;
        self.runs = snapshot.runs;
        self.cursor_inside();
        for command in self.sound.commands() {
            self.send(command);
        }
        for (lane, state) in Lane::ALL.into_iter().zip(self.lanes) {
            for command in state.commands(lane) {
                self.send(command);
            }
        }
        match snapshot.chain && !self.scene.slots.order().is_empty() {
            true => self.play_chain(),
            false => self.play_groove(Takeover::Now),
        }
        let there = self.loading.as_ref();
        let there = there.or(self.model.as_ref().map(|model| &model.source));
        match snapshot.source.filter(|_| !keep_model) {
            Some(source) if !there.is_some_and(|there| is_same(there, &source)) => {
                self.model = None;
                self.load(source);
            }
            _ => self.meet_model(),
        }
    }

    /// What to do when a scene meets another model: the scene's groove stays, and what depends on
    /// the model is asked for.
    pub fn meet_model(&mut self) {
        let Some(model) = &self.model else { return };
        let space = model.space();
        if self.space.as_ref() != Some(&space) {
            // Points of another space say nothing: new ones.
            let seeds = [0, 1].map(|more| self.scene.seed.wrapping_add(more));
            let heat = self.scene.temperature;
            let [a, b] = seeds.map(|seed| Anchor::drawn(model, seed, heat));
            self.scene.a = a;
            self.scene.b = b;
            self.scene.c = Anchor::empty();
            self.scene.d = Anchor::empty();
            self.scene.go_to(End::A);
            if matches!(self.scene.origin, Origin::Slider | Origin::Kept(_)) {
                self.scene.origin = Origin::Edited;
            }
            self.space = Some(space);
        }
        if self.scene.origin == Origin::Silence || self.scene.pending {
            self.decode(self.sound.takeover, true);
        } else {
            self.scene.a.preview = None;
            self.scene.b.preview = None;
            self.ask_previews();
        }
    }
}
