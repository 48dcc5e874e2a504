//! The model as it is played, and its loss, against the reference's full-size `groovae_4bar`.

use candle_core::{Device, Tensor, npy::NpzTensors};
use musicvae::checkpoint::{Checkpoint, magenta};
use musicvae::internals::network::{Batch, KeepAll, Network};
use musicvae::model::{Compute, Decoding, MusicVae, latent};
use musicvae::music::{FEATURES, Groove, LANES};

use super::support;

fn checkpoint() -> Option<Checkpoint> {
    let path = support::data("oracle/groovae_4bar.tar")?;
    Some(magenta::import(&path).unwrap())
}

fn model() -> Option<MusicVae> {
    Some(checkpoint()?.model().unwrap())
}

/// The model run by the CPU's own way, and by the operations that a GPU is given, on the device that
/// [`support::test_device`] names.
fn models() -> Option<[MusicVae; 2]> {
    let checkpoint = checkpoint()?;
    let ways = [Compute::CPU, support::test_device()];
    Some(ways.map(|way| checkpoint.model_on(&way).unwrap()))
}

fn oracle(file: &str) -> NpzTensors {
    NpzTensors::new(support::data(&format!("oracle/infer_groovae_4bar/{file}.npz")).unwrap())
        .unwrap()
}

fn get(npz: &NpzTensors, name: &str) -> Tensor {
    npz.get(name)
        .unwrap()
        .unwrap_or_else(|| panic!("no {name} in the oracle"))
}

fn rows(npz: &NpzTensors, name: &str) -> Vec<Vec<f32>> {
    let tensor = get(npz, name);
    let rows = tensor.dim(0).unwrap();
    tensor.reshape((rows, ())).unwrap().to_vec2().unwrap()
}

fn largest_difference(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    found
        .iter()
        .zip(expected)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max)
}

const THRESHOLD: Decoding = Decoding {
    temperature: 0.0,
    seed: 0,
};

#[test]
fn posteriors_equal_the_references_to_1e_6() {
    let Some(models) = models() else { return };
    let oracle = oracle("encode");
    let grooves: Vec<Groove> = rows(&oracle, "windows")
        .iter()
        .map(|row| Groove::from_features(row, 120.0))
        .collect();
    // One at a time, side by side, and more than one core's part.
    for (model, copies) in (models.iter()).flat_map(|model| [(model, 1), (model, 8)]) {
        let many: Vec<Groove> = grooves.iter().cycle().take(4 * copies).cloned().collect();
        let posteriors = model.encode(&many).unwrap();
        for (posterior, (mu, sigma)) in posteriors.iter().zip(
            rows(&oracle, "mu")
                .iter()
                .zip(&rows(&oracle, "sigma"))
                .cycle(),
        ) {
            assert!(largest_difference(&posterior.mu, mu) < 1e-6);
            assert!(largest_difference(&posterior.sigma, sigma) < 1e-6);
        }
    }
    for model in &models {
        let alone = model.encode(&grooves[..1]).unwrap();
        assert!(largest_difference(&alone[0].mu, &rows(&oracle, "mu")[0]) < 1e-6);
    }
}

#[test]
fn short_windows_have_the_references_posteriors_to_1e_6() {
    let Some(checkpoint) = checkpoint() else {
        return;
    };
    let oracle = oracle("encode");
    let network = Network::new(checkpoint.preset, &checkpoint.tensors, &Device::Cpu).unwrap();
    let x = get(&oracle, "windows")
        .transpose(0, 1)
        .unwrap()
        .contiguous()
        .unwrap();
    let lengths = get(&oracle, "var_lengths")
        .to_dtype(candle_core::DType::I64)
        .unwrap();
    let lengths = lengths
        .to_vec1::<i64>()
        .unwrap()
        .iter()
        .map(|&len| len as usize)
        .collect();
    let batch = Batch {
        lengths: Some(lengths),
        ..Batch::of(x)
    };
    let posterior = network.encode(&batch, &mut KeepAll).unwrap();
    for (tensor, name) in [(posterior.mu, "var_mu"), (posterior.sigma, "var_sigma")] {
        let found = tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert!(
            largest_difference(&found, &rows(&oracle, name).concat()) < 1e-6,
            "{name}"
        );
    }
}

