//! The lines above and below the panes: transport, tabs, status, keys.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::studio::{AudioState, MidiState, Origin, Pane, Recording, Studio, Takeover, Weight};
use crate::tui::kit::theme::Theme;
use crate::tui::layout::View;

/// Transport and feel; what matters less is left out where it doesn't fit.
pub fn header(studio: &Studio, view: &View, area: Rect, buffer: &mut Buffer) {
    let theme = view.theme;
    let (transport, sound) = (&studio.transport, &studio.sound);
    let position = transport.position;
    let state = if transport.playing {
        Span::styled(
            theme.pick("▶ playing", "> playing"),
            theme.good().patch(theme.strong()),
        )
    } else {
        Span::styled(theme.pick("■ stopped", "# stopped"), theme.strong())
    };
    // Bars before the first are counted as in a score: -2, -1, 1.
    let bar = match position.count_in {
        0 => (position.bar + 1).to_string(),
        bars => format!("-{bars}"),
    };
    let place = format!("{bar}:{}:{:03}", position.beat + 1, position.tick);
    let takeover = match sound.takeover {
        Takeover::Now => "now",
        Takeover::NextBar => "bar",
        Takeover::NextLoop => "loop",
    };
    let waiting = if transport.takeover_pending {
        theme.pick("…", "..")
    } else {
        ""
    };
    let lamp = |on: bool| if on { theme.good() } else { theme.faint() };
    let audio = matches!(transport.audio, AudioState::On { .. });
    let midi = matches!(transport.midi, MidiState::On { .. });
    let percent = |amount: f32| format!("{:.0}%", amount * 100.0);
    // In order of place; the number is the order in which they are given up, highest first.
    let mut items: Vec<(u8, Vec<Span>)> = vec![
        (0, vec![state, Span::raw(format!(" {place}"))]),
        (0, named(view, "bpm", studio.tempo_words())),
        (
            2,
            named(view, "temp", format!("{:.2}", studio.scene.temperature)),
        ),
        (3, named(view, "last seed", studio.scene.seed.to_string())),
        (5, named(view, "swing", percent(sound.swing))),
        (6, named(view, "timing", percent(sound.timing))),
        (9, named(view, "dynamics", percent(sound.dynamics))),
        (10, named(view, "level", percent(sound.level))),
        (4, named(view, "new at", format!("{takeover}{waiting}"))),
    ];
    if let Some(bars) = sound.looped {
        items.insert(2, (2, named(view, "bars", bars.to_string())));
    }
    if sound.metronome {
        items.push((8, named(view, "click", percent(sound.click))));
    }
    if sound.count_in > 0 {
        items.push((7, named(view, "count-in", sound.count_in.to_string())));
    }
    if let Some(recording) = &transport.recording {
        items.insert(1, (1, named(view, "to", recording.name.clone())));
        items.insert(1, (0, vec![recorded(recording, theme)]));
    }
    let on = |on: bool| if on { "on" } else { "off" };
    let mut lamps = vec![
        Span::styled(format!("audio {}", on(audio)), lamp(audio)),
        Span::raw(" "),
        Span::styled(format!("MIDI {} ", on(midi)), lamp(midi)),
    ];
    if matches!(transport.midi_in, MidiState::On { .. }) {
        lamps.push(Span::styled("in on ", lamp(true)));
    }
    if studio.midi.overdub {
        let style = theme.trouble();
        lamps.insert(0, Span::styled(theme.pick("● pads ", "* pads "), style));
    }
    let lamps_width: usize = lamps.iter().map(Span::width).sum();
    let name = Span::styled(" musicvae-tui ", theme.accent());
    items.insert(0, (11, vec![name]));
    let width = |items: &[(u8, Vec<Span>)]| {
        items
            .iter()
            .flat_map(|(_, spans)| spans)
            .map(Span::width)
            .sum::<usize>()
            + 2 * items.len()
    };
    while width(&items) + lamps_width + 1 > usize::from(area.width) && items.len() > 1 {
        let last = items.iter().map(|(order, _)| *order).max().unwrap_or(0);
        items.retain(|(order, _)| *order != last || *order == 0);
        if last == 0 {
            break;
        }
    }
    let lamps_fit = width(&items) + lamps_width < usize::from(area.width);
    let mut spans = vec![Span::raw(" ")];
    for (index, (_, item)) in items.into_iter().enumerate() {
        if index > 0 {
            spans.push(Span::raw("  "));
        }
        spans.extend(item);
    }
    Line::from(spans).render(area, buffer);
    // Why something is off stands in the line below anyway.
    if !lamps_fit {
        return;
    }
    let lamps_width = (lamps_width as u16).min(area.width);
    let right = Rect {
        x: area.right() - lamps_width,
        width: lamps_width,
        ..area
    };
    Line::from(lamps).render(right, buffer);
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

fn named(view: &View, name: &'static str, value: String) -> Vec<Span<'static>> {
    vec![
        Span::styled(format!("{name} "), view.theme.faint()),
        Span::styled(value, view.theme.strong()),
    ]
}

/// Where the groove comes from, in a few words.
pub fn origin(studio: &Studio) -> String {
    let scene = &studio.scene;
    if let Some((slot, kept)) = studio.chain.sounding(studio.transport.chain_link) {
        return format!("- chain: slot {}, {}", slot + 1, kept.name);
    }
    let words = match &scene.origin {
        Origin::Silence if studio.library.loading.is_some() => "loading the model".into(),
        Origin::Silence => "silent".into(),
        Origin::Edited => "edited by hand".into(),
        Origin::Reworked(rework) => rework.done().into(),
        Origin::Kept(end) => {
            let name = &scene.anchor(*end).name;
            format!("{name}, which is now {end:?}")
        }
        Origin::Slot(name) => format!("from a slot: {name}"),
        Origin::Slider if scene.slider <= 0.0 => format!("A: {}", scene.a.name),
        Origin::Slider if scene.slider >= 1.0 => format!("B: {}", scene.b.name),
        Origin::Slider => {
            format!(
                "{:.0}% from {} to {}",
                scene.slider * 100.0,
                scene.a.name,
                scene.b.name
            )
        }
    };
    format!("- {words}")
}

/// The panes' names, where only one of them fits.
pub fn tabs(studio: &Studio, view: &View, area: Rect, buffer: &mut Buffer) {
    let mut spans = vec![Span::raw(" ")];
    for pane in Pane::ALL {
        let here = studio.screen.pane == pane;
        let text = format!("{} {}", pane as u8 + 1, pane.title());
        spans.push(if here {
            Span::styled(format!("[{text}]"), view.theme.accent())
        } else {
            Span::styled(format!(" {text} "), view.theme.faint())
        });
    }
    Line::from(spans).render(area, buffer);
}

/// The latest message, or what is silent and why.
pub fn status(studio: &Studio, view: &View, area: Rect, buffer: &mut Buffer) {
    let theme = view.theme;
    let (weight, text) = studio.status_line();
    let (mark, style): (&str, Style) = match weight {
        Weight::Notice => (" ", theme.plain()),
        Weight::Trouble => ("!", theme.trouble()),
    };
    let room = usize::from(area.width).saturating_sub(3);
    Line::from(vec![
        Span::styled(format!(" {mark} "), theme.trouble()),
        Span::styled(shortened(&text, room, theme.ascii), style),
    ])
    .render(area, buffer);
}

/// `text` in at most `room` characters, with an ellipsis where it was cut.
pub fn shortened(text: &str, room: usize, ascii: bool) -> String {
    if text.chars().count() <= room {
        return text.into();
    }
    let end = if ascii { ".." } else { "…" };
    let kept = room.saturating_sub(end.chars().count());
    text.chars().take(kept).collect::<String>() + end
}

/// The keys that work here, from the table of bindings.
pub fn footer(studio: &Studio, view: &View, area: Rect, buffer: &mut Buffer) {
    let theme = view.theme;
    let mut groups: Vec<(&str, String)> = Vec::new();
    for binding in view.keymap.here(studio) {
        let possible = studio.reason_against(&binding.action).is_none();
        let (Some(key), true, false) = (binding.keys.first(), possible, binding.hint.is_empty())
        else {
            continue;
        };
        let key = compact(&key.to_string(), theme.ascii);
        match groups.iter_mut().find(|(hint, _)| *hint == binding.hint) {
            Some((_, keys)) => keys.push_str(&key),
            None => groups.push((binding.hint, key)),
        }
    }
    for (_, keys) in &mut groups {
        // Without arrows to draw, their names would fill the line.
        *keys = keys
            .replace("LeftDownUpRight", "arrows")
            .replace("UpDown", "arrows");
    }
    // What never may be missing comes first: help and the way out.
    let order = |hint: &str| match hint {
        "help" => 0,
        "play" => 1,
        "quit" => 2,
        _ => 3,
    };
    groups.sort_by_key(|(hint, _)| order(hint));
    let mut spans = vec![Span::raw(" ")];
    let mut used = 1;
    for (hint, keys) in groups {
        let width = keys.chars().count() + hint.chars().count() + 3;
        if used + width > usize::from(area.width) + 2 {
            continue;
        }
        used += width;
        spans.push(Span::styled(keys, theme.accent()));
        spans.push(Span::styled(format!(" {hint}  "), theme.faint()));
    }
    Line::from(spans).render(area, buffer);
}

fn compact(key: &str, ascii: bool) -> String {
    match key {
        "Left" if !ascii => "←".into(),
        "Right" if !ascii => "→".into(),
        "Up" if !ascii => "↑".into(),
        "Down" if !ascii => "↓".into(),
        _ => key.into(),
    }
}
