//! A studio without threads: a fake model answers its effects at once, and the test reads them.

use std::collections::BTreeMap;
use std::path::Path;

use crossterm::event::{
    Event as TerminalEvent, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use musicvae::model::{Head, Latent, Prior};
use musicvae::music::{Groove, Hit, Lane};
use musicvae_tui::engine::Request;
use musicvae_tui::studio::bring::Listing;
use musicvae_tui::studio::{
    Action, Archive, Config, Details, Effect, Entry, Event, Kin, ModelInfo, Opening, Points,
    Quality, Record, Rework, Source, Split, Studio, music, read_habits, read_library, rehearse,
};
use musicvae_tui::tui::{Key, Keymap, Palette, Pointer, Targets, Theme, View, actions, draw};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

pub const Z_SIZE: usize = 16;
pub const STEPS: usize = 64;

/// As a terminal shows it that has neither colours nor other characters than ASCII.
pub const PLAIN: Theme = Theme {
    color: false,
    ascii: true,
    palette: Palette::TERMINAL,
};

/// As a terminal with colours shows it.
pub const COLOR: Theme = Theme {
    color: true,
    ascii: false,
    palette: Palette::TERMINAL_ON_DARK,
};

/// A studio, the keys, and every effect so far.
pub struct Workbench {
    /// Where what is to be kept is kept.
    pub archive: Option<Archive>,
    pub studio: Studio,
    pub keymap: Keymap,
    pub pointer: Pointer,
    pub effects: Vec<Effect>,
    /// How often the model was asked for what is only looked at.
    pub glimpsed: usize,
}

pub fn record(step: u64, split: Split, total: f64) -> Record {
    Record {
        loss: total,
        hits: 4.0,
        velocities: 3.0,
        offsets: 2.0,
        kl_bits: 30.0,
        examples_per_second: 100.0,
        ..Record::new(step, split, Default::default())
    }
}

pub fn model(name: &str) -> ModelInfo {
    let mut log: Vec<Record> = (1..=50)
        .map(|step| record(step, Split::Train, 20.0 - step as f64 * 0.2))
        .collect();
    log.push(record(50, Split::Validation, 11.5));
    ModelInfo {
        source: Source::File(format!("{name}.safetensors").into()),
        name: name.into(),
        preset: "groovae_4bar".into(),
        step: 50,
        z_size: Z_SIZE,
        prior: Prior::default(),
        head: Head::Groove,
        steps: STEPS,
        log,
        qualities: Ok(qualities()),
    }
}

/// Two measures and two styles, each a direction of its own.
pub fn qualities() -> Vec<Quality> {
    let quality = |(place, name): (usize, &str)| Quality {
        name: name.into(),
        style: place >= 2,
        vector: (0..Z_SIZE)
            .map(|i| f32::from(u8::from(i % 4 == place)))
            .collect(),
    };
    let names = ["density", "swing", "funk", "hip_hop"];
    names.into_iter().enumerate().map(quality).collect()
}

/// A line of the checkpoint list that can be loaded.
pub fn entry(name: &str) -> Entry {
    Entry {
        source: Source::File(format!("{name}.safetensors").into()),
        name: name.into(),
        preset: "groovae_4bar".into(),
        step: 50,
        validation_loss: None,
        age: None,
        error: None,
        unplayable: None,
        rework: None,
        details: Details::default(),
    }
}

/// Another groove for each kind of work: as loud everywhere as the place of the kind says.
pub fn fake_rework(rework: Rework, groove: &Groove) -> Groove {
    let mut groove = groove.clone();
    for hit in groove.steps.iter_mut().flatten().flatten() {
        hit.velocity = match rework {
            Rework::Humanize => 0.25,
            Rework::Drumify => 0.5,
            Rework::AddHats => 0.75,
        };
    }
    groove
}

/// The groove with a ride on the step of the seed wherever nothing has to stay, or with toms in the
/// bar of a fill; or the groove and its last window again, with a crash at its beginning.
pub fn fake_relative(groove: &Groove, kin: &Kin, seed: u64) -> Groove {
    let mut made = groove.clone();
    let hit = |velocity| Some(Hit::new(velocity, 0.0));
    if let Kin::Extension(kept) = kin {
        let mut more = groove.steps[groove.steps.len().saturating_sub(STEPS)..].to_vec();
        more = more.into_iter().cycle().take(STEPS).collect();
        if !kept.has(0, Lane::Crash) {
            more[0][Lane::Crash.index()] = hit(1.0);
        }
        made.steps.extend(more);
        return made;
    }
    for (step, lanes) in made.steps.iter_mut().enumerate() {
        let place = step as u64 % 16;
        match kin {
            Kin::Variation(it) if place == seed % 16 => {
                for lane in [Lane::ClosedHat, Lane::Ride] {
                    if !it.kept.has(step, lane) {
                        lanes[lane.index()] = hit(it.amount);
                    }
                }
            }
            Kin::Fill(it) if step / 16 == it.bar => {
                for lane in Lane::ALL
                    .into_iter()
                    .filter(|lane| !it.kept.has(step, *lane))
                {
                    let velocity = 0.3 + (seed % 64) as f32 / 128.0;
                    lanes[lane.index()] = hit(velocity).filter(|_| lane == Lane::LowTom);
                }
            }
            _ => {}
        }
    }
    made
}

/// A backbeat whose fills depend on the latent: enough to tell grooves apart.
pub fn fake_decode(z: &Latent, temperature: f32) -> Groove {
    let mut groove = Groove::empty(STEPS);
    for step in 0..STEPS {
        let hit = |velocity: f32, offset: f32| Some(Hit::new(velocity, offset));
        let lanes = &mut groove.steps[step];
        if step % 8 == 0 {
            lanes[0] = hit(0.9, 0.0);
        }
        if step % 8 == 4 {
            lanes[1] = hit(0.8, -0.1);
        }
        if z[step % z.len()] > 0.3 {
            lanes[2] = hit((0.3 + temperature * 0.2).min(1.0), 0.1);
        }
    }
    groove
}

/// A groove of so many steps, a window for each point in turn.
pub fn fake_long(points: &Points, steps: usize, temperature: f32) -> Groove {
    let windows = points.iter().cycle().map(|z| fake_decode(z, temperature));
    let all = windows.flat_map(|window| window.steps);
    Groove {
        steps: all.take(steps).collect(),
        ..Groove::empty(0)
    }
}

/// What the engine is asked for, as an effect.
pub fn engine(request: impl Into<Request>) -> Effect {
    Effect::Engine(request.into())
}

impl Workbench {
    /// With no model yet.
    pub fn bare() -> Workbench {
        let mut config = Config::default();
        config.sampling.seed = 1;
        let keymap = Keymap::new(&BTreeMap::new()).unwrap();
        let mut bench = Workbench {
            archive: None,
            studio: Studio::new(config),
            keymap,
            pointer: Pointer::default(),
            effects: Vec::new(),
            glimpsed: 0,
        };
        bench.settle();
        bench
    }

    /// With the fake model loaded, and all that a folder keeps, as the program begins.
    pub fn over(folder: &Path) -> Workbench {
        let mut bench = Workbench::bare();
        let config = &mut bench.studio.ground.config;
        config.session.folder = folder.into();
        bench.archive = Some(Archive::of(folder.into(), config.clone()));
        bench.begin(Opening::default());
        bench
    }

    /// Begins as the program does, and has the fake model loaded.
    pub fn begin(&mut self, opening: Opening) {
        if self.archive.is_some() {
            let folder = &self.studio.ground.config.session.folder;
            let habits = read_habits(folder);
            self.studio.take_habits(habits);
        }
        self.studio.begin(opening);
        self.settle();
        self.receive(Event::Loaded(model("fake")));
    }

    /// With the fake model loaded and its first groove there.
    pub fn ready() -> Workbench {
        let mut bench = Workbench::bare();
        bench.receive(Event::Loaded(model("fake")));
        bench
    }

    pub fn apply(&mut self, action: impl Into<Action>) {
        self.studio.apply(action);
        self.settle();
    }

    pub fn receive(&mut self, event: Event) {
        // A model that comes is the one that was asked for.
        if let Event::Loaded(model) = &event {
            self.studio.ground.loading = Some(model.source.clone());
        }
        self.studio.receive(event);
        self.settle();
    }

    /// Answers what is asked of models and disks until nothing is asked any more.
    pub fn settle(&mut self) {
        loop {
            let asked = self.studio.take_effects();
            if asked.is_empty() {
                return;
            }
            for effect in asked {
                match &effect {
                    Effect::Decode {
                        ticket,
                        z,
                        steps,
                        how,
                        ..
                    } => {
                        let play = |points| fake_long(points, *steps, how.temperature);
                        let grooves = z.iter().map(play).collect();
                        self.studio.receive(Event::Decoded {
                            ticket: *ticket,
                            grooves,
                        });
                    }
                    Effect::Encode { ticket, groove } => {
                        let windows = groove.steps.len().div_ceil(STEPS);
                        self.studio.receive(Event::Encoded {
                            ticket: *ticket,
                            z: vec![vec![0.5; Z_SIZE]; windows],
                        });
                    }
                    Effect::Rework {
                        ticket,
                        rework,
                        groove,
                        ..
                    } => {
                        self.studio.receive(Event::Reworked {
                            ticket: *ticket,
                            groove: fake_rework(*rework, groove),
                        });
                    }
                    Effect::Rehearse(path, how) => {
                        let played = rehearse(path, *how).map_err(|error| error.to_string());
                        self.studio.receive(Event::Rehearsed(played));
                    }
                    Effect::Relate {
                        ticket,
                        groove,
                        kin,
                        seeds,
                        ..
                    } => {
                        let relative = |seed: &u64| fake_relative(groove, kin, *seed);
                        self.studio.receive(Event::Related {
                            ticket: *ticket,
                            grooves: seeds.iter().map(relative).collect(),
                        });
                    }
                    Effect::Glimpse { ticket, z, .. } => {
                        let decoded = |z: &Points| fake_decode(&z[0], 0.5);
                        self.studio.receive(Event::Related {
                            ticket: *ticket,
                            grooves: z.iter().map(decoded).collect(),
                        });
                    }
                    Effect::Keep(keeping) => {
                        let archive = self.archive.as_mut();
                        let event = archive.and_then(|it| it.perform(keeping.clone()));
                        if let Some(event) = event {
                            self.studio.receive(event);
                        }
                    }
                    Effect::ListFiles { folder, below } => {
                        let listing = match below {
                            true => Listing::below(folder, &mut || false).unwrap(),
                            false => Listing::of(folder),
                        };
                        self.studio.receive(Event::Files(listing));
                    }
                    Effect::ReadMusic {
                        paths,
                        bars,
                        purpose,
                    } => self.studio.receive(music(paths, *bars, *purpose)),
                    Effect::ReadLibrary => {
                        let folder = &self.studio.ground.config.session.folder;
                        let event = read_library(folder).unwrap();
                        self.studio.receive(event);
                    }
                    _ => {}
                }
                match effect {
                    // Nobody asked for what is only looked at.
                    Effect::Glimpse { .. } => self.glimpsed += 1,
                    effect => self.effects.push(effect),
                }
            }
        }
    }

    /// Presses keys, named as the configuration names them.
    pub fn press(&mut self, keys: &str) {
        for name in keys.split_whitespace() {
            let key = Key::parse(name).unwrap_or_else(|| panic!("no key `{name}`"));
            let event = KeyEvent::new(key.code, key.modifiers);
            self.receive_terminal(TerminalEvent::Key(event));
        }
    }

    /// The left button goes down, on a screen of 120 by 40.
    pub fn click(&mut self, at: (u16, u16)) {
        self.mouse(MouseEventKind::Down(MouseButton::Left), at);
        self.mouse(MouseEventKind::Up(MouseButton::Left), at);
    }

    /// The left button goes down at the first place, moves to the others, and is let go.
    pub fn drag(&mut self, places: &[(u16, u16)]) {
        self.mouse(MouseEventKind::Down(MouseButton::Left), places[0]);
        for &at in &places[1..] {
            self.mouse(MouseEventKind::Drag(MouseButton::Left), at);
        }
        let last = places[places.len() - 1];
        self.mouse(MouseEventKind::Up(MouseButton::Left), last);
    }

    /// Notches of the wheel, downwards.
    pub fn wheel(&mut self, notches: i32, at: (u16, u16)) {
        let kind = match notches < 0 {
            true => MouseEventKind::ScrollUp,
            false => MouseEventKind::ScrollDown,
        };
        for _ in 0..notches.abs() {
            self.mouse(kind, at);
        }
    }

    /// The mouse does something, on a screen of 120 by 40.
    pub fn mouse(&mut self, kind: MouseEventKind, (column, row): (u16, u16)) {
        let (_, targets) = self.drawn(120, 40, COLOR);
        self.pointer.see(targets);
        self.receive_terminal(TerminalEvent::Mouse(MouseEvent {
            kind,
            column,
            row,
            modifiers: KeyModifiers::NONE,
        }));
    }

    /// Where a text stands on a screen of 120 by 40.
    pub fn find(&self, text: &str) -> (u16, u16) {
        let lines = self.screen(120, 40);
        let found = lines.iter().enumerate().find_map(|(y, line)| {
            let x = line[..line.find(text)?].chars().count();
            Some((x as u16, y as u16))
        });
        found.unwrap_or_else(|| panic!("no `{text}` in:\n{}", lines.join("\n")))
    }

    /// What the terminal reports goes the same way as in the program.
    pub fn receive_terminal(&mut self, event: TerminalEvent) {
        let keymap = &self.keymap;
        for action in actions(&self.studio, keymap, &mut self.pointer, event) {
            self.apply(action);
        }
    }

    /// What was asked for since the last call.
    pub fn take(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// The last message.
    pub fn said(&self) -> String {
        self.studio
            .ground
            .messages
            .iter()
            .next_back()
            .map_or(String::new(), |message| message.text.clone())
    }

    /// The screen as lines of text.
    pub fn screen(&self, width: u16, height: u16) -> Vec<String> {
        self.screen_with(width, height, COLOR)
    }

    pub fn screen_with(&self, width: u16, height: u16, theme: Theme) -> Vec<String> {
        let buffer = self.buffer(width, height, theme);
        let line = |y| {
            (0..width)
                .map(|x| buffer[(x, y)].symbol())
                .collect::<String>()
        };
        (0..height).map(line).collect()
    }

    pub fn buffer(&self, width: u16, height: u16, theme: Theme) -> Buffer {
        self.drawn(width, height, theme).0
    }

    /// The screen, and what a mouse does there.
    fn drawn(&self, width: u16, height: u16, theme: Theme) -> (Buffer, Targets) {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let view = View {
            theme,
            keymap: &self.keymap,
        };
        let mut targets = Targets::default();
        terminal
            .draw(|frame| targets = draw(&self.studio, &view, frame))
            .unwrap();
        (terminal.backend().buffer().clone(), targets)
    }
}