#[test]
fn decoded_grooves_equal_the_references() {
    let Some(models) = models() else { return };
    let decoded = oracle("decode");
    let z = rows(&decoded, "z");
    let samples = rows(&decoded, "samples");
    let longer = oracle("decode_more");
    let cases = [
        (z.clone(), samples, 64),
        (z, rows(&longer, "samples_len128"), 128),
        (rows(&longer, "z_mu3"), rows(&longer, "samples_mu3"), 64),
    ];
    let cases = models
        .iter()
        .flat_map(|model| cases.iter().map(move |case| (model, case)));
    for (model, (z, expected, steps)) in cases {
        let steps = *steps;
        // Alone (matrix times vector) and together (matrix times matrix).
        let together = model.decode_features(z, steps, THRESHOLD).unwrap();
        for (index, expected) in expected.iter().enumerate() {
            let alone = model
                .decode_features(&z[index..=index], steps, THRESHOLD)
                .unwrap();
            for found in [&together[index], &alone[0]] {
                for (found, expected) in found
                    .chunks_exact(FEATURES)
                    .zip(expected.chunks_exact(FEATURES))
                {
                    assert_eq!(found[..LANES], expected[..LANES], "hits");
                    assert!(largest_difference(found, expected) < 1e-5);
                }
            }
        }
    }
}

#[test]
fn teacher_forced_logits_equal_the_references_to_1e_5() {
    let Some(checkpoint) = checkpoint() else {
        return;
    };
    let oracle = oracle("decode");
    let network = Network::new(checkpoint.preset, &checkpoint.tensors, &Device::Cpu).unwrap();
    let x = get(&oracle, "samples")
        .transpose(0, 1)
        .unwrap()
        .contiguous()
        .unwrap();
    let batch = Batch::of(x);
    let logits = network
        .decode(&get(&oracle, "z"), &batch, &mut KeepAll)
        .unwrap();
    let logits = logits.transpose(0, 1).unwrap().flatten_all().unwrap();
    let found = logits.to_vec1::<f32>().unwrap();
    assert!(largest_difference(&found, &rows(&oracle, "rnn_output").concat()) < 1e-5);
}

#[test]
fn interpolation_equals_the_references() {
    let Some(model) = model() else { return };
    let oracle = oracle("interpolate");
    let numbers = |name| get(&oracle, name).to_vec1::<f32>().unwrap();
    for (from, to, path, decoded) in [
        ("z0", "z1", "slerp5", Some("decoded5")),
        ("z0", "z1", "slerp11", None),
        ("mu_seq0", "mu_seq2", "slerp5_of_mu", Some("decoded5_of_mu")),
    ] {
        let expected = rows(&oracle, path);
        let (from, to) = (numbers(from), numbers(to));
        let last = (expected.len() - 1) as f32;
        let found: Vec<_> = (0..expected.len())
            .map(|step| latent::slerp(&from, &to, step as f32 / last))
            .collect();
        for (found, expected) in found.iter().zip(&expected) {
            assert!(largest_difference(found, expected) < 1e-5, "{path}");
        }
        let Some(decoded) = decoded else { continue };
        let grooves = model.decode_features(&found, 64, THRESHOLD).unwrap();
        for (groove, expected) in grooves.iter().zip(&rows(&oracle, decoded)) {
            assert!(largest_difference(groove, expected) < 1e-4, "{decoded}");
        }
    }
}

#[test]
fn temperature_divides_the_hit_logits() {
    let Some(model) = model() else { return };
    let oracle = oracle("temperature_check");
    let z = rows(&self::oracle("decode"), "z");
    let expected = rows(&oracle, "freq_T05");
    let draws = 2_000;
    let mut counts = vec![[0u32; LANES]; z.len()];
    for seed in 0..draws {
        let how = Decoding {
            temperature: 0.5,
            seed,
        };
        for (counts, groove) in counts
            .iter_mut()
            .zip(model.decode_features(&z, 1, how).unwrap())
        {
            for (count, hit) in counts.iter_mut().zip(groove) {
                *count += hit as u32;
            }
        }
    }
    for (counts, expected) in counts.iter().zip(&expected) {
        for (&count, &expected) in counts.iter().zip(expected) {
            let found = count as f32 / draws as f32;
            // Four standard errors of two such frequencies, at their widest.
            assert!((found - expected).abs() < 0.07, "{found} {expected}");
        }
    }
}

