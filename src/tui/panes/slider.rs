//! The latent slider between A and B.

use ratatui::style::Style;

use crate::studio::glimpses::PLACES;
use crate::studio::morph::Action::{NudgeSlider, SetSlider};
use crate::studio::quality::{shown, words};
use crate::studio::{Origin, Studio, once_reworked, sweep, while_reworking};
use crate::tui::kit::{Canvas, Theme, portrait, portrait_lines, shortened, wrapped};

pub fn draw(studio: &Studio, canvas: &mut Canvas) {
    canvas.on_wheel(NudgeSlider(0.02), NudgeSlider(-0.02));
    let mut inner = canvas.padded();
    let theme = inner.theme;
    let scene = &studio.ground.scene;
    let half = inner.width().saturating_sub(2) / 2;
    let picture = portrait_lines(theme);
    // Names, pictures, slider and numbers; the pictures go where it is too low for them.
    let pictures = if inner.height() >= picture + 3 {
        picture
    } else {
        0
    };
    // And those between them above the slider, where there is room for both.
    let glimpses = match inner.height() >= 2 * picture + 5 && inner.width() >= NARROWEST {
        true => picture + 1,
        false => 0,
    };
    let spare = inner.height().saturating_sub(pictures + glimpses + 4);
    let mut y = spare.min(1);
    let right = inner.width() - half.min(inner.width());
    for (x, letter, anchor, on) in [
        (0, "A", &scene.a, scene.slider <= 0.0),
        (right, "B", &scene.b, scene.slider >= 1.0),
    ] {
        let style = if on { theme.accent() } else { theme.strong() };
        let room = usize::from(half.saturating_sub(2));
        let name = shortened(&anchor.name, room, theme.ascii);
        inner.put((x, y), letter, style);
        inner.put((x + 2, y), &name, theme.plain());
        if let Some(groove) = &anchor.preview {
            portrait(groove, (x, y + 1), (half, pictures), &mut inner);
        }
    }
    y += 1 + pictures + u16::from(spare >= 2);
    if glimpses > 0 {
        along(studio, (y, picture), &mut inner);
        y += glimpses;
    }
    track(scene.slider, y, &mut inner);
    y += 1 + u16::from(spare >= 3);
    let numbers = numbers(studio, inner.width().into());
    inner.put((0, y), &numbers, theme.plain());
    remarks(studio, y + 1, &mut inner);
}

/// `30% B   temp 0.50`, with how far down the pad is where it has lower corners. The header has the
/// temperature too: it goes where there is no room.
fn numbers(studio: &Studio, room: usize) -> String {
    let scene = &studio.ground.scene;
    let down = match scene.has_lower_edge() {
        true => format!("   {:.0}% down", scene.pad_y * 100.0),
        false => String::new(),
    };
    let (across, heat) = (scene.slider * 100.0, scene.temperature);
    let place = format!("{across:.0}% B{down}");
    let whole = format!("{place}   temp {heat:.2}");
    if whole.len() > room { place } else { whole }
}

/// From line `y` on: what the groove is steered by, and what the model does or could do with it.
fn remarks(studio: &Studio, y: u16, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let free = usize::from(canvas.height().saturating_sub(y));
    let room = usize::from(canvas.width());
    let (text, style) = hint(studio, room, theme);
    let mut lines = wrapped(&steering(studio), room);
    lines.retain(|line| !line.is_empty());
    // Where only one line is left, the hint matters more; but what is being decoded is heard soon.
    let pending = studio.ground.scene.pending;
    let hinted = !text.is_empty() && (free > 1 || lines.is_empty() || !pending);
    lines.truncate(free.saturating_sub(usize::from(hinted)));
    let mut y = y;
    for line in &lines {
        canvas.put((0, y), line, theme.good());
        y += 1;
    }
    if hinted {
        canvas.put((0, y), &shortened(&text, room, theme.ascii), style);
    }
}

