//! Presets as people name them: one that is built in, or a file of their own.

use std::path::Path;

use musicvae::model::Preset;

use crate::typed_path::typed_path;

/// The built-in preset called `name`, or the one that the file `name` (of TOML) describes.
///
/// # Errors
/// One sentence: why the file can't be used, or which name may be meant.
pub fn preset_of_name(name: &str) -> Result<Preset, String> {
    if let Some(preset) = Preset::by_name(name) {
        return Ok(preset);
    }
    let path = typed_path(Path::new(name));
    if path
        .extension()
        .is_some_and(|it| it.eq_ignore_ascii_case("toml"))
        || path.is_file()
    {
        return Preset::read(&path).map_err(|error| error.to_string());
    }
    let likeness = |known: &str| strsim::jaro_winkler(known, name);
    let names = Preset::all().into_iter().map(|preset| preset.name);
    let nearest = names.max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    Err(format!(
        "there is no preset `{name}`: try {}, another that `musicvae-tui presets` lists, or a TOML file \
         of your own (`presets --show` writes one, also of a preset that only a checkpoint has)",
        nearest.unwrap_or_default()
    ))
}
