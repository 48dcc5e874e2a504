//! What computes, for every command that runs a model.

use clap::Args;

use super::output::note;
use super::settings::Settings;
use musicvae::model::{Compute, DeviceChoice};

/// What computes.
#[derive(Args)]
pub struct DeviceArgs {
    /// What computes: auto (a GPU, if there is one, for training and for 25 pieces or more at once),
    /// cpu, cuda or metal; a number chooses another GPU, such as cuda:1 [default: auto, or as
    /// configured].
    #[arg(long, value_name = "DEVICE")]
    device: Option<DeviceChoice>,
}

impl DeviceArgs {
    /// Whether one was asked for.
    pub fn is_given(&self) -> bool {
        self.device.is_some()
    }

    /// The device that was asked for, or is configured.
    pub fn choice(&self, settings: &Settings) -> DeviceChoice {
        self.device.unwrap_or(settings.config.compute.device)
    }

    /// That device, opened.
    pub fn open(&self, settings: &Settings) -> anyhow::Result<Compute> {
        Ok(self.choice(settings).open()?)
    }

    /// That device for long work; says which one it is unless that goes without saying.
    pub fn open_and_tell(&self, settings: &Settings) -> anyhow::Result<Compute> {
        let compute = self.open(settings)?;
        if self.device.is_some() || compute.training_sentence().is_some() {
            note!("note: {}", compute.sentence());
        }
        Ok(compute)
    }

    /// Says what ran `count` pieces, unless that goes without saying.
    pub fn tell(&self, compute: &Compute, count: usize) {
        let name = compute.name(count);
        if self.device.is_some() || name != "cpu" || count >= Compute::MANY {
            note!("device: {name}");
        }
    }
}
