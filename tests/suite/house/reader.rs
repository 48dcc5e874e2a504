//! Reads the sources of a crate as modules and the arrows between them.
//!
//! An arrow leads from the file that names something to the file that defines it: paths through
//! `crate`, `self` and `super` are followed, and so are `pub use`s, so that nobody hides behind a
//! facade. Code that only tests see does not count.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::{Attribute, Item, UseTree};

/// A module's place: `["engine", "time"]` is `crate::engine::time`, the empty one the crate's root.
pub type Place = Vec<String>;

/// A path as written: `["super", "clock", "Nanos"]`.
type Written = Vec<String>;

#[derive(Debug, Default)]
struct Module {
    /// What is defined here.
    defined: BTreeSet<String>,
    /// What is brought in by `use`, and so known to whoever looks in here: children, and with `pub`
    /// others.
    brought: BTreeMap<String, Written>,
    /// Modules all of whose names are brought in.
    globs: Vec<Written>,
    /// The paths named in code.
    named: Vec<Written>,
}

/// A crate as its modules.
#[derive(Debug, Default)]
pub struct House {
    modules: BTreeMap<Place, Module>,
    /// The files that were read.
    pub files: BTreeSet<PathBuf>,
}

/// From the first module to the second, which defines what the first one names.
pub type Arrow = (Place, Place);

impl House {
    /// Reads the crate whose root is `src/lib.rs` in `folder`. What tests alone see is not read.
    pub fn read(folder: &Path) -> House {
        let mut house = House::default();
        let mut files = BTreeSet::new();
        let mut text = |path: PathBuf| {
            let read = fs::read_to_string(&path);
            let read = read.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            files.insert(path);
            read
        };
        let source = folder.join("src");
        let root = text(source.join("lib.rs"));
        house.add(Place::new(), &root, &mut |place| {
            let inside: PathBuf = place.iter().collect();
            let folder = source.join(inside);
            let file = folder.with_extension("rs");
            text(match file.is_file() {
                true => file,
                false => folder.join("mod.rs"),
            })
        });
        house.files = files;
        house
    }

    /// Reads a crate from texts by the module's path, `""` for the root.
    pub fn of_texts(texts: &[(&str, &str)]) -> House {
        let texts: BTreeMap<Place, &str> = texts
            .iter()
            .map(|(path, text)| (place(path), *text))
            .collect();
        let mut house = House::default();
        house.add(Place::new(), texts[&Place::new()], &mut |place| {
            texts[place].to_string()
        });
        house
    }

    fn add(&mut self, place: Place, text: &str, read: &mut dyn FnMut(&Place) -> String) {
        let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{place:?}: {error}"));
        self.add_items(place, &file.items, read);
    }

    fn add_items(&mut self, place: Place, items: &[Item], read: &mut dyn FnMut(&Place) -> String) {
        let mut module = Module::default();
        for item in items {
            match item {
                Item::Mod(it) if !is_for_tests(&it.attrs) => {
                    let inside = [&place[..], &[it.ident.to_string()]].concat();
                    match &it.content {
                        Some((_, items)) => self.add_items(inside, items, read),
                        None => {
                            let text = read(&inside);
                            self.add(inside, &text, read);
                        }
                    }
                }
                Item::Use(it) if !is_for_tests(&it.attrs) => {
                    module.add_use(&it.tree, &mut Vec::new());
                }
                Item::Mod(_) | Item::Use(_) => {}
                item => {
                    let (name, attributes) = head(item);
                    if !is_for_tests(attributes) {
                        module.defined.extend(name);
                        module.add_paths(quote::ToTokens::to_token_stream(item));
                    }
                }
            }
        }
        self.modules.insert(place, module);
    }

    /// Every arrow between two modules of different files, those between a module and what is
    /// inside it left out: these may know each other.
    pub fn arrows(&self) -> BTreeSet<Arrow> {
        let mut arrows = BTreeSet::new();
        for (from, module) in &self.modules {
            let brought = module.brought.values().chain(&module.globs);
            for path in module.named.iter().chain(brought) {
                if let Some(to) = self.home(from, path, &mut BTreeSet::new())
                    && !from.starts_with(&to)
                    && !to.starts_with(from)
                {
                    arrows.insert((from.clone(), to));
                }
            }
        }
        arrows
    }

    /// The module that defines what `path` names in the module `from`; `None` when that lies outside
    /// the crate.
    fn home(
        &self,
        from: &Place,
        path: &[String],
        seen: &mut BTreeSet<(Place, String)>,
    ) -> Option<Place> {
        let mut at = from.clone();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => (at, rest) = (Place::new(), &path[1..]),
            "self" => rest = &path[1..],
            "super" => {}
            // A child, or a name that another line brought in.
            first => {
                let child = [&at[..], &[first.to_string()]].concat();
                if !self.modules.contains_key(&child) {
                    return None;
                }
            }
        }
        while let Some((first, after)) = rest.split_first() {
            if first == "super" {
                at.pop()?;
                rest = after;
                continue;
            }
            let child = [&at[..], std::slice::from_ref(first)].concat();
            if self.modules.contains_key(&child) {
                (at, rest) = (child, after);
                continue;
            }
            let module = &self.modules[&at];
            if let Some(source) = module.brought.get(first) {
                if !seen.insert((at.clone(), first.clone())) {
                    return Some(at);
                }
                // What comes from another crate is no business of this one.
                return self.home(&at, &[source, after].concat(), seen);
            }
            for glob in &module.globs {
                if !module.defined.contains(first)
                    && seen.insert((at.clone(), format!("{glob:?} {first}")))
                    && let Some(inside) = self.home(&at, glob, seen)
                    && self.modules[&inside].knows(first)
                {
                    let within = [&["self".into()], rest].concat();
                    return self.home(&inside, &within, seen);
                }
            }
            return Some(at);
        }
        Some(at)
    }
}

