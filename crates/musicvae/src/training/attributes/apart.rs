//! Directions that leave each other alone.
//!
//! What tells windows with an attribute from those without is also what goes along with it: funk has louder
//! accents, jazz fewer strokes. How far each direction moves every attribute is measured, and each is mixed
//! with the others so that it moves its own by one standard deviation and the rest by nothing, as far as
//! the windows follow in proportion.

use super::scene::{Scene, StyleJudge};
use crate::checkpoint::attributes::{Attribute, Effect, Kind};
use crate::data::Windows;
use crate::model::{Latent, MusicVae};
use crate::training::TrainingError;

/// Windows that are moved to measure it.
const WINDOWS: usize = 500;
/// Steps of the mixing (a Landweber iteration). Stopping it early leaves alone what the windows hardly
/// follow, which would otherwise be mixed in at many times its length.
const STEPS: usize = 200;
/// How often what directions do is measured and mended: windows do not follow quite in proportion.
const ROUNDS: usize = 2;
/// How many times longer than it was a direction becomes at most.
const LONGEST: f64 = 2.5;

/// Moves the directions of measures and styles apart.
pub(super) fn move_apart(
    found: &mut [Attribute],
    model: &MusicVae,
    train: &Windows,
    styles: &[String],
) -> Result<(), TrainingError> {
    // A window would be nearest to itself, so half of the files judge the other half.
    let judge = StyleJudge::new(&of_files(train, 0, usize::MAX), styles);
    let scene = Scene::new(model, &of_files(train, 1, WINDOWS), &judge)?;
    let judged = judge.names();
    let moved = |attribute: &&mut Attribute| {
        attribute.kind != Kind::Fill && judged.contains(&attribute.name)
    };
    let mut of_these: Vec<&mut Attribute> = found.iter_mut().filter(moved).collect();
    let names: Vec<(String, Kind)> = of_these
        .iter()
        .map(|it| (it.name.clone(), it.kind))
        .collect();
    let mut vectors: Vec<Latent> = of_these.iter().map(|it| it.vector.clone()).collect();
    let longest: Vec<f64> = vectors.iter().map(|it| LONGEST * length(it)).collect();
    for _ in 0..ROUNDS {
        let mut responses = Vec::new();
        for (vector, own) in vectors.iter().zip(&names) {
            let [more, less] = [1.0, -1.0].map(|amount| scene.effect(vector, amount));
            let (more, less) = (more?, less?);
            let change = |name: &(String, Kind)| {
                let of =
                    |effect: &Effect| effect.changes.get(&name.0).map_or(0.0, |it| it.deviations);
                let (more, less) = (of(&more), -of(&less));
                match name.1 {
                    _ if name != own => (more + less) / 2.0,
                    // Most windows have next to nothing of a style to lose.
                    Kind::Style => more,
                    // Neither way far too long for the other's sake, nor hardly felt.
                    _ => (more.max(0.0) * less.max(0.0)).sqrt(),
                }
            };
            responses.push(names.iter().map(change).collect());
        }
        vectors = apart(&vectors, &responses, &longest);
    }
    for (attribute, vector) in of_these.iter_mut().zip(vectors) {
        attribute.vector = vector;
    }
    Ok(())
}

fn length(vector: &[f32]) -> f64 {
    let squares = vector.iter().map(|&it| f64::from(it).powi(2));
    squares.sum::<f64>().sqrt()
}

/// Evenly spread windows of every second file, from the file `first` on.
fn of_files(windows: &Windows, first: usize, most: usize) -> Windows {
    let all = windows.windows.iter().zip(&windows.origin);
    let chosen: Vec<_> = all.filter(|(_, file)| *file % 2 == first).collect();
    let each = chosen.len().div_ceil(most).max(1);
    let chosen = chosen.into_iter().step_by(each);
    let (windows_of, origin) = chosen.map(|(window, file)| (window.clone(), *file)).unzip();
    Windows {
        windows: windows_of,
        origin,
        ..windows.clone()
    }
}

/// `vectors` mixed, none longer than it may be, given by how many standard deviations each moves every
/// attribute.
fn apart(vectors: &[Latent], responses: &[Vec<f64>], longest: &[f64]) -> Vec<Latent> {
    let count = vectors.len();
    let size: f64 = responses.iter().flatten().map(|it| it * it).sum();
    let mixed = |own: usize| {
        let wanted = |other: usize| if other == own { 1.0 } else { 0.0 };
        let mut shares: Vec<f64> = (0..count).map(wanted).collect();
        let moves = |shares: &[f64], attribute: usize| -> f64 {
            let all = shares.iter().zip(responses);
            all.map(|(share, response)| share * response[attribute])
                .sum()
        };
        for _ in 0..STEPS {
            let missing: Vec<f64> = (0..count)
                .map(|it| wanted(it) - moves(&shares, it))
                .collect();
            for (share, response) in shares.iter_mut().zip(responses) {
                let along: f64 = response.iter().zip(&missing).map(|(a, b)| a * b).sum();
                *share += along / size.max(f64::MIN_POSITIVE);
            }
        }
        let mut vector = vec![0.0; vectors[own].len()];
        for (share, other) in shares.iter().zip(vectors) {
            let each = vector.iter_mut().zip(other);
            each.for_each(|(sum, number)| *sum += *share as f32 * number);
        }
        let most = longest[own] / length(&vector).max(f64::MIN_POSITIVE);
        let factor = match moves(&shares, own) {
            own if own > 0.0 => (1.0 / own).min(most),
            _ => most.min(1.0),
        };
        vector.iter_mut().for_each(|it| *it *= factor as f32);
        vector
    };
    (0..count).map(mixed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_direction_gives_up_what_it_does_to_another() {
        let vectors = [vec![1.0, 0.0], vec![0.0, 1.0]];
        // The first moves the second attribute half as much as its own, which it moves by two.
        let responses = [vec![2.0, 1.0], vec![0.0, 1.0]];
        let [first, second] = &apart(&vectors, &responses, &[2.5; 2])[..] else {
            unreachable!()
        };
        let near = |a: &[f32], b: [f32; 2]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 0.02);
        assert!(near(first, [0.5, -0.5]), "{first:?}");
        assert!(near(second, [0.0, 1.0]), "{second:?}");
    }

    #[test]
    fn what_hardly_follows_is_not_driven_without_end() {
        let vectors = [vec![1.0, 0.0], vec![0.0, 1.0]];
        let responses = [vec![1.0, 0.0], vec![0.0, 0.01]];
        let [_, second] = &apart(&vectors, &responses, &[2.5; 2])[..] else {
            unreachable!()
        };
        assert!((second[1] - 2.5).abs() < 1e-6, "{second:?}");
    }
}
