//! The JSON schema of a configuration, made of its types; limits, defaults and words are those that
//! the program itself has. `config.schema.json` at the top of the repository is held to it.

use serde_json::{Map, Value, json};

use crate::studio::ground::config::check::limits;
use crate::studio::ground::config::{Config, DEFAULT_TEXT, SCHEMA};

/// Set, it has the file written anew.
const VARIABLE: &str = "MUSICVAE_TUI_SCHEMA";

fn schema() -> Value {
    let mut schema = schemars::schema_for!(Config).to_value();
    // A file leaves out what stays as it is, so defaults stand at each key, as config.toml writes them.
    let written: toml::Table = DEFAULT_TEXT.parse().unwrap();
    let written = serde_json::to_value(written).unwrap();
    for (name, section) in written.as_object().unwrap() {
        let own = section_of(&mut schema, name);
        own.remove("default");
        for (key, value) in section.as_object().unwrap() {
            let place = &mut section_of(&mut schema, name)["properties"][key];
            place["default"] = value.clone();
            // Sizes of machine words say nothing.
            let place = place.as_object_mut().unwrap();
            for word in ["format", "minimum", "maximum"] {
                place.remove(word);
            }
        }
    }
    for (name, _, low, high) in limits(&Config::default()) {
        let (section, key) = name.split_once('.').unwrap();
        let place = &mut section_of(&mut schema, section)["properties"][key];
        let [low, high] = [low, high].map(|limit| match place["type"] == "integer" {
            true => json!(limit as i64),
            false => json!(limit),
        });
        (place["minimum"], place["maximum"]) = (low, high);
    }
    for name in ["themes", "keys"] {
        schema["properties"][name]
            .as_object_mut()
            .unwrap()
            .remove("default");
    }
    schema["title"] = json!("The configuration of musicvae-tui");
    schema
}

/// What the schema says of a section.
fn section_of<'s>(schema: &'s mut Value, name: &str) -> &'s mut Map<String, Value> {
    let reference = schema["properties"][name]["$ref"].as_str();
    let place = match reference.map(|it| it.trim_start_matches('#').to_string()) {
        Some(place) => place,
        None => format!("/properties/{name}"),
    };
    schema.pointer_mut(&place).unwrap().as_object_mut().unwrap()
}

#[test]
fn the_schema_at_the_top_is_that_of_the_types() {
    let text = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    if std::env::var_os(VARIABLE).is_some() {
        std::fs::write("config.schema.json", &text).unwrap();
    } else {
        assert!(
            text == SCHEMA,
            "write it anew with {VARIABLE}=1 and this test"
        );
    }
}

/// Every key is in it, with words, and nothing else is allowed.
#[test]
fn the_schema_names_every_key() {
    let mut schema = schema();
    let known = toml::Table::try_from(Config::default()).unwrap();
    for (name, keys) in known {
        if ["themes", "keys"].contains(&name.as_str()) {
            continue;
        }
        let section = section_of(&mut schema, &name);
        assert_eq!(section["additionalProperties"], json!(false), "[{name}]");
        let described = section["properties"].as_object().unwrap();
        let keys = keys.as_table().unwrap();
        assert_eq!(described.len(), keys.len(), "[{name}]");
        for key in keys.keys() {
            let words = described[key]["description"].as_str();
            assert!(
                words.is_some_and(|it| !it.is_empty()),
                "{name}.{key} says nothing"
            );
        }
    }
}
