//! Valid files of the application's own of which each breaks a rule.

mod soundfont;
mod toml;
#[path = "../../../crates/musicvae/tests/suite/mutations/trial.rs"]
mod trial;