impl Module {
    fn knows(&self, name: &str) -> bool {
        self.defined.contains(name) || self.brought.contains_key(name)
    }

    fn add_use(&mut self, tree: &UseTree, above: &mut Written) {
        match tree {
            UseTree::Path(it) => {
                above.push(it.ident.to_string());
                self.add_use(&it.tree, above);
                above.pop();
            }
            UseTree::Group(it) => {
                for tree in &it.items {
                    self.add_use(tree, above);
                }
            }
            UseTree::Glob(_) => self.globs.push(above.clone()),
            UseTree::Name(it) => self.add_name(&it.ident.to_string(), None, above),
            UseTree::Rename(it) => {
                self.add_name(&it.ident.to_string(), Some(it.rename.to_string()), above);
            }
        }
    }

    fn add_name(&mut self, name: &str, known_as: Option<String>, above: &[String]) {
        // `use a::b::{self}` is `use a::b`.
        let path = match name {
            "self" => above.to_vec(),
            _ => [above, &[name.to_string()]].concat(),
        };
        let known_as = known_as
            .or_else(|| path.last().cloned())
            .unwrap_or_default();
        // Two traits brought in as `_` are two.
        match known_as.as_str() {
            "_" => self.named.push(path),
            _ => drop(self.brought.insert(known_as, path)),
        }
    }

    /// The paths through `crate`, `self` and `super` in code, those in macros too.
    fn add_paths(&mut self, tokens: proc_macro2::TokenStream) {
        use proc_macro2::TokenTree;

        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    let name = name.to_string();
                    if path.is_empty() || colons != 2 {
                        self.end_path(&mut path);
                        if ["crate", "super"].contains(&name.as_str()) {
                            path.push(name);
                        }
                    } else {
                        path.push(name);
                    }
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                other => {
                    self.end_path(&mut path);
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.add_paths(group.stream());
                    }
                }
            }
        }
        self.end_path(&mut path);
    }

    fn end_path(&mut self, path: &mut Vec<String>) {
        let path = std::mem::take(path);
        if path.len() > 1 {
            self.named.push(path);
        }
    }
}

fn place(path: &str) -> Place {
    let names = path.split("::").filter(|name| !name.is_empty());
    names.map(String::from).collect()
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && matches!(&attribute.meta, syn::Meta::List(list) if list.tokens.to_string() == "test")
    })
}

/// The name of an item, where it has one, and what is written above it.
fn head(item: &Item) -> (Option<String>, &[Attribute]) {
    let (name, attributes) = match item {
        Item::Const(it) => (&it.ident, &it.attrs),
        Item::Enum(it) => (&it.ident, &it.attrs),
        Item::Fn(it) => (&it.sig.ident, &it.attrs),
        Item::Static(it) => (&it.ident, &it.attrs),
        Item::Struct(it) => (&it.ident, &it.attrs),
        Item::Trait(it) => (&it.ident, &it.attrs),
        Item::Type(it) => (&it.ident, &it.attrs),
        Item::Impl(it) => return (None, &it.attrs),
        Item::Macro(it) => return (it.ident.as_ref().map(ToString::to_string), &it.attrs),
        _ => return (None, &[]),
    };
    (Some(name.to_string()), attributes)
}

/// Groups of places that can all be reached from one another.
pub fn circles(arrows: &BTreeSet<Arrow>) -> Vec<Vec<Place>> {
    let mut reach: BTreeMap<&Place, BTreeSet<&Place>> = BTreeMap::new();
    for (from, _) in arrows {
        let mut reached = BTreeSet::new();
        let mut open = vec![from];
        while let Some(at) = open.pop() {
            for (_, to) in arrows.iter().filter(|(from, _)| from == at) {
                if reached.insert(to) {
                    open.push(to);
                }
            }
        }
        reach.insert(from, reached);
    }
    let mut circles: Vec<Vec<Place>> = Vec::new();
    for (from, reached) in &reach {
        let back = |to: &&&Place| reach.get(**to).is_some_and(|it| it.contains(from));
        if reached.contains(from) && !circles.iter().flatten().any(|it| it == *from) {
            circles.push(
                reached
                    .iter()
                    .filter(back)
                    .map(|it| (*it).clone())
                    .collect(),
            );
        }
    }
    circles
}

/// The arrows between the rooms at one depth: those of files, with every place cut to its first
/// `depth` names.
pub fn between_rooms(arrows: &BTreeSet<Arrow>, depth: usize) -> BTreeSet<Arrow> {
    let room = |place: &Place| place[..depth.min(place.len())].to_vec();
    let cut = arrows.iter().map(|(from, to)| (room(from), room(to)));
    cut.filter(|(from, to)| !from.starts_with(to) && !to.starts_with(from))
        .collect()
}
