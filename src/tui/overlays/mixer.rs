//! The mixer, over the panes: levels, places and meters of the lanes, the notes that they send, and
//! what sound and MIDI are doing now.

use ratatui::style::Style;

use crate::engine::range::LEVEL;
use crate::studio::devices::Action::Choose;
use crate::studio::midi::Action::ToggleFollow;
use crate::studio::mixer::Action::{SelectLane, SetPan};
use crate::studio::playing::Action::{
    NudgeLaneLevel, NudgeLevel, SetLaneLevel, SetLevel, ToggleMute, ToggleSolo,
};
use crate::studio::{AudioState, ClockOut, Kind, MidiState, Studio, Sync};
use crate::tui::kit::{Canvas, Reply, shortened, window};
use musicvae::music::{LANES, Lane};

/// Columns of the window.
const WIDTH: u16 = 76;
/// Where the levels begin.
const LEVELS: u16 = 8;
/// Columns of a place's rail and of a meter.
const RAIL: u16 = 9;
const METER: u16 = 9;

/// Where the columns are: what a lane sends matters more than its meter, and than a long bar.
#[derive(Clone, Copy)]
struct Columns {
    /// Columns of a level's bar.
    bar: u16,
    places: u16,
    meters: Option<u16>,
    switches: u16,
    notes: u16,
}

impl Columns {
    fn within(width: u16) -> Columns {
        let is_narrow = width + 4 < WIDTH;
        let bar = if is_narrow { 6 } else { 12 };
        let places = LEVELS + bar + 7;
        let meters = places + RAIL + 6;
        let switches = if is_narrow {
            meters
        } else {
            meters + METER + 2
        };
        Columns {
            bar,
            places,
            meters: (!is_narrow).then_some(meters),
            switches,
            notes: switches + 7,
        }
    }
}

pub fn draw(studio: &Studio, body: &mut Canvas) {
    let devices = devices(studio);
    let height = 2 + LANES + 1 + devices.len();
    let mut inner = window("Mixer and devices", (WIDTH, height), body);
    let theme = inner.theme;
    let columns = Columns::within(inner.width());
    for (x, text) in [
        (Some(LEVELS), "level"),
        (Some(columns.places), "pan"),
        (columns.meters, "meter"),
        (Some(columns.switches), "m S f"),
        (Some(columns.notes), "MIDI"),
    ] {
        if let Some(x) = x {
            inner.put((x, 0), text, theme.faint());
        }
    }
    for (y, lane) in (1..).zip(Lane::ALL) {
        strip(lane, studio, y, columns, &mut inner);
    }
    let y = LANES as u16 + 1;
    master(studio, y, columns, &mut inner);
    for (
        y,
        Device {
            name,
            words,
            on,
            choose,
        },
    ) in (y + 2..).zip(devices)
    {
        inner.lines(y, 1).on_press(choose);
        inner.put((1, y), name, theme.faint());
        let room = usize::from(inner.width().saturating_sub(LEVELS + 4));
        let style = if on { theme.plain() } else { theme.faint() };
        let words = shortened(&words, room, theme.ascii);
        inner.put((LEVELS + 4, y), &words, style);
    }
}

