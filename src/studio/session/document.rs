//! A session as the text of its file, and back.
//!
//! Many scenes of the past have points and slots in common: those stand once, and scenes name them
//! by their places.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, absolute};
use std::sync::Arc;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::embedded;
use crate::studio::ground::stored::StoredGroove;
use crate::studio::ground::{
    Anchor, LaneState, Link, Origin, PadPath, Pane, Place, Points, SLOTS, Scene, Slot, Slots,
    Snapshot, Sound, Space, Sweeping, Undo, WaitingRun,
};
use musicvae::checkpoint::catalogue::Source;
use musicvae::model::Latent;
use musicvae::music::LANES;

/// The version in the files of this program; a file with a greater number is from a later one.
const VERSION: u32 = 1;

/// Strokes of the scenes of the past that are written, two megabytes: the file is rewritten with each
/// change. All that undo has of four bars are fewer.
const MOST_STROKES: usize = 100_000;

/// What is read first.
#[derive(Deserialize)]
struct Head {
    version: u32,
}

#[derive(Serialize, Deserialize)]
struct Document {
    version: u32,
    now: StoredScene,
    /// The nearest last.
    past: Vec<StoredScene>,
    future: Vec<StoredScene>,
    sound: Sound,
    #[serde(default)]
    sweeping: Sweeping,
    lanes: Vec<LaneState>,
    #[serde(default)]
    locked_bars: BTreeSet<usize>,
    pane: Pane,
    /// Lane and step of the cursor.
    cursor: (usize, usize),
    #[serde(default)]
    zoom: Option<usize>,
    chain: bool,
    space: Option<Space>,
    /// A file, or the name of a checkpoint inside the program.
    checkpoint: Option<String>,
    /// Those of an end of the slider stand in a row.
    points: Vec<Latent>,
    slots: Vec<StoredSlot>,
    #[serde(default)]
    paths: Vec<Vec<Place>>,
    /// Each by itself: one of another version of this program is no reason to lose the rest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    runs: Vec<serde_json::Value>,
}

#[derive(Serialize, Deserialize)]
struct StoredScene {
    groove: StoredGroove,
    origin: Origin,
    a: StoredAnchor,
    b: StoredAnchor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    c: Option<StoredAnchor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    d: Option<StoredAnchor>,
    slider: f32,
    #[serde(default)]
    pad_y: f32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<usize>,
    temperature: f32,
    qualities: BTreeMap<String, f32>,
    seed: u64,
    next_seed: u64,
    pending: bool,
    slots: Vec<Option<usize>>,
    links: Vec<Link>,
}

#[derive(Serialize, Deserialize)]
struct StoredAnchor {
    name: String,
    seed: Option<u64>,
    point: usize,
}

#[derive(Serialize, Deserialize)]
struct StoredSlot {
    name: String,
    groove: StoredGroove,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fill: Option<StoredGroove>,
}

/// What scenes share, and its index in the file.
#[derive(Default)]
struct Common {
    points: Vec<Latent>,
    point_places: HashMap<Vec<u32>, usize>,
    slots: Vec<StoredSlot>,
    slot_places: HashMap<*const Slot, usize>,
    paths: Vec<PadPath>,
}

impl Common {
    fn scene(&mut self, scene: &Scene) -> StoredScene {
        let slots = scene.slots.all.iter();
        StoredScene {
            groove: StoredGroove::from(&scene.groove),
            origin: scene.origin.clone(),
            a: self.anchor(&scene.a),
            b: self.anchor(&scene.b),
            c: (!scene.c.is_empty()).then(|| self.anchor(&scene.c)),
            d: (!scene.d.is_empty()).then(|| self.anchor(&scene.d)),
            slider: scene.slider,
            pad_y: scene.pad_y,
            path: (!scene.path.is_empty()).then(|| self.path(&scene.path)),
            temperature: scene.temperature,
            qualities: scene.qualities.clone(),
            seed: scene.seed,
            next_seed: scene.next_seed,
            pending: scene.pending,
            slots: slots
                .map(|slot| slot.as_ref().map(|slot| self.slot(slot)))
                .collect(),
            links: scene.slots.links.clone(),
        }
    }

