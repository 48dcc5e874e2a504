//! What computes: the CPU's instructions, and a GPU.

use super::Finding;
use crate::studio::Config;
use musicvae::model::{DeviceChoice, Kernels};

pub fn findings(config: &Config) -> Vec<Finding> {
    vec![kernels(), device(config)]
}

fn kernels() -> Finding {
    let names = Kernels::available().into_iter().map(Kernels::name);
    let available = names.collect::<Vec<_>>().join(", ");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    match Kernels::chosen() {
        Ok(kernels) => {
            let (name, cores) = (
                kernels.name(),
                match cores {
                    1 => "1 core".into(),
                    many => format!("{many} cores"),
                },
            );
            let says = format!("{name} on {cores}; this processor has {available}.");
            match name {
                "plain" => Finding::note(
                    "CPU",
                    format!("{says} Grooves and training steps take several times as long."),
                    "unset MUSICVAE_KERNELS, or use a processor with AVX2 or NEON",
                ),
                _ => Finding::ok("CPU", says),
            }
        }
        Err(error) => {
            let cure = format!("unset MUSICVAE_KERNELS, or name one of: {available}");
            Finding::problem("CPU", format!("{error}."), cure)
        }
    }
}

fn device(config: &Config) -> Finding {
    match config.compute.device.open() {
        Ok(compute) => {
            let (_, missing) = DeviceChoice::list();
            let missing = missing.iter().map(|reason| format!(" {reason}."));
            Finding::ok("GPU", compute.sentence() + &missing.collect::<String>())
        }
        Err(error) => Finding::problem(
            "GPU",
            format!("{error}."),
            "name another as `device` under [compute]: auto always works",
        ),
    }
}