/// What the model is doing, or how an edit becomes an end; empty for nothing.
fn hint(studio: &Studio, room: usize, theme: Theme) -> (String, Style) {
    let fitting = |whole: String, short: &str| match whole.len() <= room {
        true => whole,
        false => short.into(),
    };
    // The groove's own title says what it is, where there is no room for that here.
    let encode = |what: &str| {
        let short = "a or b encodes it";
        fitting(format!("{what}: {short}"), short)
    };
    match (studio.ground.reworking(), &studio.ground.scene.origin) {
        _ if studio.ground.model.is_none() => ("no model yet".into(), theme.faint()),
        (Some(rework), _) => (while_reworking(rework).into(), theme.faint()),
        _ if studio.sweep.is_recording() => ("recording the path".into(), theme.trouble()),
        _ if studio.sweep.is_running() => {
            let about = sweep::about(&studio.ground);
            // Which way it goes is seen.
            let bars = about.split(',').next().unwrap_or_default();
            let short = format!("sweep {bars}");
            (fitting(format!("sweep {about}"), &short), theme.good())
        }
        _ if studio.ground.scene.pending => ("decoding".into(), theme.faint()),
        (_, Origin::Edited) => (encode("edited"), theme.accent()),
        (_, Origin::Reworked(rework)) => (encode(once_reworked(*rework)), theme.accent()),
        _ => (String::new(), theme.plain()),
    }
}

/// `density +1, funk +1`
fn steering(studio: &Studio) -> String {
    let words = studio.ground.steering().map(|(quality, amount)| {
        let (name, amount) = (shown(&quality.name), words(amount));
        format!("{name} {amount}")
    });
    words.collect::<Vec<_>>().join(", ")
}

/// Columns from which on there is something to be seen of grooves between the ends.
const NARROWEST: u16 = 32;

/// What lies along the slider, each groove above its place.
fn along(studio: &Studio, (y, lines): (u16, u16), canvas: &mut Canvas) {
    let length = canvas.width() - 4;
    let theme = canvas.theme;
    let grooves = studio.glimpses.grooves();
    // All of them, or every other one.
    let every = if length >= 72 { 1 } else { 2 };
    let width = every * (length - 1) / 8 - 1;
    let places = PLACES.iter().zip(grooves);
    for (place, groove) in places.skip(usize::from(every) - 1).step_by(every.into()) {
        let middle = 2 + (place * f32::from(length - 1)).round() as u16;
        let x = middle.saturating_sub(width / 2);
        portrait(groove, (x, y), (width, lines), canvas);
        canvas.put((middle, y + lines), theme.pick("╵", "'"), theme.faint());
        for line in 0..=lines {
            canvas
                .piece((x, y + line), width.into())
                .on_press(SetSlider(*place));
        }
    }
}

/// `A ├───●────┤ B`
fn track(slider: f32, y: u16, canvas: &mut Canvas) {
    if canvas.width() < 8 {
        return;
    }
    let theme = canvas.theme;
    let length = canvas.width() - 4;
    canvas.put((0, y), "A", theme.strong());
    canvas.put((length + 3, y), "B", theme.strong());
    let rail = canvas.piece((2, y), length.into()).area;
    canvas.at(rail).answer(move |gesture| {
        let to = gesture.at.0 as f32 / f32::from(length - 1);
        let slides = gesture.is_held().then(|| SetSlider(to.clamp(0.0, 1.0)));
        Vec::from_iter(slides.map(Into::into))
    });
    for (x, to) in [(0, 0.0), (length + 3, 1.0)] {
        canvas.piece((x, y), 1).on_press(SetSlider(to));
    }
    let knob = (slider.clamp(0.0, 1.0) * f32::from(length - 1)).round() as u16;
    for x in 0..length {
        let glyph = match x {
            0 => theme.pick("├", "|"),
            x if x == length - 1 => theme.pick("┤", "|"),
            _ => theme.pick("─", "-"),
        };
        let style = if x < knob {
            theme.validation()
        } else {
            theme.faint()
        };
        canvas.put((2 + x, y), glyph, style);
    }
    canvas.put((2 + knob, y), theme.pick("●", "O"), theme.accent());
}
