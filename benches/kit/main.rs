//! The built-in kits beside other SoundFonts, stroke by stroke: `cargo bench --bench kit -- FONT.sf2
//! OTHER.sf2`. Prints tables and draws docs/kit-*.svg. Nothing here listens.

#[path = "../../tests/suite/classes.rs"]
mod classes;
mod measure;
#[path = "../../tests/suite/spectrum.rs"]
#[allow(dead_code)] // What only tests use.
mod spectrum;

use std::path::Path;

use measure::{Figures, Kit};
use musicvae::chart::{Bar, BarChart, Bars};
use musicvae_tui::kit::EMBEDDED_KIT;

const STROKES: [(&str, u8); 14] = [
    ("kick", 36),
    ("snare", 38),
    ("side stick", 37),
    ("rimshot", 40),
    ("clap", 39),
    ("closed hat", 42),
    ("pedal hat", 44),
    ("open hat", 46),
    ("low tom", 43),
    ("mid tom", 47),
    ("high tom", 50),
    ("crash", 49),
    ("ride", 51),
    ("bell", 53),
];

/// A figure: its name, what it is of a stroke, decimals, and the picture that is drawn of it.
type Column = (
    &'static str,
    fn(&Figures) -> Option<f64>,
    usize,
    Option<&'static str>,
);

const COLUMNS: [Column; 6] = [
    ("centroid, Hz", |it| Some(it.centroid), 0, Some("centroid")),
    ("decay to -40 dB, s", |it| Some(it.decay), 2, Some("decay")),
    ("crest, dB", |it| Some(it.crest), 1, Some("crest")),
    ("width", |it| Some(it.width), 2, Some("width")),
    (
        "brighter from 30 to 127, times",
        |it| Some(it.brightening),
        2,
        None,
    ),
    ("next stroke differs by, dB", |it| it.variation, 1, None),
];

fn main() {
    let built_in = |name, program| Kit::of_bytes(EMBEDDED_KIT, name, program);
    let mut kits = vec![built_in("studio", 0), built_in("analog", 25)];
    // Cargo says `--bench`.
    let files = std::env::args().skip(1).filter(|it| !it.starts_with("--"));
    kits.extend(files.map(|file| {
        let path = Path::new(&file);
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        Kit::open(path, &name, 0)
    }));
    let kits = match kits.into_iter().collect::<Result<Vec<Kit>, String>>() {
        Ok(kits) => kits,
        Err(fault) => {
            eprintln!("{fault}");
            std::process::exit(1);
        }
    };
    let measured: Vec<Vec<Figures>> = kits
        .iter()
        .map(|kit| STROKES.iter().map(|stroke| kit.figures(stroke.1)).collect())
        .collect();
    for (title, of, decimals, picture) in COLUMNS {
        print(title, of, decimals, &kits, &measured);
        if let Some(name) = picture {
            draw(title, of, name, &kits, &measured);
        }
    }
}

fn print(
    title: &str,
    of: fn(&Figures) -> Option<f64>,
    decimals: usize,
    kits: &[Kit],
    measured: &[Vec<Figures>],
) {
    let names: Vec<&str> = kits.iter().map(|kit| kit.name.as_str()).collect();
    println!("| {title} | {} |", names.join(" | "));
    println!("| --- {}|", "| --- ".repeat(kits.len()));
    for (nth, (stroke, _)) in STROKES.iter().enumerate() {
        let cell = |figures: &Vec<Figures>| match of(&figures[nth]) {
            Some(value) => format!("{value:.decimals$}"),
            None => String::new(),
        };
        let cells: Vec<String> = measured.iter().map(cell).collect();
        println!("| {stroke} | {} |", cells.join(" | "));
    }
    println!();
}

fn draw(
    title: &str,
    of: fn(&Figures) -> Option<f64>,
    name: &str,
    kits: &[Kit],
    measured: &[Vec<Figures>],
) {
    let bar = |value: f64| Bar {
        value,
        interval: None,
    };
    let series = kits.iter().zip(measured).map(|(kit, figures)| Bars {
        name: kit.name.clone(),
        bars: figures.iter().map(|it| of(it).map(bar)).collect(),
    });
    let chart = BarChart {
        title: format!("Strokes at velocity 112: {title}"),
        y_label: title.into(),
        categories: STROKES.iter().map(|stroke| stroke.0.into()).collect(),
        series: series.collect(),
        decimals: None,
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/kit-{name}.svg"));
    match std::fs::write(&path, chart.svg()) {
        Ok(()) => println!("{}\n", path.display()),
        Err(error) => eprintln!("{}: {error}", path.display()),
    }
}
