//! Underruns of a card with two periods of 256 frames, while a model trains on every core.

use super::Options;
use super::card::pull;
use super::devices::{ALSA_RATE, Card};
use super::player::{Ask, finish};

const BUFFER: usize = 256;

pub fn measure(options: &Options) {
    let ask = Ask {
        seconds: options.seconds(600),
        qpm: 120.0,
        buffer: BUFFER as u32,
        sound: true,
        device: None,
        midi: false,
        training: true,
        data: options.data.clone(),
        flood: false,
        fade: 500,
    };
    println!(
        "underruns at {BUFFER} frames ({:.1} ms), a model training:",
        { BUFFER as f64 / f64::from(ALSA_RATE) * 1e3 }
    );
    let Some(card) = Card::new() else { return };
    let pulled = pull(&card.pipe, BUFFER, false);
    let player = ask.on(&card);
    let told = finish(player);
    let pulled = pulled.join().expect("the card's thread");
    println!(
        "  a card that pulls: {} of {} periods were not there in time, the worst by {:.1} ms; at \
         least {} frames lay ready; {} errors told by the driver; {} steps trained",
        pulled.underruns,
        pulled.periods(),
        pulled.latest.as_secs_f64() * 1e3,
        pulled.least_ready,
        told.audio_errors,
        told.trained
    );
    if !pulled.realtime {
        println!(
            "  (the card itself had no real-time priority: what is late may be its own doing)"
        );
    }
    #[cfg(feature = "jack")]
    if let Some(_server) = super::devices::Server::start(ALSA_RATE, BUFFER as u32) {
        let ask = Ask {
            device: Some("jack".into()),
            ..ask
        };
        let player = ask
            .process()
            .env("JACK_DEFAULT_SERVER", &*super::devices::SERVER)
            .spawn()
            .expect("a player");
        let told = finish(player);
        println!(
            "  JACK: {} underruns and other errors told; {} steps trained ({})",
            told.audio_errors, told.trained, told.audio
        );
    }
    println!();
}
