//! The line of the transport.

use ratatui::text::{Line, Span};

use crate::studio::devices::Action::Choose;
use crate::studio::midi::Action::ToggleOverdub;
use crate::studio::morph::Action::NudgeTemperature;
use crate::studio::overlays::Action::{Ask, ShowHelp};
use crate::studio::playing::Action::{
    CycleCountIn, CycleTakeover, NudgeClick, NudgeDynamics, NudgeLevel, NudgeSwing, NudgeTempo,
    NudgeTiming, ToggleMetronome, TogglePlay,
};
use crate::studio::record::Action::ToggleRecord;
use crate::studio::{AudioState, Kind, MidiState, Question, Recording, Studio, Takeover};
use crate::tui::kit::{Canvas, Reply, Theme};

/// A few words, and what the mouse does on them.
struct Item {
    /// Where not all fit, the highest go first; 0 never.
    rank: u8,
    spans: Vec<Span<'static>>,
    press: Option<Reply>,
    /// What a notch of the wheel does, up and down.
    wheel: Option<(Reply, Reply)>,
}

impl Item {
    fn new(rank: u8, spans: Vec<Span<'static>>) -> Item {
        Item {
            rank,
            spans,
            press: None,
            wheel: None,
        }
    }

    fn pressed(self, reply: impl Into<Reply>) -> Item {
        Item {
            press: Some(reply.into()),
            ..self
        }
    }

    /// The wheel makes it more by `step`, or less.
    fn turned<A: Into<Reply>>(self, nudge: impl Fn(f32) -> A, step: f32) -> Item {
        Item {
            wheel: Some((nudge(step).into(), nudge(-step).into())),
            ..self
        }
    }

    fn width(&self) -> usize {
        self.spans.iter().map(Span::width).sum()
    }

    fn show(self, x: u16, canvas: &mut Canvas) {
        let mut place = canvas.piece((x, 0), self.width());
        if let Some(reply) = self.press {
            place.on_press(reply);
        }
        if let Some((up, down)) = self.wheel {
            place.on_wheel(up, down);
        }
        place.show(Line::from(self.spans));
    }
}

/// Transport and feel; what matters less is left out where it doesn't fit.
pub fn header(studio: &Studio, canvas: &mut Canvas) {
    let mut lamps = lamps(studio, canvas.theme);
    let mut lamps_width: usize = lamps.iter().map(Item::width).sum();
    let room = usize::from(canvas.width());
    let mut items = items(studio, canvas.theme);
    while width(&items) + lamps_width + 1 > room && items.len() > 1 {
        let last = items.iter().map(|item| item.rank).max().unwrap_or(0);
        if last == 0 {
            break;
        }
        items.retain(|item| item.rank != last);
    }
    let lamps_fit = width(&items) + lamps_width < room;
    // What computes stands before them where there is room left.
    let device = format!("{} ", studio.ground.device.name);
    if width(&items) + lamps_width + device.len() < room {
        lamps_width += device.len();
        let device = Item::new(0, vec![Span::styled(device, canvas.theme.faint())]);
        lamps.insert(0, device.pressed(Choose(Kind::Device)));
    }
    let mut x = 1;
    for item in items {
        let width = item.width() as u16 + 2;
        item.show(x, canvas);
        x += width;
    }
    // The line of messages says why something is off anyway.
    if lamps_fit {
        let mut x = canvas.width().saturating_sub(lamps_width as u16);
        for lamp in lamps {
            let width = lamp.width() as u16;
            lamp.show(x, canvas);
            x += width;
        }
    }
}

/// With the blanks around each.
fn width(items: &[Item]) -> usize {
    items.iter().map(Item::width).sum::<usize>() + 2 * items.len()
}