    fn anchor(&mut self, anchor: &Anchor) -> StoredAnchor {
        let row = anchor.z.concat();
        let bits = row.iter().map(|number| number.to_bits()).collect();
        let point = *self.point_places.entry(bits).or_insert_with(|| {
            self.points.push(row);
            self.points.len() - 1
        });
        StoredAnchor {
            name: anchor.name.clone(),
            seed: anchor.seed,
            point,
        }
    }

    fn path(&mut self, path: &PadPath) -> usize {
        let there = self.paths.iter().position(|it| Arc::ptr_eq(it, path));
        there.unwrap_or_else(|| {
            self.paths.push(path.clone());
            self.paths.len() - 1
        })
    }

    fn slot(&mut self, slot: &Arc<Slot>) -> usize {
        *self
            .slot_places
            .entry(Arc::as_ptr(slot))
            .or_insert_with(|| {
                self.slots.push(StoredSlot {
                    name: slot.name.clone(),
                    groove: StoredGroove::from(&slot.groove),
                    fill: slot.fill.as_ref().map(StoredGroove::from),
                });
                self.slots.len() - 1
            })
    }
}

/// The text of a session's file.
pub fn encode(snapshot: &Snapshot) -> String {
    let mut common = Common::default();
    let now = common.scene(&snapshot.scene);
    let mut scenes = |list| recent(list).iter().map(|it| common.scene(it)).collect();
    let (past, future) = (scenes(&snapshot.past), scenes(&snapshot.future));
    let document = Document {
        version: VERSION,
        now,
        past,
        future,
        sound: snapshot.sound,
        sweeping: snapshot.sweeping,
        lanes: snapshot.lanes.to_vec(),
        locked_bars: snapshot.locked_bars.clone(),
        pane: snapshot.pane,
        cursor: (snapshot.lane, snapshot.step),
        zoom: snapshot.zoom,
        chain: snapshot.chain,
        space: snapshot.space.clone(),
        checkpoint: snapshot.source.as_ref().and_then(checkpoint),
        points: common.points,
        slots: common.slots,
        paths: common.paths.iter().map(|path| path.to_vec()).collect(),
        runs: (snapshot.runs.iter().cloned().map(from_anywhere))
            .flat_map(serde_json::to_value)
            .collect(),
    };
    // Numbers and names have a form in JSON: this can't fail.
    serde_json::to_string(&document).unwrap_or_default()
}

/// The nearest of some scenes, the nearest last: as many as have [`MOST_STROKES`] between them.
fn recent(scenes: &[Arc<Scene>]) -> &[Arc<Scene>] {
    let mut strokes = 0;
    let nearest = scenes.iter().rev().take_while(|scene| {
        strokes += scene.groove.hits().count();
        strokes <= MOST_STROKES
    });
    &scenes[scenes.len() - nearest.count()..]
}

/// A run that waits, whatever the working folder will be.
fn from_anywhere((mut settings, device): WaitingRun) -> WaitingRun {
    for path in [&mut settings.data, &mut settings.out] {
        if let Ok(whole) = absolute(&*path) {
            *path = whole;
        }
    }
    (settings, device)
}

/// What a checkpoint is called from anywhere.
fn checkpoint(source: &Source) -> Option<String> {
    match source {
        Source::Embedded(embedded) => Some(embedded.name.into()),
        Source::File(path) => {
            let path = absolute(path).unwrap_or_else(|_| path.clone());
            path.to_str().map(String::from)
        }
    }
}

