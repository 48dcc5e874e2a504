//! The device that computes: its name in options, files and on the screen, and the device itself.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;

use candle_core::Device;
use serde::{Deserialize, Serialize};

/// What is to compute. Written `auto`, `cpu`, `cuda`, `cuda:1` or `metal`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DeviceChoice {
    /// A GPU for training and for many latents or windows at once, where there is one; else the CPU.
    #[default]
    Auto,
    /// The CPU for everything.
    Cpu,
    /// A GPU for everything.
    Gpu(Gpu),
}

/// A graphics processor, by its maker's interface and its number there, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the interfaces")]
pub enum Gpu {
    Cuda(usize),
    Metal(usize),
}

/// Why a device can't be used, in one sentence without its full stop.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoDevice {
    /// The program lacks the interface.
    #[error(
        "{0} can't be used: this program was built without it (`cargo build --release --features \
         {feature}` has it)", feature = .0.interface()
    )]
    NotBuilt(Gpu),
    /// There is no GPU at all.
    #[error("{gpu} can't be used: no {maker} GPU with a driver is found ({reason})", maker = .gpu.maker())]
    NoneFound {
        /// The one that was asked for.
        gpu: Gpu,
        /// In the words of the driver.
        reason: String,
    },
    /// There are fewer.
    #[error("{gpu} can't be used: the last one here is {last}")]
    WrongNumber {
        /// The one that was asked for.
        gpu: Gpu,
        /// The last one that there is.
        last: Gpu,
    },
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            DeviceChoice::Auto => f.write_str("auto"),
            DeviceChoice::Cpu => f.write_str("cpu"),
            DeviceChoice::Gpu(gpu) => gpu.fmt(f),
        }
    }
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<DeviceChoice, String> {
        let refused = || {
            format!(
                "`{text}` is no device: it takes auto, cpu, cuda, metal, or a number as in cuda:1"
            )
        };
        let (name, number) = match text.split_once(':') {
            None => (text, 0),
            // A sign is no part of a number here.
            Some((name, digits)) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                (name, digits.parse().map_err(|_| refused())?)
            }
            Some(_) => return Err(refused()),
        };
        match name {
            "auto" if name == text => Ok(DeviceChoice::Auto),
            "cpu" if name == text => Ok(DeviceChoice::Cpu),
            "cuda" => Ok(DeviceChoice::Gpu(Gpu::Cuda(number))),
            "metal" => Ok(DeviceChoice::Gpu(Gpu::Metal(number))),
            _ => Err(refused()),
        }
    }
}

impl TryFrom<String> for DeviceChoice {
    type Error = String;

    fn try_from(text: String) -> Result<DeviceChoice, String> {
        text.parse()
    }
}

impl From<DeviceChoice> for String {
    fn from(choice: DeviceChoice) -> String {
        choice.to_string()
    }
}

impl fmt::Display for Gpu {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let (Gpu::Cuda(number) | Gpu::Metal(number)) = self;
        write!(f, "{}:{number}", self.interface())
    }
}

impl Gpu {
    /// The first one of each interface.
    const FIRST: [Gpu; 2] = [Gpu::Cuda(0), Gpu::Metal(0)];

    /// Whether such GPUs are found in machines like this.
    fn is_usual_here(self) -> bool {
        matches!(self, Gpu::Metal(_)) == cfg!(target_os = "macos")
    }

    fn interface(self) -> &'static str {
        match self {
            Gpu::Cuda(_) => "cuda",
            Gpu::Metal(_) => "metal",
        }
    }

    fn maker(self) -> &'static str {
        match self {
            Gpu::Cuda(_) => "NVIDIA",
            Gpu::Metal(_) => "Apple",
        }
    }

    fn with_number(self, number: usize) -> Gpu {
        match self {
            Gpu::Cuda(_) => Gpu::Cuda(number),
            Gpu::Metal(_) => Gpu::Metal(number),
        }
    }

    fn is_built_in(self) -> bool {
        match self {
            Gpu::Cuda(_) => candle_core::utils::cuda_is_available(),
            Gpu::Metal(_) => candle_core::utils::metal_is_available(),
        }
    }

    fn open(self) -> Result<Device, NoDevice> {
        if !self.is_built_in() {
            return Err(NoDevice::NotBuilt(self));
        }
        let reason = match self.try_open() {
            Ok(device) => return Ok(device),
            Err(reason) => reason,
        };
        let (Gpu::Cuda(number) | Gpu::Metal(number)) = self;
        let lower = (0..number).rev().map(|number| self.with_number(number));
        match lower.into_iter().find(|gpu| gpu.try_open().is_ok()) {
            Some(last) => Err(NoDevice::WrongNumber { gpu: self, last }),
            None => Err(NoDevice::NoneFound { gpu: self, reason }),
        }
    }

    fn try_open(self) -> Result<Device, String> {
        let open = || match self {
            // One stream for all threads. By default each has its own, and one thread might read what
            // another has not written yet.
            Gpu::Cuda(number) => Device::new_cuda_with_stream(number),
            Gpu::Metal(number) => Device::new_metal(number),
        };
        // candle panics at a Metal GPU that is not there.
        match catch_unwind(AssertUnwindSafe(open)) {
            Ok(opened) => opened.map_err(|error| first_line(&error.to_string())),
            Err(_) => Err("it did not answer".into()),
        }
    }
}

