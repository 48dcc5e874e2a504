//! The drum grid: lanes down, steps across, like a piano roll.

mod lane;
mod mouse;
mod overview;
mod page;
mod ruler;
mod timing;

use crate::studio::{Origin, Studio, once_reworked};
use crate::tui::kit::Canvas;
use musicvae::music::{Grid, LANES, Lane};
use page::{LABEL, Page, TALLEST};

/// How many of `room` lines the grid makes use of.
pub fn height(room: u16) -> u16 {
    let lanes = LANES as u16;
    // Ruler, lanes, timing in two lines, and what is under the cursor.
    let rest = 4;
    let lines = room.saturating_sub(rest) / lanes;
    match lines.min(TALLEST) {
        0 | 1 => (lanes + rest).min(room.max(lanes)),
        lines => lines * lanes + rest,
    }
}

/// Where the groove comes from, in a few words, and its grid where that is no usual one.
pub fn subtitle(studio: &Studio) -> String {
    match studio.groove().grid {
        Grid::Sixteenths => origin(studio),
        Grid::Triplets => format!("{}, in triplets", origin(studio)),
    }
}

fn origin(studio: &Studio) -> String {
    let scene = &studio.ground.scene;
    if let Some(heard) = &studio.ground.audition {
        return format!("- {}, not taken yet", heard.name);
    }
    if let Some(turn) = studio.ground.sounding() {
        return format!("- chain: slot {}, {}", turn.link.slot + 1, turn.kept.name);
    }
    let words = match &scene.origin {
        Origin::Silence if studio.ground.loading.is_some() => "loading the model".into(),
        Origin::Silence => "silent".into(),
        Origin::Edited => "edited by hand".into(),
        Origin::Reworked(rework) => once_reworked(*rework).into(),
        Origin::Kept(end) => {
            let name = &scene.anchor(*end).name;
            format!("{name}, which is now {end:?}")
        }
        Origin::Slot(name) => format!("from a slot: {name}"),
        Origin::Named(name) => name.clone(),
        Origin::Slider if scene.is_at_corner() => {
            let end = scene.nearer_end();
            format!("{end:?}: {}", scene.heard_at(end).name)
        }
        Origin::Slider if scene.pad_y > 0.0 => {
            let [x, y] = [scene.slider, scene.pad_y].map(|share| share * 100.0);
            format!("{x:.0}% right, {y:.0}% down on the pad")
        }
        Origin::Slider => {
            let percent = scene.slider * 100.0;
            format!("{percent:.0}% from {} to {}", scene.a.name, scene.b.name)
        }
    };
    format!("- {words}")
}

pub fn draw(studio: &Studio, canvas: &mut Canvas) {
    if canvas.height() < 1 || canvas.width() <= LABEL {
        return;
    }
    let page = Page::of(studio, canvas);
    ruler::draw(studio, &page, canvas);
    let mut y = 1;
    for lane in Lane::ALL {
        lane::draw(lane, studio, &page, y, canvas);
        y += page.lane_height;
    }
    mouse::answer(page.clone(), studio, canvas);
    let is_long = page.steps.len() < studio.groove().steps.len();
    match (canvas.height().saturating_sub(y), is_long) {
        (0, _) => {}
        (1, _) => cursor(studio, y, canvas),
        (2, false) => {
            timing::line(studio, &page, y, canvas);
            cursor(studio, y + 1, canvas);
        }
        (2, true) => {
            overview::draw(studio, &page, y, canvas);
            cursor(studio, y + 1, canvas);
        }
        (_, false) => {
            timing::bars(studio, &page, y, canvas);
            cursor(studio, y + 2, canvas);
        }
        (_, true) => {
            timing::line(studio, &page, y, canvas);
            overview::draw(studio, &page, y + 1, canvas);
            cursor(studio, y + 2, canvas);
        }
    }
}

/// What is selected, or how lanes are struck.
fn mode(studio: &Studio) -> Option<String> {
    if let Some(insert) = studio.edit.insert {
        let on = match insert.stride {
            _ if studio.ground.transport.playing => "in time".into(),
            0 => "the cursor stays".into(),
            1 => "1 step on".into(),
            steps => format!("{steps} steps on"),
        };
        return Some(format!("insert: velocity {}, {on}", insert.velocity));
    }
    let Some(selected) = studio.ground.selected() else {
        return studio
            .ground
            .sound
            .fill_steps
            .then(|| "fills are on".into());
    };
    let counted = |count: usize, one: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {one}s"),
    };
    let hits = studio.ground.hits_of(&selected).count();
    Some(format!(
        "selected: {} of {}, {}",
        counted(selected.steps.len(), "step"),
        counted(selected.lanes.len(), "lane"),
        counted(hits, "hit")
    ))
}

/// What is under the cursor, in a drummer's words.
fn cursor(studio: &Studio, y: u16, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let lane = Lane::ALL[studio.ground.screen.lane];
    let step = studio.ground.screen.step;
    let place = format!("{} {}", lane.short_name(), studio.groove().place_of(step));
    let text = match studio.ground.hit_here() {
        None => "no hit".into(),
        Some(hit) => {
            let timing = timing::words(hit, studio.ground.step_ms());
            let trig = match hit.trig.to_string() {
                trig if trig.is_empty() => trig,
                trig if hit.trig.chance < 100 => {
                    format!(", {trig}, chance seed {}", studio.ground.sound.chance_seed)
                }
                trig => format!(", {trig}"),
            };
            format!("velocity {:.0}, {timing}{trig}", hit.velocity * 127.0)
        }
    };
    let state = studio.ground.lanes[lane.index()];
    let level = match state.level {
        1.0 => String::new(),
        level => format!("   lane at {:.0}%", level * 100.0),
    };
    let steps = state.steps.map(|steps| format!("   loops every {steps}"));
    let level = level + &steps.unwrap_or_default();
    canvas.put((1, y), &place, theme.strong());
    let x = (place.chars().count() as u16 + 3).max(LABEL);
    let text = format!("{text}{level}");
    canvas.put((x, y), &text, theme.plain());
    if let Some(words) = mode(studio) {
        let x = x + text.chars().count() as u16 + 3;
        canvas.put((x, y), &words, theme.accent());
    }
}
