//! Onsets in captured sound against the schedule, at several buffer sizes.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::Options;
use super::card::pull;
use super::devices::{ALSA_RATE, Card, onsets};
use super::figures::Spread;
use super::player::{Ask, due, finish, nearest};

const BUFFERS: [u32; 6] = [64, 128, 256, 512, 1024, 2048];

/// Slow enough for each stroke to fade before the next.
const QPM: f64 = 20.0;

pub fn measure(options: &Options) {
    println!("onsets in captured sound, in frames of {ALSA_RATE} Hz around their latency:");
    let buffers = if options.is_short() {
        &BUFFERS[3..4]
    } else {
        &BUFFERS[..]
    };
    for &buffer in buffers {
        let Some(card) = Card::new() else { return };
        let pulled = pull(&card.pipe, buffer as usize, true);
        let ask = Ask {
            seconds: options.seconds(15),
            qpm: QPM,
            buffer,
            sound: true,
            device: None,
            midi: false,
            training: options.training,
            data: options.data.clone(),
            flood: false,
            fade: 500,
        };
        let player = ask.on(&card);
        let told = finish(player);
        let pulled = pulled.join().expect("the card's thread");
        let (now, clock) = (Instant::now(), SystemTime::now().duration_since(UNIX_EPOCH));
        let clock = clock.expect("a time after 1970").as_secs_f64();
        let step = 60.0 / QPM / 4.0 * f64::from(ALSA_RATE);
        let onsets = onsets(&pulled.left, ALSA_RATE);
        let Some(first) = onsets.first() else {
            println!("  {buffer:>4} frames: nothing was heard ({})", told.audio);
            continue;
        };
        let late: Vec<f64> = onsets
            .iter()
            .map(|onset| {
                let at = (onset - first) as f64 / step;
                (at - due(nearest(at))) * step
            })
            .collect();
        let errors = Spread::new(late);
        let heard = clock - now.duration_since(pulled.time_of(*first)).as_secs_f64();
        println!(
            "  {buffer:>4} frames: {} strokes in {:.1} s, {}, in all {:.1} frames apart; heard \
             {:.1} ms after the playhead says ({:.1} ms of latency are reported); {} underruns",
            errors.count(),
            pulled.seconds(),
            errors.around(errors.median()).say(),
            errors.at(1.0) - errors.at(0.0),
            (heard - told.began) * 1e3,
            told.latency_ms,
            pulled.underruns,
        );
    }
    println!();
}
