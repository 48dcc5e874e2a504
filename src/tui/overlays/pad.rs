//! The pad, over the panes: A, B, C and D in its corners, what they sound like, and the place between
//! them that is heard.

use ratatui::layout::Rect;

use crate::studio::ground::Place;
use crate::studio::morph::Action::{NudgePadY, SetPad};
use crate::studio::{End, Studio, sweep};
use crate::tui::kit::{Canvas, portrait, portrait_lines, shortened, window};

/// Columns of the window.
const WIDTH: u16 = 72;

/// Lines of the pad itself where there is room for them.
const TALL: u16 = 15;

/// Columns between a corner's words and the pad.
const GAP: u16 = 2;

pub fn draw(studio: &Studio, body: &mut Canvas) {
    let room = body.height().saturating_sub(4);
    let height = room.clamp(1, TALL);
    let mut inner = window("The pad", (WIDTH, usize::from(height + 2)), body);
    let side = (inner.width() / 4).saturating_sub(GAP);
    let lower = height.saturating_sub(1 + portrait_lines(inner.theme));
    let right = inner.width().saturating_sub(side);
    for (end, at) in [
        (End::A, (0, 0)),
        (End::B, (right, 0)),
        (End::C, (0, lower)),
        (End::D, (right, lower)),
    ] {
        corner(studio, end, at, side, &mut inner);
    }
    let field = Rect {
        x: inner.area.x + side + GAP,
        width: inner.width().saturating_sub(2 * (side + GAP)),
        height: height.min(inner.height()),
        ..inner.area
    };
    field_of(studio, &mut inner.at(field));
    words(studio, height, &mut inner);
}

/// What is in a corner.
fn corner(studio: &Studio, end: End, (x, y): (u16, u16), width: u16, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let scene = &studio.ground.scene;
    let anchor = scene.anchor(end);
    let is_here = scene.place() == end.place();
    let style = if is_here {
        theme.accent()
    } else {
        theme.strong()
    };
    let name = match anchor.is_empty() {
        true => "empty",
        false => &anchor.name,
    };
    let name = shortened(
        name,
        usize::from(width.saturating_sub(2)),
        canvas.theme.ascii,
    );
    canvas.put((x, y), &format!("{end:?}"), style);
    let style = match anchor.is_empty() {
        true => theme.faint(),
        false => theme.plain(),
    };
    canvas.put((x + 2, y), &name, style);
    let (across, down) = end.place();
    canvas
        .piece((x, y), width.into())
        .on_press(SetPad(across, down));
    if let Some(groove) = &anchor.preview {
        let lines = portrait_lines(theme);
        portrait(groove, (x, y + 1), (width, lines), canvas);
    }
}

/// The field that is moved in, with the path that was recorded.
fn field_of(studio: &Studio, field: &mut Canvas) {
    let theme = field.theme;
    let scene = &studio.ground.scene;
    let (width, height) = (field.width(), field.height());
    if width < 2 || height < 2 {
        return;
    }
    field.on_wheel(NudgePadY(-0.05), NudgePadY(0.05));
    field.answer(move |gesture| {
        let share = |at: i32, of: u16| (at as f32 / f32::from(of - 1)).clamp(0.0, 1.0);
        let (x, y) = (share(gesture.at.0, width), share(gesture.at.1, height));
        Vec::from_iter(gesture.is_held().then(|| SetPad(x, y).into()))
    });
    let at = |(x, y): Place| {
        let cell = |share: f32, of: u16| (share * f32::from(of - 1)).round() as u16;
        (cell(x, width), cell(y, height))
    };
    let edge = theme.pick("·", ".");
    let inside = [0.25, 0.5, 0.75];
    for x in 0..width {
        field.put((x, 0), theme.pick("─", "-"), theme.faint());
        field.put((x, height - 1), theme.pick("─", "-"), theme.faint());
    }
    for (x, y) in inside.iter().flat_map(|x| inside.map(|y| (*x, y))) {
        field.put(at((x, y)), edge, theme.faint());
    }
    for place in scene.path.iter() {
        field.put(at(*place), theme.pick("•", "*"), theme.validation());
    }
    field.put(at(scene.place()), theme.pick("●", "O"), theme.accent());
}

/// Below the pad: where it is, and what moves it.
fn words(studio: &Studio, y: u16, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let ground = &studio.ground;
    let scene = &ground.scene;
    let (x, down) = (scene.slider * 100.0, scene.pad_y * 100.0);
    let heat = scene.temperature;
    let numbers = format!("{x:.0}% right, {down:.0}% down   temp {heat:.2}");
    canvas.put((0, y), &numbers, theme.plain());
    let (text, style) = match () {
        () if studio.sweep.is_recording() => ("recording the path".into(), theme.trouble()),
        () if studio.sweep.is_running() => {
            (format!("sweep {}", sweep::about(ground)), theme.good())
        }
        () if !scene.has_lower_edge() => (
            "C and D are empty: c and d put the groove there.".into(),
            theme.faint(),
        ),
        () => (format!("sweeps: {}", sweep::about(ground)), theme.faint()),
    };
    canvas.put((0, y + 1), &text, style);
}