/// The session of a file's text.
///
/// # Errors
/// Which part of it makes no sense, or that a later program wrote it.
pub fn decode(text: &str) -> anyhow::Result<Snapshot> {
    let Head { version } = serde_json::from_str(text)?;
    anyhow::ensure!(
        version <= VERSION,
        "a later version of this program wrote it"
    );
    let document: Document = serde_json::from_str(text)?;
    let slots = document.slots.into_iter();
    let slots = slots.map(StoredSlot::read).collect::<Result<_, _>>()?;
    let space = document.space.as_ref();
    let apart = |row: Latent| match space {
        Some(space) => space.points(&row),
        None => Vec::new(),
    };
    let shared = Shared {
        points: document.points.into_iter().map(apart).collect(),
        slots,
        paths: document.paths.into_iter().map(PadPath::from).collect(),
    };
    let scenes = |stored: Vec<StoredScene>| {
        let skipped = stored.len().saturating_sub(Undo::DEPTH);
        let scenes = stored.into_iter().skip(skipped);
        let scenes = scenes.map(|scene| shared.scene(scene).map(Arc::new));
        scenes.collect::<anyhow::Result<Vec<_>>>()
    };
    let mut lanes = [LaneState::default(); LANES];
    for (place, stored) in lanes.iter_mut().zip(document.lanes) {
        *place = stored.in_range();
    }
    Ok(Snapshot {
        scene: Arc::new(shared.scene(document.now)?),
        past: scenes(document.past)?,
        future: scenes(document.future)?,
        sound: document.sound.in_range(),
        sweeping: document.sweeping.in_range(),
        lanes,
        locked_bars: document.locked_bars,
        pane: document.pane,
        lane: document.cursor.0,
        step: document.cursor.1,
        zoom: document.zoom.filter(|bars| *bars > 0),
        chain: document.chain,
        space: document.space,
        source: document
            .checkpoint
            .map(|name| embedded::named(Path::new(&name))),
        runs: (document.runs.into_iter())
            .flat_map(serde_json::from_value)
            .collect(),
    })
}

/// What the scenes of a file have in common.
struct Shared {
    points: Vec<Points>,
    slots: Vec<Arc<Slot>>,
    paths: Vec<PadPath>,
}

impl Shared {
    fn scene(&self, stored: StoredScene) -> anyhow::Result<Scene> {
        let unit = |value: f32| (0.0..=1.0).contains(&value);
        anyhow::ensure!(
            unit(stored.slider) && unit(stored.pad_y) && unit(stored.temperature / 2.0),
            "a slider or a temperature is out of range"
        );
        let path = match stored.path {
            Some(at) => self.paths.get(at).context("a path is missing")?.clone(),
            None => PadPath::default(),
        };
        anyhow::ensure!(
            path.iter().all(|&(x, y)| unit(x) && unit(y)),
            "a path leaves the pad"
        );
        let corner = |stored: Option<StoredAnchor>| {
            stored.map_or_else(|| Ok(Anchor::empty()), |stored| self.anchor(stored))
        };
        let mut slots = Slots::default();
        for (place, stored) in slots.all.iter_mut().zip(stored.slots) {
            let slot = stored.map(|at| self.slots.get(at).context("a slot is missing"));
            *place = slot.transpose()?.cloned();
        }
        let sound = |link: &Link| link.slot < SLOTS && link.repeats > 0;
        let links = stored.links.into_iter().filter(sound);
        slots.links = links.map(Link::in_range).collect();
        Ok(Scene {
            groove: stored.groove.read()?,
            origin: stored.origin,
            a: self.anchor(stored.a)?,
            b: self.anchor(stored.b)?,
            c: corner(stored.c)?,
            d: corner(stored.d)?,
            slider: stored.slider,
            pad_y: stored.pad_y,
            path,
            temperature: stored.temperature,
            qualities: stored.qualities,
            seed: stored.seed,
            next_seed: stored.next_seed,
            slots,
            took_tempo: None,
            pending: stored.pending,
        })
    }

    fn anchor(&self, stored: StoredAnchor) -> anyhow::Result<Anchor> {
        let z = self
            .points
            .get(stored.point)
            .context("a point is missing")?;
        Ok(Anchor {
            z: z.clone(),
            name: stored.name,
            seed: stored.seed,
            music: None,
            preview: None,
        })
    }
}

impl StoredSlot {
    fn read(self) -> anyhow::Result<Arc<Slot>> {
        Ok(Arc::new(Slot {
            groove: self.groove.read()?,
            name: self.name,
            fill: self.fill.map(StoredGroove::read).transpose()?,
        }))
    }
}