/// With `RUST_BACKTRACE` set, candle's errors carry where they come from, below what went wrong.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().into()
}

/// The device behind a [`DeviceChoice`].
#[derive(Clone, Debug)]
pub struct Compute {
    /// The CPU where there is no GPU or none is wanted.
    device: Device,
    gpu: Option<Gpu>,
    /// Latents or windows from which on the device plays.
    from: usize,
    /// Why `auto` has no GPU.
    without: Option<String>,
}

impl Default for Compute {
    fn default() -> Compute {
        Compute::CPU
    }
}

impl Compute {
    /// Latents or windows from which on a GPU is worth its launches, where [`DeviceChoice::Auto`]
    /// decides. Measured: the CPU's own way takes 0.6 ms a groove where it plays many at once (two
    /// cores). Counted: a step of a decoder is some forty small operations; of one that draws strokes
    /// lane by lane some sixteen hundred. Guessed, for want of a GPU: that a launch takes 6 µs. Then
    /// it pays from 25 grooves on, or 900 of drawn strokes.
    pub const MANY: usize = 25;

    /// The CPU for everything.
    pub const CPU: Compute = Compute {
        device: Device::Cpu,
        gpu: None,
        from: usize::MAX,
        without: None,
    };

    /// The operations that a GPU would be given, on the CPU: for tests and measurements.
    #[doc(hidden)]
    pub fn rehearsed() -> Compute {
        Compute {
            gpu: Some(Gpu::Cuda(0)),
            from: 0,
            ..Compute::CPU
        }
    }

    /// What trains, and evaluates losses.
    pub fn trainer(&self) -> &Device {
        &self.device
    }

    /// The device that plays or reads `count` latents or windows at once; `None` for the CPU's own
    /// way.
    pub(crate) fn player(&self, count: usize) -> Option<&Device> {
        (self.gpu.is_some() && count >= self.from).then_some(&self.device)
    }

    /// The name of what plays or reads `count` latents or windows at once.
    pub fn name(&self, count: usize) -> String {
        let gpu = self.gpu.filter(|_| count >= self.from);
        gpu.map_or("cpu".into(), |gpu| gpu.to_string())
    }
}

/// In few words, as `cpu`, `cuda:0`, or `cpu+cuda:0` where the GPU does only what is worth it.
impl fmt::Display for Compute {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.gpu {
            Some(gpu) if self.from > 0 => write!(f, "cpu+{gpu}"),
            Some(gpu) => gpu.fmt(f),
            None => f.write_str("cpu"),
        }
    }
}

impl Compute {
    /// What trains, in one sentence without its full stop; nothing for the plain CPU.
    pub fn training_sentence(&self) -> Option<String> {
        match (self.gpu, &self.without) {
            (Some(gpu), _) => Some(format!("{gpu} trains")),
            (None, Some(reason)) => Some(format!("the CPU trains: {reason}")),
            (None, None) => None,
        }
    }

    /// What computes what, in one sentence.
    pub fn sentence(&self) -> String {
        match (self.gpu, &self.without) {
            (Some(gpu), _) if self.from > 0 => format!(
                "{gpu} trains, and plays {} or more at once; the CPU plays fewer.",
                self.from
            ),
            (Some(gpu), _) => format!("{gpu} computes everything."),
            (None, Some(reason)) => format!("The CPU computes everything: {reason}."),
            (None, None) => "The CPU computes everything.".into(),
        }
    }
}

impl DeviceChoice {
    /// The device that is meant.
    ///
    /// # Errors
    /// Why the GPU that is named can't be used. `auto` has no errors.
    pub fn open(self) -> Result<Compute, NoDevice> {
        match self {
            DeviceChoice::Cpu => Ok(Compute::CPU),
            DeviceChoice::Gpu(gpu) => Ok(Compute {
                device: gpu.open()?,
                gpu: Some(gpu),
                from: 0,
                without: None,
            }),
            DeviceChoice::Auto => Ok(automatic()),
        }
    }

