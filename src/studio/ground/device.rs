//! The device that runs the models, as last reported.

use musicvae::model::DeviceChoice;

/// A device that is in use.
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    /// The word for it.
    pub choice: DeviceChoice,
    /// What it turned out to be, in few words: `cpu`, `cuda:0`, or `cpu+cuda:0` for both.
    pub name: String,
}

impl Default for Device {
    /// What runs them until another is open.
    fn default() -> Device {
        Device {
            choice: DeviceChoice::Cpu,
            name: "cpu".into(),
        }
    }
}
