//! Songs: parts of the chain with a tempo of their own and a fill at their end, and fills in files.

use musicvae::music::{Groove, Lane};
use musicvae_tui::engine::{ChainLink, Request, Song};
use musicvae_tui::studio::{Effect, Event, Kin, Transport};

use super::varying::{asked, hear, model_of_fills, ready};
use super::workbench::Workbench;

/// The chain that the engine was given since the last call.
fn chain(bench: &mut Workbench) -> Vec<ChainLink> {
    let links = |effect: Effect| match effect {
        Effect::Engine(Request::SetChain { links, .. }) => Some(links),
        _ => None,
    };
    let mut given = bench.take().into_iter().filter_map(links);
    given.next_back().expect("the engine is given a chain")
}

/// What was written since the last call, and what is said of it.
fn written(bench: &mut Workbench) -> (Song, String) {
    let song = |effect: Effect| match effect {
        Effect::Export { song, about, .. } => Some((*song, about)),
        _ => None,
    };
    let mut written = bench.take().into_iter().filter_map(song);
    written.next().expect("a file is written")
}

fn toms(groove: &Groove) -> usize {
    groove.hits().filter(|hit| hit.1 == Lane::LowTom).count()
}

#[test]
fn parts_have_a_tempo_of_their_own_and_end_with_a_fill() {
    let mut bench = ready();
    bench.press("C s down s");
    bench.take();
    bench.press("c 1 x 2 @ 9 7 + f i l l space 2 - k i c k enter");
    let [(Kin::Fill(fill), seeds)] = &asked(&mut bench)[..] else {
        panic!("what the first part ends with is asked for")
    };
    assert_eq!(fill.bar, 3);
    assert!(
        bench
            .screen(80, 24)
            .iter()
            .any(|line| line.contains("hits  fill"))
    );
    bench.press("x");
    let links = chain(&mut bench);
    assert_eq!((links[0].repeats, links[0].tempo), (2, Some(97.0)));
    let ending = links[0].ending.as_ref().unwrap();
    assert_eq!((ending.steps.len(), toms(ending)), (16, 16));
    assert_eq!((links[1].tempo, &links[1].ending), (None, &None));
    assert_eq!(
        links[1]
            .groove
            .hits()
            .filter(|hit| hit.1 == Lane::Kick)
            .count(),
        0
    );

    // While it sounds its tempo is shown, and another one is for the parts that have none.
    let mut status: Transport = bench.studio.ground.transport.clone();
    status.chain_link = Some(0);
    bench.receive(Event::Transport(status.clone()));
    assert_eq!(bench.studio.ground.tempo_words(), "97.0");
    // In its last turn the grid has the fill too.
    assert_eq!(toms(bench.studio.groove()), 0);
    status.position.turn = 1;
    bench.receive(Event::Transport(status.clone()));
    assert_eq!(toms(bench.studio.groove()), 16);
    bench.press("esc >");
    let said = "121.0 for the parts without a tempo of their own; this one has 97.0.";
    assert_eq!(bench.said(), said);
    (status.chain_link, status.position.turn) = (Some(1), 0);
    bench.receive(Event::Transport(status));
    assert_eq!(bench.studio.ground.tempo_words(), "121.0");

    // Another fill, and the one before back again.
    bench.press("C up up up");
    bench.take();
    bench.press("f");
    let another = asked(&mut bench);
    assert_ne!(&another[0].1, seeds);
    let fill = |bench: &Workbench| {
        let kept = bench.studio.ground.scene.slots.all[0].as_ref();
        kept.unwrap().fill.clone()
    };
    let second = fill(&bench);
    bench.press("u");
    assert_eq!(chain(&mut bench)[0].ending, links[0].ending);
    bench.press("ctrl-r");
    assert_eq!(fill(&bench), second);

    bench.press("esc e");
    let (song, about) = written(&mut bench);
    assert!(song.links[0].ending.is_some());
    assert_eq!(about, "12 bars at 97.0 to 121.0, 1 fill");
}

#[test]
fn a_song_is_there_again_and_needs_a_model_that_knows_fills() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Workbench::over(folder.path());
    bench.press("C s c 1 + f i l l enter");
    assert!(bench.said().contains("attributes make"), "{}", bench.said());
    assert!(bench.studio.ground.scene.slots.links.is_empty());
    bench.receive(Event::Loaded(model_of_fills()));
    // What was typed stays, to be mended; Esc leads back to the slots.
    assert!(bench.screen(80, 24).join("\n").contains("1+fill"));
    bench.press("esc c 1 @ 9 0 + f i l l enter x esc");
    bench.receive(Event::Tick(std::time::Duration::from_secs(5)));
    let before = bench.studio.ground.scene.slots.clone();
    assert!(before.links[0].fill && before.all[0].as_ref().unwrap().fill.is_some());
    drop(bench);
    // Also without the model that played it.
    let bench = Workbench::over(folder.path());
    assert_eq!(bench.studio.ground.scene.slots, before);
    let playing = bench.studio.ground.chain.as_ref().unwrap();
    assert!(playing[0].part().ending.is_some());
}

#[test]
fn a_file_has_the_fills_that_are_heard() {
    let mut bench = ready();
    bench.press("ctrl-g");
    hear(&mut bench, 6.5 * 16.0);
    let heard = asked(&mut bench);
    bench.press("e");
    let effects = bench.effects.clone();
    let (song, about) = written(&mut bench);
    assert_eq!(about, "8 bars at 120.0, 1 fill");
    assert_eq!(song.links[0].repeats, 2);
    let [(step, fill)] = &song.fills[..] else {
        panic!("{:?}", song.fills)
    };
    assert_eq!((*step, fill.steps.len(), toms(fill)), (7 * 16, 16, 16));
    // It is the one that is heard in that bar.
    let same = effects.into_iter().find_map(|effect| match effect {
        Effect::Relate { kin, seeds, .. } => Some((kin, seeds)),
        _ => None,
    });
    assert_eq!(heard, [same.unwrap()]);
    // Two in each turn of a loop, and all through a chain.
    bench.press("ctrl-g ctrl-g e");
    let (song, about) = written(&mut bench);
    assert_eq!(about, "4 bars at 120.0, 2 fills");
    assert_eq!(
        song.fills.iter().map(|it| it.0).collect::<Vec<_>>(),
        [16, 48]
    );
    bench.press("C s c 1 x 2 enter x esc ctrl-p down down down enter");
    let (song, _) = written(&mut bench);
    assert_eq!(
        song.fills.iter().map(|it| it.0).collect::<Vec<_>>(),
        [16, 48, 80, 112]
    );
}
