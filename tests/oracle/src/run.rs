//! One browser's run: all cases, and once more those that went wrong.

use std::{
    collections::HashMap,
    io, thread,
    time::{Duration, Instant},
};

use crossgate::browser::{Leg, console::Engine};

use crate::{
    case::Case,
    console::by_case,
    generate,
    judge::{Prediction, mishearing, observe, predict},
    launch::{Browser, launch, version},
    mounted,
    random::Random,
    sentinel,
    server::{Oracle, Page, Seen},
};

/// How long a browser may make no progress.
const PATIENCE: Duration = Duration::from_secs(60);

/// A mismatch counts if it is seen this many times in a row: connections break off by themselves.
const ATTEMPTS: usize = 3;

/// For so many cases of scripted answers there is one of a policy at each server.
const PART: usize = 4;

/// How many mismatches are printed in full.
const SHOWN: usize = 5;

pub(crate) struct Tally {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
}

/// A case that went another way than predicted.
struct Mismatch {
    case: Case,
    what: String,
}

pub(crate) fn run(engine: Engine, count: usize, seed: u64) -> io::Result<Tally> {
    let begin = Instant::now();
    let oracle = Oracle::start()?;
    let browser = launch(engine, &oracle.page)?;
    let mut random = Random(seed);
    let mut cases = sentinel::all(&oracle.page, engine)?;
    let sentinels = cases.len();
    cases.extend((0..count).map(|_| generate::case(&mut random, &oracle.page)));
    let servers = mounted::start(&mut random, &oracle.page)?;
    let each = count.div_ceil(PART);
    for server in &servers {
        let profile = engine.profile();
        cases.extend((0..each).map(|_| server.case(&mut random, &oracle.page, profile)));
    }

    let total = cases.len();
    let mut examined = examine(engine, &oracle, &browser, cases)?;
    let (texts, first) = (examined.texts, examined.mismatches.len());
    for _ in 1..ATTEMPTS {
        if examined.mismatches.is_empty() {
            break;
        }
        let again = examined.mismatches.into_iter().map(|mismatch| mismatch.case).collect();
        examined = examine(engine, &oracle, &browser, again)?;
    }
    oracle.finish();

    let mismatches = examined.mismatches;
    for Mismatch { case, what } in mismatches.iter().take(SHOWN) {
        if let Some(departure) = case.sentinel {
            println!("{}: the sentinel of {departure} fell", engine.as_str());
        }
        println!("{case}{what}\n");
    }
    println!(
        "{}: {count} random cases, {each} of policies in Express, {each} in FastAPI, {sentinels} \
         sentinels, {texts} console texts, {} mismatches ({} were seen once only), {:.1} s",
        version(engine),
        mismatches.len(),
        first - mismatches.len(),
        begin.elapsed().as_secs_f32()
    );
    Ok(Tally { passed: total - mismatches.len(), failed: mismatches.len() })
}

struct Examined {
    mismatches: Vec<Mismatch>,
    /// How many blocked fetches the console told about.
    texts: usize,
}

fn examine(
    engine: Engine,
    oracle: &Oracle,
    browser: &Browser,
    cases: Vec<Case>,
) -> io::Result<Examined> {
    let ran = oracle.run(cases, PATIENCE).map_err(|left| {
        io::Error::other(format!("no progress for {PATIENCE:?}, with {left} cases left"))
    })?;
    let predicted: Vec<Prediction> = ran
        .iter()
        .map(|(id, case, _)| {
            predict(case, &oracle.page, &oracle.url(*id, case), engine, engine.profile())
        })
        .collect();
    let heard = listen(engine, browser, &ran, &predicted);
    let mut mismatches = vec![];
    let mut texts = 0;
    for ((id, case, seen), prediction) in ran.into_iter().zip(predicted) {
        let heard = heard.get(&id).map_or(&[] as &[_], Vec::as_slice);
        let observed = observe(&case, &seen);
        let what = if observed == prediction.outcome {
            mishearing(&case, engine, &prediction, heard).or_else(|| {
                let (page, url) = (&oracle.page, oracle.url(id, &case));
                case.mounted.as_ref()?.contradiction(&case, page, &url, engine, &prediction)
            })
        } else {
            let by_page = if seen.page == Some(Page::TimedOut) { " (timed out)" } else { "" };
            Some(format!("predicted {:#?}\nobserved{by_page} {observed:#?}", prediction.outcome))
        };
        texts += usize::from(!heard.is_empty());
        mismatches.extend(what.map(|what| Mismatch { case, what }));
    }
    Ok(Examined { mismatches, texts })
}

/// The console's messages about each case. They come by another way than the results, and so may
/// come later.
fn listen(
    engine: Engine,
    browser: &Browser,
    ran: &[(usize, Case, Seen)],
    predicted: &[Prediction],
) -> HashMap<usize, Vec<String>> {
    let telling: Vec<usize> = ran
        .iter()
        .zip(predicted)
        .filter(|(_, prediction)| {
            prediction.blocked.as_ref().is_some_and(|blocked| blocked.leg != Leg::Script)
        })
        .map(|((id, ..), _)| *id)
        .collect();
    let mut heard = HashMap::new();
    for _ in 0..50 {
        let lines = browser.console();
        heard = by_case(engine, &lines);
        // A moment more for the second line of a message.
        thread::sleep(Duration::from_millis(300));
        let complete = telling.iter().all(|id| heard.contains_key(id));
        if complete && browser.console().len() == lines.len() {
            break;
        }
    }
    heard
}