/// A lane in one line.
fn strip(lane: Lane, studio: &Studio, y: u16, columns: Columns, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let state = studio.ground.lanes[lane.index()];
    let by = lane.index() as isize - studio.ground.screen.lane as isize;
    let select = move || Reply::from(SelectLane(by));
    canvas
        .lines(y, 1)
        .answer(move |gesture| match gesture.notches() {
            Some(notches) => vec![select(), NudgeLaneLevel(notches as f32 * -0.05).into()],
            None => Vec::from_iter(gesture.is_press().then(select)),
        });
    let ink = match studio.ground.is_on(lane) {
        true => theme.lane(lane, false),
        false => theme.faint(),
    };
    if by == 0 {
        canvas.put((0, y), theme.pick("▸", ">"), theme.accent());
    }
    canvas.put((1, y), lane.short_name(), ink);
    level(y, columns.bar, state.level / LEVEL.high, ink, canvas);
    let percent = format!("{:>4.0}%", state.level * 100.0);
    canvas.put((LEVELS + columns.bar + 1, y), &percent, theme.plain());
    canvas
        .piece((LEVELS, y), columns.bar.into())
        .answer(move |gesture| {
            let to = share(gesture.at.0, columns.bar) * LEVEL.high;
            Vec::from_iter(gesture.is_held().then(|| SetLaneLevel(lane, to).into()))
        });
    place((columns.places, y), lane, state.pan, canvas);
    let peak = studio.ground.transport.lane_levels[lane.index()];
    if let Some(x) = columns.meters {
        meter((x, y), peak, theme.lane(lane, false), canvas);
    }
    for (x, on, letter, switch) in [
        (0, state.mute, "M", Some(ToggleMute)),
        (2, state.solo, "S", Some(ToggleSolo)),
        (4, state.lock, "L", None),
    ] {
        let (text, style) = match on {
            true => (letter, theme.accent()),
            false => (theme.pick("·", "."), theme.faint()),
        };
        canvas.put((columns.switches + x, y), text, style);
        if let Some(switch) = switch {
            canvas.piece((columns.switches + x, y), 1).on_press(switch);
        }
    }
    let (text, style) = match studio.drum_machine.map.voice(lane) {
        None => ("silent".into(), theme.faint()),
        Some(voice) => {
            let instead = voice.instead.as_deref();
            let instead = instead.map_or(String::new(), |it| format!(" ({it})"));
            let text = format!("{:>3} ch {}{instead}", voice.note, voice.channel);
            (text, theme.plain())
        }
    };
    canvas.put((columns.notes, y), &text, style);
}

/// All lanes together, and what the limiter takes away.
fn master(studio: &Studio, y: u16, columns: Columns, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let (sound, transport) = (&studio.ground.sound, &studio.ground.transport);
    const MOST: f32 = 1.5;
    canvas.put((1, y), "all", theme.strong());
    level(y, columns.bar, sound.level / MOST, theme.accent(), canvas);
    let percent = format!("{:>4.0}%", sound.level * 100.0);
    canvas.put((LEVELS + columns.bar + 1, y), &percent, theme.plain());
    let mut bar = canvas.piece((LEVELS, y), columns.bar.into());
    bar.on_wheel(NudgeLevel(0.05), NudgeLevel(-0.05));
    bar.answer(move |gesture| {
        let to = share(gesture.at.0, columns.bar) * MOST;
        Vec::from_iter(gesture.is_held().then(|| SetLevel(to).into()))
    });
    let [left, right] = transport.master_level;
    if let Some(x) = columns.meters {
        meter((x, y), left.max(right), theme.good(), canvas);
    }
    if transport.limiter_gain < 0.99 {
        let taken = 20.0 * transport.limiter_gain.max(1e-3).log10();
        let text = format!("limiter {taken:.1} dB");
        canvas.put((columns.switches, y), &text, theme.trouble());
    }
}

/// How far along a bar of so many columns the mouse is.
fn share(x: i32, columns: u16) -> f32 {
    let share = (x as f32 + 0.5) / f32::from(columns);
    share.clamp(0.0, 1.0)
}

/// `█████───────`
fn level(y: u16, bar: u16, share: f32, style: Style, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let full = (share.clamp(0.0, 1.0) * f32::from(bar)).round() as usize;
    let rest = usize::from(bar) - full;
    canvas.put((LEVELS, y), &theme.pick("█", "#").repeat(full), style);
    let rest = theme.pick("─", "-").repeat(rest);
    canvas.put((LEVELS + full as u16, y), &rest, theme.faint());
}

