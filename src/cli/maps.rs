//! `musicvae-tui maps`: the drum maps at hand.

use std::path::PathBuf;

use anyhow::Context;
use serde_json::json;

use super::UsageError;
use super::output::{note, say};
use super::settings::Settings;
use super::target::Force;
use crate::engine::{DrumMap, DrumMaps, LANE_NAMES, Listed};
use musicvae::music::{LANES, Lane};

/// List the drum maps with the notes of each lane, or print one as a file to start your own from.
#[derive(clap::Args)]
pub struct Maps {
    /// Print this map (by its name or words of it) in the format of a map file.
    name: Option<String>,
    /// Write it into a file instead.
    #[arg(short, long, value_name = "OUT.toml", requires = "name")]
    out: Option<PathBuf>,
    #[command(flatten)]
    force: Force,
    /// Print as JSON: [{"name", "about", "file", "lanes": {"kick": {"note", "channel", "level",
    /// "instead"} or null, ...}}, ...]
    #[arg(long, conflicts_with = "name")]
    json: bool,
}

impl Maps {
    /// Runs the command.
    pub fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let folder = settings.config.midi.maps_folder();
        let maps = DrumMaps::with_folder(folder.as_deref());
        if let Some(name) = &self.name {
            let map = maps.find(name).map_err(UsageError)?;
            let Some(out) = &self.out else {
                return say!("{}", map.to_text().trim_end());
            };
            let target = self.force.reading(settings.file.clone()).file(out)?;
            target.write(map.to_text().as_bytes())?;
            return target.say_path();
        }
        for problem in &maps.problems {
            note!("musicvae-tui: {problem}");
        }
        if self.json {
            let list: Vec<_> = maps.maps.iter().map(json_of).collect();
            let text = serde_json::to_string_pretty(&list).context("the list can't be written")?;
            return say!("{text}");
        }
        let name_width = maps.maps.iter().map(|it| it.map.name.chars().count()).max();
        let name_width = name_width.unwrap_or(0);
        let head: Vec<String> = Lane::ALL
            .iter()
            .map(|it| format!("{:>7}", it.short_name()))
            .collect();
        say!("{:name_width$}{}", "", head.concat())?;
        for Listed { map, .. } in &maps.maps {
            say!("{:name_width$}{}", map.name, cells(map))?;
        }
        say!(
            "\nNotes on channel 10, else note/channel; ~ is not the lane's own voice, - is silent."
        )?;
        match folder {
            Some(folder) => say!("Your own maps go into {}.", folder.display()),
            None => Ok(()),
        }
    }
}

fn cells(map: &DrumMap) -> String {
    let cell = |voice: &Option<_>| match voice {
        None => format!("{:>7}", "-"),
        Some(crate::engine::Voice {
            note,
            channel,
            instead,
            ..
        }) => {
            let mark = if instead.is_some() { "~" } else { "" };
            let channel = match channel {
                10 => String::new(),
                other => format!("/{other}"),
            };
            format!("{:>7}", format!("{mark}{note}{channel}"))
        }
    };
    map.lanes.iter().map(cell).collect()
}

fn json_of(listed: &Listed) -> serde_json::Value {
    let map = &listed.map;
    let voice = |lane: usize| {
        map.lanes[lane].as_ref().map(|voice| {
            json!({
                "note": voice.note,
                "channel": voice.channel,
                "level": voice.level,
                "instead": voice.instead,
            })
        })
    };
    let lanes: serde_json::Map<String, serde_json::Value> = (0..LANES)
        .map(|lane| (LANE_NAMES[lane].to_string(), json!(voice(lane))))
        .collect();
    json!({
        "name": map.name,
        "about": map.about,
        "file": listed.path,
        "lanes": lanes,
    })
}