#[test]
fn the_loss_and_its_terms_equal_the_references() {
    let Some(checkpoint) = checkpoint() else {
        return;
    };
    let oracle = oracle("eval_loss");
    let network =
        Network::new(checkpoint.preset.clone(), &checkpoint.tensors, &Device::Cpu).unwrap();
    let x = get(&oracle, "windows")
        .transpose(0, 1)
        .unwrap()
        .contiguous()
        .unwrap();
    let int = |name| -> Vec<usize> {
        let tensor = get(&oracle, name)
            .to_dtype(candle_core::DType::I64)
            .unwrap();
        tensor
            .to_vec1::<i64>()
            .unwrap()
            .iter()
            .map(|&len| len as usize)
            .collect()
    };
    let whole = int("lengths");
    for (case, step, lengths) in [
        ("step0", 0, None),
        ("step1", 1, None),
        ("step1000", 1000, Some(whole)),
        ("varlen", 1000, Some(int("varlen_lengths"))),
    ] {
        let steps = lengths
            .as_ref()
            .map_or(256, |lengths: &Vec<usize>| lengths.iter().sum());
        let batch = Batch {
            lengths,
            ..Batch::of(x.clone())
        };
        let losses = network
            .losses(&batch, &get(&oracle, "eps"), &mut KeepAll)
            .unwrap();
        let groove = losses.groove.as_ref().unwrap();
        let total = losses
            .total(&checkpoint.preset, checkpoint.preset.beta_at(step))
            .unwrap();
        let numbers = |tensor: &Tensor| tensor.to_vec1::<f32>().unwrap();
        let mean = |tensor: &Tensor| numbers(tensor).iter().sum::<f32>() / 4.0;
        let expected = |name: &str| get(&oracle, &format!("{case}__{name}"));
        // The reference's per-term metrics are means over valid steps, not over windows.
        let a_step = |tensor: &Tensor| numbers(tensor).iter().sum::<f32>() / steps as f32;
        for (name, found) in [
            ("loss", mean(&total)),
            ("hits_loss", a_step(&groove.hits)),
            ("velocities_loss", a_step(&groove.velocities)),
            ("offsets_loss", a_step(&groove.offsets)),
        ] {
            let expected: f32 = expected(name).to_scalar().unwrap();
            assert!(
                (found - expected).abs() < 1e-4 * expected,
                "{case} {name}: {found} {expected}"
            );
        }
        let bits: Vec<f32> = numbers(&losses.kl)
            .iter()
            .map(|nats| nats / std::f32::consts::LN_2)
            .collect();
        let expected = numbers(&expected("kl_bits"));
        assert!(largest_difference(&bits, &expected) < 1e-3, "{case} kl");
    }
}

#[test]
fn the_same_seed_decodes_the_same_groove_alone_or_among_others() {
    let Some(model) = model() else { return };
    let z: Vec<_> = (0..20)
        .map(|seed| latent::sample_prior(256, seed))
        .collect();
    let how = Decoding {
        temperature: 0.9,
        seed: 7,
    };
    let together = model.decode(&z, how).unwrap();
    assert_eq!(together, model.decode(&z, how).unwrap());
    let alone = model.decode(&z[4..5], how).unwrap();
    assert_eq!(alone[0].hits().count(), together[4].hits().count());
    assert_ne!(together[3], together[4]);
}

#[test]
fn misfits_are_refused_by_name() {
    let Some(model) = model() else { return };
    let error = model.encode(&[Groove::empty(32)]).unwrap_err().to_string();
    assert!(
        error.contains("64 steps") && error.contains("32"),
        "{error}"
    );
    let error = model
        .decode(&[vec![0.0; 8]], THRESHOLD)
        .unwrap_err()
        .to_string();
    assert!(error.contains("256"), "{error}");
}