/// `───●─────  L25`
fn place((x, y): (u16, u16), lane: Lane, pan: f32, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let half = f32::from(RAIL - 1) / 2.0;
    let knob = (half + pan.clamp(-1.0, 1.0) * half).round() as u16;
    let rail = theme.pick("─", "-").repeat(RAIL.into());
    canvas.put((x, y), &rail, theme.faint());
    canvas.put((x + knob, y), theme.pick("●", "O"), theme.accent());
    let words = match (pan * 100.0).round() {
        0.0 => "C".to_string(),
        left if left < 0.0 => format!("L{:.0}", -left),
        right => format!("R{right:.0}"),
    };
    canvas.put((x + RAIL + 1, y), &words, theme.plain());
    canvas.piece((x, y), RAIL.into()).answer(move |gesture| {
        let to = gesture.at.0 as f32 / half - 1.0;
        Vec::from_iter(
            gesture
                .is_held()
                .then(|| SetPan(lane, to.clamp(-1.0, 1.0)).into()),
        )
    });
}

/// A peak, with its root so that quiet ones are seen.
fn meter((x, y): (u16, u16), peak: f32, style: Style, canvas: &mut Canvas) {
    let eighths = (peak.clamp(0.0, 1.0).sqrt() * f32::from(METER)).round() as usize;
    let lit = canvas.theme.pick("▪", "=").repeat(eighths);
    canvas.put((x, y), &lit, style);
}

/// A line of what is connected.
struct Device {
    name: &'static str,
    words: String,
    on: bool,
    choose: Reply,
}

fn devices(studio: &Studio) -> Vec<Device> {
    let transport = &studio.ground.transport;
    let (sound, on) = match &transport.audio {
        AudioState::Off { reason } => (reason.clone(), false),
        AudioState::On {
            device,
            rate,
            buffer,
            latency_ms,
            ..
        } => {
            let words = format!("{device}, {rate} Hz, {buffer} frames, {latency_ms:.0} ms late");
            (words, true)
        }
    };
    let device = |name, words: String, on, choose| Device {
        name,
        words,
        on,
        choose,
    };
    let choose = |kind| Reply::from(Choose(kind));
    let out = matches!(transport.midi, MidiState::On { .. });
    let input = matches!(transport.midi_in, MidiState::On { .. });
    vec![
        device("sound (P)", sound, on, choose(Kind::AudioOutput)),
        device(
            "kit (F)",
            transport.kit.clone(),
            true,
            choose(Kind::SoundFont),
        ),
        device("MIDI (p)", midi_out(studio), out, choose(Kind::MidiPort)),
        device("input (i)", midi_in(studio), input, choose(Kind::MidiInput)),
        device("clock (I)", clock(studio), true, ToggleFollow.into()),
    ]
}

/// The port that the notes leave by, and what it is doing.
fn midi_out(studio: &Studio) -> String {
    let transport = &studio.ground.transport;
    let port = match &transport.midi {
        MidiState::Off { reason } => return reason.clone(),
        MidiState::On { port } => port,
    };
    let map = &studio.drum_machine.map.name;
    let doing = match transport.playing {
        true => "sends",
        false => "waits",
    };
    let late = match studio.drum_machine.offset {
        0.0 => String::new(),
        offset => format!(", {offset:+.0} ms"),
    };
    let lost = match transport.dropped_midi {
        0 => String::new(),
        lost => format!(", {lost} left out"),
    };
    format!("{port} {doing}, as {map}{late}{lost}")
}

/// The port that is listened to, and what becomes of what comes.
fn midi_in(studio: &Studio) -> String {
    match &studio.ground.transport.midi_in {
        MidiState::Off { reason } => reason.clone(),
        MidiState::On { port } => match studio.midi.overdub {
            true => format!("{port}: pads become part of the groove"),
            false => format!("{port}: pads are heard"),
        },
    }
}

/// Whose clock it is, and who gets it.
fn clock(studio: &Studio) -> String {
    let leads = match studio.ground.transport.sync {
        Sync::Internal => format!("own clock, {:.1}", studio.ground.sound.tempo),
        Sync::Waiting => "waits for the incoming one".into(),
        Sync::Following(tempo) => format!("follows the incoming one, {tempo:.1}"),
        Sync::Lost(tempo) => format!("the incoming one is lost; plays on at {tempo:.1}"),
    };
    let sent = match studio.drum_machine.clock {
        ClockOut::Off => "none is sent",
        ClockOut::Playing => "sent while it plays",
        ClockOut::Always => "always sent",
    };
    format!("{leads}; {sent} (Z)")
}