/// Everything that there is to say, from left to right.
fn items(studio: &Studio, theme: Theme) -> Vec<Item> {
    let (transport, sound) = (&studio.ground.transport, &studio.ground.sound);
    let percent = |amount: f32| format!("{:.0}%", amount * 100.0);
    let named = |rank, name: &str, value: String| {
        let name = Span::styled(format!("{name} "), theme.faint());
        Item::new(rank, vec![name, Span::styled(value, theme.strong())])
    };
    let name = Span::styled(" musicvae-tui ", theme.accent());
    let mut items = vec![
        Item::new(11, vec![name]).pressed(ShowHelp),
        Item::new(0, playing(studio, theme)).pressed(TogglePlay),
    ];
    if let Some(recording) = &transport.recording {
        items.push(Item::new(0, vec![recorded(recording, theme)]).pressed(ToggleRecord));
        items.push(named(1, "to", recording.name.clone()));
    }
    let tempo = named(0, "bpm", studio.ground.tempo_words());
    let tempo = tempo.turned(|by| NudgeTempo(by.into()), 1.0);
    items.push(tempo.pressed(Ask(Question::Tempo)));
    if let Some(bars) = sound.looped {
        items.push(named(2, "bars", bars.to_string()).pressed(Ask(Question::Loop)));
    }
    let temperature = format!("{:.2}", studio.ground.scene.temperature);
    let temperature = named(2, "temp", temperature).turned(NudgeTemperature, 0.05);
    items.push(temperature.pressed(Ask(Question::Temperature)));
    let seed = named(3, "last seed", studio.ground.scene.seed.to_string());
    items.push(seed.pressed(Ask(Question::Seed)));
    items.push(named(5, "swing", percent(sound.swing)).turned(NudgeSwing, 0.01));
    items.push(named(6, "timing", percent(sound.timing)).turned(NudgeTiming, 0.1));
    items.push(named(9, "dynamics", percent(sound.dynamics)).turned(NudgeDynamics, 0.1));
    items.push(named(10, "level", percent(sound.level)).turned(NudgeLevel, 0.05));
    items.push(named(4, "new at", takeover(studio, theme)).pressed(CycleTakeover));
    if sound.metronome {
        let click = named(8, "click", percent(sound.click)).turned(NudgeClick, 0.1);
        items.push(click.pressed(ToggleMetronome));
    }
    if sound.count_in > 0 {
        items.push(named(7, "count-in", sound.count_in.to_string()).pressed(CycleCountIn));
    }
    items
}

/// `▶ playing 2:2:120`
fn playing(studio: &Studio, theme: Theme) -> Vec<Span<'static>> {
    let state = if studio.ground.transport.playing {
        let style = theme.good().patch(theme.strong());
        Span::styled(theme.pick("▶ playing", "> playing"), style)
    } else {
        Span::styled(theme.pick("■ stopped", "# stopped"), theme.strong())
    };
    let position = studio.ground.transport.position;
    // Bars before the first are counted as in a score: -2, -1, 1.
    let bar = match position.count_in {
        0 => (position.bar + 1).to_string(),
        bars => format!("-{bars}"),
    };
    let place = format!(" {bar}:{}:{:03}", position.beat + 1, position.tick);
    vec![state, Span::raw(place)]
}

/// When something new is heard, and whether it waits for that.
fn takeover(studio: &Studio, theme: Theme) -> String {
    let moment = match studio.ground.sound.takeover {
        Takeover::Now => "now",
        Takeover::NextBar => "bar",
        Takeover::NextLoop => "loop",
    };
    let waiting = if studio.ground.transport.takeover_pending {
        theme.pick("…", "..")
    } else {
        ""
    };
    format!("{moment}{waiting}")
}

/// `● rec 1:05`, or that it waits.
fn recorded(recording: &Recording, theme: Theme) -> Span<'static> {
    let dot = theme.pick("●", "*");
    let time = match recording.seconds {
        None => "waits".to_string(),
        Some(seconds) => {
            let seconds = seconds as u64;
            format!("{}:{:02}", seconds / 60, seconds % 60)
        }
    };
    Span::styled(format!("{dot} rec {time}"), theme.trouble())
}

/// What is connected: sound, MIDI, and what plays on pads.
fn lamps(studio: &Studio, theme: Theme) -> Vec<Item> {
    let transport = &studio.ground.transport;
    let audio = matches!(transport.audio, AudioState::On { .. });
    let midi_on = |state: &MidiState| matches!(state, MidiState::On { .. });
    let midi = midi_on(&transport.midi);
    let word = |on: bool| if on { "on" } else { "off" };
    let lamp = |text: String, style| Item::new(0, vec![Span::styled(text, style)]);
    let style = |on: bool| if on { theme.good() } else { theme.faint() };
    let mut lamps = Vec::new();
    if studio.midi.overdub {
        let pads = theme.pick("● pads ", "* pads ");
        lamps.push(lamp(pads.into(), theme.trouble()).pressed(ToggleOverdub));
    }
    let sound = lamp(format!("audio {} ", word(audio)), style(audio));
    lamps.push(sound.pressed(Choose(Kind::AudioOutput)));
    let port = lamp(format!("MIDI {} ", word(midi)), style(midi));
    lamps.push(port.pressed(Choose(Kind::MidiPort)));
    if midi_on(&transport.midi_in) {
        let input = lamp("in on ".into(), style(true));
        lamps.push(input.pressed(Choose(Kind::MidiInput)));
    }
    lamps
}
