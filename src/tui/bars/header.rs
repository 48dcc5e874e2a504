//! The line of the transport.

use ratatui::text::{Line, Span};

use crate::studio::{AudioState, MidiState, Recording, Studio, Takeover};
use crate::tui::kit::{Canvas, Theme};

/// Some words, after the rank in which they are given up where not all fit: the highest goes
/// first, 0 never.
type Item = (u8, Vec<Span<'static>>);

/// Transport and feel; what matters less is left out where it doesn't fit.
pub fn header(studio: &Studio, canvas: &mut Canvas) {
    let mut lamps = lamps(studio, canvas.theme);
    let mut lamps_width: usize = lamps.iter().map(Span::width).sum();
    let room = usize::from(canvas.width());
    let mut items = items(studio, canvas.theme);
    while width(&items) + lamps_width + 1 > room && items.len() > 1 {
        let last = items.iter().map(|(rank, _)| *rank).max().unwrap_or(0);
        if last == 0 {
            break;
        }
        items.retain(|(rank, _)| *rank != last);
    }
    let lamps_fit = width(&items) + lamps_width < room;
    // What computes stands before them where there is room left.
    let device = format!("{} ", studio.ground.device.name);
    if width(&items) + lamps_width + device.len() < room {
        lamps_width += device.len();
        lamps.insert(0, Span::styled(device, canvas.theme.faint()));
    }
    let mut spans = vec![Span::raw(" ")];
    for (index, (_, item)) in items.into_iter().enumerate() {
        if index > 0 {
            spans.push(Span::raw("  "));
        }
        spans.extend(item);
    }
    canvas.show(Line::from(spans));
    // Why something is off stands in the line below anyway.
    if lamps_fit {
        canvas.right(lamps_width as u16).show(Line::from(lamps));
    }
}

/// With the blanks around each.
fn width(items: &[Item]) -> usize {
    let spans = items.iter().flat_map(|(_, spans)| spans);
    spans.map(Span::width).sum::<usize>() + 2 * items.len()
}

/// Everything that there is to say, from left to right.
fn items(studio: &Studio, theme: Theme) -> Vec<Item> {
    let (transport, sound) = (&studio.ground.transport, &studio.ground.sound);
    let percent = |amount: f32| format!("{:.0}%", amount * 100.0);
    let named = |rank, name: &str, value: String| {
        let name = Span::styled(format!("{name} "), theme.faint());
        (rank, vec![name, Span::styled(value, theme.strong())])
    };
    let name = Span::styled(" musicvae-tui ", theme.accent());
    let mut items = vec![(11, vec![name]), (0, playing(studio, theme))];
    if let Some(recording) = &transport.recording {
        items.push((0, vec![recorded(recording, theme)]));
        items.push(named(1, "to", recording.name.clone()));
    }
    items.push(named(0, "bpm", studio.ground.tempo_words()));
    if let Some(bars) = sound.looped {
        items.push(named(2, "bars", bars.to_string()));
    }
    let temperature = format!("{:.2}", studio.ground.scene.temperature);
    items.push(named(2, "temp", temperature));
    items.push(named(3, "last seed", studio.ground.scene.seed.to_string()));
    items.push(named(5, "swing", percent(sound.swing)));
    items.push(named(6, "timing", percent(sound.timing)));
    items.push(named(9, "dynamics", percent(sound.dynamics)));
    items.push(named(10, "level", percent(sound.level)));
    items.push(named(4, "new at", takeover(studio, theme)));
    if sound.metronome {
        items.push(named(8, "click", percent(sound.click)));
    }
    if sound.count_in > 0 {
        items.push(named(7, "count-in", sound.count_in.to_string()));
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
fn lamps(studio: &Studio, theme: Theme) -> Vec<Span<'static>> {
    let transport = &studio.ground.transport;
    let audio = matches!(transport.audio, AudioState::On { .. });
    let midi_on = |state: &MidiState| matches!(state, MidiState::On { .. });
    let midi = midi_on(&transport.midi);
    let word = |on: bool| if on { "on" } else { "off" };
    let style = |on: bool| if on { theme.good() } else { theme.faint() };
    let mut lamps = Vec::new();
    if studio.midi.overdub {
        let pads = theme.pick("● pads ", "* pads ");
        lamps.push(Span::styled(pads, theme.trouble()));
    }
    lamps.push(Span::styled(format!("audio {}", word(audio)), style(audio)));
    lamps.push(Span::raw(" "));
    lamps.push(Span::styled(format!("MIDI {} ", word(midi)), style(midi)));
    if midi_on(&transport.midi_in) {
        lamps.push(Span::styled("in on ", style(true)));
    }
    lamps
}