    /// Every device that can be used here, and why others that machines like this have can't.
    pub fn list() -> (Vec<DeviceChoice>, Vec<NoDevice>) {
        let mut found = vec![DeviceChoice::Auto, DeviceChoice::Cpu];
        let mut missing = Vec::new();
        for first in Gpu::FIRST {
            let numbered = (0..).map(|number| first.with_number(number));
            for gpu in numbered {
                match gpu.open() {
                    Ok(_) => found.push(DeviceChoice::Gpu(gpu)),
                    Err(NoDevice::WrongNumber { .. }) => break,
                    Err(reason) => {
                        missing.extend(first.is_usual_here().then_some(reason));
                        break;
                    }
                }
            }
        }
        (found, missing)
    }
}

fn automatic() -> Compute {
    let built = Gpu::FIRST.into_iter().filter(|gpu| gpu.is_built_in());
    let mut without = None;
    for gpu in built {
        match gpu.open() {
            Ok(device) => {
                return Compute {
                    device,
                    gpu: Some(gpu),
                    from: Compute::MANY,
                    without: None,
                };
            }
            Err(reason) => without = Some(reason.to_string()),
        }
    }
    Compute {
        without,
        ..Compute::CPU
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_and_written_again() {
        for (text, written) in [
            ("auto", "auto"),
            ("cpu", "cpu"),
            ("cuda", "cuda:0"),
            ("cuda:1", "cuda:1"),
            ("metal", "metal:0"),
        ] {
            let choice: DeviceChoice = text.parse().unwrap();
            assert_eq!(choice.to_string(), written);
            assert_eq!(written.parse(), Ok(choice));
            let json = serde_json::to_string(&choice).unwrap();
            assert_eq!(serde_json::from_str::<DeviceChoice>(&json).unwrap(), choice);
        }
        for text in [
            "",
            "gpu",
            "CUDA",
            "cuda:",
            "cuda:x",
            "cuda:-1",
            "cuda:+1",
            "cuda:1:2",
            "cpu:0",
            "auto:1",
            "cuda:99999999999999999999999",
            " cuda",
        ] {
            let error = text.parse::<DeviceChoice>().unwrap_err();
            assert!(error.contains(&format!("`{text}` is no device")), "{error}");
        }
    }

    #[test]
    fn what_is_missing_is_said_in_a_sentence() {
        let gpu = Gpu::Cuda(3);
        let reason = "CUDA_ERROR_NO_DEVICE".to_string();
        for (error, words) in [
            (
                NoDevice::NotBuilt(gpu),
                "cuda:3 can't be used: this program was built without it (`cargo build --release --features cuda` has it)",
            ),
            (
                NoDevice::NoneFound { gpu, reason },
                "cuda:3 can't be used: no NVIDIA GPU with a driver is found (CUDA_ERROR_NO_DEVICE)",
            ),
            (
                NoDevice::WrongNumber {
                    gpu,
                    last: Gpu::Cuda(1),
                },
                "cuda:3 can't be used: the last one here is cuda:1",
            ),
        ] {
            assert_eq!(error.to_string(), words);
        }
        if !Gpu::Cuda(0).is_built_in() {
            assert_eq!(
                DeviceChoice::Gpu(gpu).open().unwrap_err(),
                NoDevice::NotBuilt(gpu)
            );
            let (found, missing) = DeviceChoice::list();
            assert_eq!(found[..2], [DeviceChoice::Auto, DeviceChoice::Cpu]);
            if Gpu::Cuda(0).is_usual_here() {
                assert_eq!(missing, [NoDevice::NotBuilt(Gpu::Cuda(0))]);
            }
        }
        // What is always there.
        assert_eq!(DeviceChoice::Cpu.open().unwrap().to_string(), "cpu");
        assert!(DeviceChoice::Auto.open().is_ok());
    }

    #[test]
    fn a_gpu_plays_what_is_worth_it() {
        let auto = Compute {
            gpu: Some(Gpu::Cuda(0)),
            from: Compute::MANY,
            ..Compute::CPU
        };
        assert_eq!(auto.to_string(), "cpu+cuda:0");
        assert_eq!(
            (auto.name(1), auto.name(Compute::MANY)),
            ("cpu".into(), "cuda:0".into())
        );
        assert!(auto.player(Compute::MANY - 1).is_none() && auto.player(Compute::MANY).is_some());
        let named = Compute { from: 0, ..auto };
        assert_eq!(
            (named.to_string(), named.name(1)),
            ("cuda:0".into(), "cuda:0".into())
        );
        assert_eq!(Compute::CPU.name(1000), "cpu");
    }
}
