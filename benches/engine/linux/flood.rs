//! All lanes in 32nds at 300 quarter notes a minute: what it does to memory, voices and faults.

use super::Options;
use super::card::pull;
use super::devices::Card;
use super::player::{Ask, finish};

const BUFFER: usize = 512;

pub fn measure(options: &Options) {
    let ask = Ask {
        seconds: options.seconds(300),
        qpm: 300.0,
        buffer: BUFFER as u32,
        sound: true,
        device: None,
        midi: false,
        training: options.training,
        data: options.data.clone(),
        flood: true,
        fade: if options.is_short() { 3_000 } else { 14_000 },
    };
    println!(
        "flood, {} s of nine lanes in 32nds at 300 quarter notes a minute (360 strokes a second):",
        ask.seconds
    );
    let Some(card) = Card::new() else { return };
    let pulled = pull(&card.pipe, BUFFER, true);
    let player = ask.on(&card);
    let told = finish(player);
    let pulled = pulled.join().expect("the card's thread");
    let peak = |sound: &[f32]| sound.iter().fold(0.0_f32, |peak, it| peak.max(it.abs()));
    let tail = pulled.left.len().saturating_sub(24_000);
    // The first seconds load the kit and fill every queue once.
    let settled = told.memory.len().min(6).saturating_sub(1);
    let [before, after] = [settled, told.memory.len().saturating_sub(1)]
        .map(|second| told.memory.get(second).copied().unwrap_or(0));
    println!(
        "  memory {before} KiB after {settled} s, {after} KiB at the end: {:+} KiB",
        after as i64 - before as i64
    );
    println!(
        "  peak {:.3} of full scale; {:.1} s captured; what sounds at the end: {:.6}",
        peak(&pulled.left),
        pulled.seconds(),
        peak(&pulled.left[tail..]).max(told.left_over)
    );
    println!(
        "  {} underruns, {} faults and driver's errors, {} commands without room, {} notes \
         without room or too late for MIDI\n",
        pulled.underruns, told.audio_errors, told.dropped_commands, told.dropped_midi
    );
}
