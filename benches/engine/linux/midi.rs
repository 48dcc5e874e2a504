//! Notes and clock at a receiver in another process, through JACK.

use std::io::{BufRead, BufReader, Read, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use midir::os::unix::VirtualInput;
use thread_priority::{
    RealtimeThreadSchedulePolicy, ThreadPriority, ThreadPriorityValue, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};

use super::devices::{SERVER, Server};
use super::figures::Spread;
use super::player::{Ask, due, finish, nearest};
use super::{Options, Part, part};

/// Steps and clocks a second, at 120 quarter notes a minute.
const STEPS: f64 = 8.0;
const CLOCKS: f64 = 48.0;

/// Notes what comes to a port of its own, and when, until its input ends; then prints it.
pub fn receive() {
    let epoch = Instant::now();
    // Room for ten minutes, so that nothing is moved meanwhile.
    let heard = Arc::new(Mutex::new(Vec::with_capacity(200_000)));
    let kept = heard.clone();
    let note = move |_: u64, bytes: &[u8], _: &mut ()| {
        let at = epoch.elapsed().as_secs_f64();
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push((at, bytes[0]));
    };
    let receiver = midir::MidiInput::new("receiver").expect("a JACK client");
    let _port = receiver
        .create_virtual("drums", note, ())
        .expect("a MIDI port");
    println!("READY");
    let _ = std::io::stdin().read(&mut [0]);
    let heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
    let mut out = std::io::stdout().lock();
    for (at, status) in heard.iter() {
        let _ = writeln!(out, "{at:.9} {status}");
    }
}

pub fn measure(options: &Options) {
    let ask = Ask {
        seconds: options.seconds(600),
        qpm: 120.0,
        buffer: 512,
        sound: false,
        device: None,
        midi: true,
        training: options.training,
        data: options.data.clone(),
        flood: false,
        fade: 500,
    };
    let beside = if options.training {
        ", a model training"
    } else {
        ""
    };
    println!(
        "MIDI at a receiver in another process, {} s at 120 quarter notes a minute{beside}:",
        ask.seconds
    );
    let Some(_server) = Server::start(options.rate, options.period) else {
        return;
    };
    let mut receiver = part(Part::Receiver, "")
        .env("JACK_DEFAULT_SERVER", &*SERVER)
        .stdin(std::process::Stdio::piped())
        .spawn()
        .expect("a receiver");
    let mut lines = BufReader::new(receiver.stdout.take().expect("its output")).lines();
    while !lines
        .next()
        .expect("a line")
        .expect("text")
        .contains("READY")
    {}
    let seconds = ask.seconds;
    let machine = std::thread::spawn(move || lateness_of_the_machine(seconds));
    let player = ask
        .process()
        .env("JACK_DEFAULT_SERVER", &*SERVER)
        .spawn()
        .expect("a player");
    let told = finish(player);
    drop(receiver.stdin.take());
    let heard: Vec<(f64, u8)> = lines
        .map_while(Result::ok)
        .filter_map(|line| {
            let (at, status) = line.split_once(' ')?;
            Some((at.parse().ok()?, status.parse().ok()?))
        })
        .collect();
    let _ = receiver.wait();
    let times = |status: u8| -> Vec<f64> {
        let of = heard.iter().filter(|(_, it)| *it == status);
        of.map(|(at, _)| *at).collect()
    };
    let [on, off, clocks] = [0x99, 0x89, 0xF8].map(times);
    report("notes", &on, &|seconds| {
        let n = nearest(seconds * STEPS);
        (n, due(n) / STEPS)
    });
    report("clocks", &clocks, &|seconds| {
        let n = (seconds * CLOCKS).round();
        (n as i64, n / CLOCKS)
    });
    println!(
        "  {} notes begun, {} ended, {} left out by the engine; started {}, stopped {} times",
        on.len(),
        off.len(),
        told.dropped_midi,
        times(0xFA).len(),
        times(0xFC).len()
    );
    let machine = machine.join().expect("the machine's own");
    println!(
        "  (a thread that does nothing but sleep for 1 ms, at a higher priority, was late by {} ms meanwhile: what \
         the system itself can't do)",
        machine.say()
    );
    if options.training {
        println!("  {} steps trained meanwhile", told.trained);
    }
    println!(
        "  (JACK hands MIDI over once a period, of {:.2} ms here, which is part of these figures; what \
         a receiver misses when it does not keep up is lost)\n",
        f64::from(options.period) / f64::from(options.rate) * 1e3
    );
}

/// How late a thread of its own wakes up that sleeps for 1 ms at a time, before all threads of the program and
/// of JACK; in milliseconds.
fn lateness_of_the_machine(seconds: u64) -> Spread {
    let highest = ThreadPriorityValue::try_from(90_u8).expect("a priority");
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    let priority = ThreadPriority::Crossplatform(highest);
    if set_thread_priority_and_policy(thread_native_id(), priority, policy).is_err() {
        println!("  (the system grants no real-time priority)");
    }
    let (start, nap) = (Instant::now(), Duration::from_millis(1));
    let mut late = Vec::with_capacity(seconds as usize * 1000);
    while start.elapsed().as_secs() < seconds {
        let asleep = Instant::now();
        std::thread::sleep(nap);
        late.push(asleep.elapsed().saturating_sub(nap).as_secs_f64() * 1e3);
    }
    Spread::new(late)
}

/// Holds what came to its grid: `ideal` finds the number and the moment of the nearest one. The
/// latency that all have in common is taken off.
fn report(what: &str, times: &[f64], ideal: &dyn Fn(f64) -> (i64, f64)) {
    let Some(first) = times.first() else {
        return println!("  {what}: none");
    };
    let placed: Vec<(i64, f64)> = times
        .iter()
        .map(|time| {
            let (n, due) = ideal(time - first);
            (n, (time - first - due) * 1e3)
        })
        .collect();
    let late = Spread::new(placed.iter().map(|(_, late)| *late));
    let median = |part: &[(i64, f64)]| Spread::new(part.iter().map(|it| it.1)).median();
    let tenth = (placed.len() / 10).max(1);
    let drift = median(&placed[placed.len() - tenth..]) - median(&placed[..tenth]);
    let mut numbers: Vec<i64> = placed.iter().map(|it| it.0).collect();
    let count = numbers.len();
    numbers.sort_unstable();
    numbers.dedup();
    let doubled = count - numbers.len();
    let span = numbers.last().map_or(0, |last| last - numbers[0] + 1);
    println!(
        "  {count} {what}, off the grid by {} ms (drift {drift:+.3} ms); {} missing, {doubled} \
         doubled",
        late.around(late.median()).say(),
        span - numbers.len() as i64,
    );
}
