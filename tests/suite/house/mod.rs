//! The house as `docs/design.md` draws it: floors that use only floors below them, and no circle
//! of files or of rooms. The compiler holds the border between the library and the application;
//! what lies within each of them is held here.

mod reader;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use reader::{Arrow, House, Place, between_rooms, circles};

/// The floors of the application and of the library, from the ground up. A floor may use those
/// below it.
const APPLICATION: [&[&str]; 8] = [
    &["embedded", "folders", "kit"],
    &["typed_path"],
    &["preset_name"],
    &["engine"],
    &["studio"],
    &["tui"],
    &["headless"],
    &["cli"],
];
const LIBRARY: [&[&str]; 6] = [
    &["chart", "fault", "music"],
    &["data", "model"],
    &["checkpoint"],
    &["drummer"],
    &["training"],
    &["internals"],
];

fn application() -> House {
    House::read(Path::new(env!("CARGO_MANIFEST_DIR")))
}

fn library() -> House {
    House::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/musicvae"))
}

fn written(places: &[Place]) -> String {
    let places = places.iter().map(|place| place.join("::"));
    places.collect::<Vec<_>>().join(", ")
}

fn assert_one_way(arrows: &BTreeSet<Arrow>) {
    assert!(arrows.len() > 20, "the reader of arrows is broken");
    let deepest = arrows.iter().flat_map(|(a, b)| [a.len(), b.len()]).max();
    for depth in 1..=deepest.unwrap_or(0) {
        let found: Vec<String> = circles(&between_rooms(arrows, depth))
            .iter()
            .map(|circle| written(circle))
            .collect();
        let found = found.join("\n");
        assert!(found.is_empty(), "circles at depth {depth}:\n{found}");
    }
}

fn assert_downward(arrows: &BTreeSet<Arrow>, floors: &[&[&str]]) {
    let floor = |place: &Place| {
        let is_here = |floor: &&[&str]| floor.contains(&place[0].as_str());
        let found = floors.iter().position(is_here);
        found.unwrap_or_else(|| panic!("`{}` is on no floor: say on which", place[0]))
    };
    // The root only hangs the sign.
    let within = arrows
        .iter()
        .filter(|(from, to)| !from.is_empty() && !to.is_empty());
    let upward = within.filter(|(from, to)| from[0] != to[0] && floor(from) <= floor(to));
    let upward: Vec<String> = upward
        .map(|(from, to)| format!("{} -> {}", from.join("::"), to.join("::")))
        .collect();
    assert!(
        upward.is_empty(),
        "arrows that run upward:\n{}",
        upward.join("\n")
    );
}

#[test]
fn no_arrow_of_the_application_runs_upward_or_in_a_circle() {
    let arrows = application().arrows();
    assert_downward(&arrows, &APPLICATION);
    assert_one_way(&arrows);
}

#[test]
fn no_arrow_of_the_library_runs_upward_or_in_a_circle() {
    let arrows = library().arrows();
    assert_downward(&arrows, &LIBRARY);
    assert_one_way(&arrows);
}

/// Rust files in a folder and in those in it, but for the tests' own.
fn rust_files(folder: &Path, files: &mut BTreeSet<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_tests = path.file_stem().is_some_and(|name| name == "tests");
        if path.is_dir() && !is_tests {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|it| it == "rs") && !is_tests {
            files.insert(path);
        }
    }
}

#[test]
fn no_file_is_left_over() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (folder, house) in [
        (root.join("src"), application()),
        (root.join("crates/musicvae/src"), library()),
    ] {
        let mut there = BTreeSet::new();
        rust_files(&folder, &mut there);
        there.remove(&folder.join("main.rs"));
        let left: Vec<_> = there.difference(&house.files).collect();
        assert!(left.is_empty(), "no module leads to {left:?}");
    }
}

fn arrows_of(texts: &[(&str, &str)]) -> Vec<String> {
    let arrows = House::of_texts(texts).arrows();
    arrows
        .iter()
        .map(|(from, to)| format!("{} -> {}", from.join("::"), to.join("::")))
        .collect()
}

#[test]
fn paths_of_every_form_are_arrows() {
    let texts = [
        ("", "mod a; mod b; mod c; mod d;"),
        ("a", "use super::b::Thing;"),
        ("b", "fn f() { println!(\"{}\", crate::c::f()); }"),
        (
            "c",
            "pub use crate::d as other; #[cfg(test)] mod tests { use crate::a; }",
        ),
        ("d", "use std::fmt; /// [`crate::a`]\npub struct S;"),
    ];
    assert_eq!(arrows_of(&texts), ["a -> b", "b -> c", "c -> d"]);
}

#[test]
fn a_facade_hides_nobody() {
    let texts = [
        ("", "mod a; mod room;"),
        ("a", "use crate::room::{Door, deep::Handle, Many};"),
        (
            "room",
            "pub mod deep; mod wide; pub use deep::Door; pub use wide::*;",
        ),
        (
            "room::deep",
            "pub struct Door; pub use super::wide::Handle;",
        ),
        ("room::wide", "pub struct Handle; pub struct Many;"),
    ];
    assert_eq!(
        arrows_of(&texts),
        [
            "a -> room::deep",
            "a -> room::wide",
            "room::deep -> room::wide"
        ]
    );
}

#[test]
fn parents_and_children_may_know_each_other_and_siblings_may_not() {
    let texts = [
        ("", "mod room;"),
        (
            "room",
            "mod a; mod b; pub struct Ground; use a::A; use b::B;",
        ),
        ("room::a", "use super::{Ground, b::B}; pub struct A;"),
        ("room::b", "use super::{Ground, A}; pub struct B;"),
    ];
    let circle = circles(&House::of_texts(&texts).arrows());
    let circle: Vec<_> = circle.iter().map(|it| written(it)).collect();
    assert_eq!(circle, ["room::a, room::b"]);
    // Without `b`'s interest in `a` only parents and children know each other.
    let texts = [
        texts[0],
        texts[1],
        texts[2],
        ("room::b", "use super::Ground; pub struct B;"),
    ];
    assert_eq!(arrows_of(&texts), ["room::a -> room::b"]);
}
