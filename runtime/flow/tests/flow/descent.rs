//! What a dead letter tells of where its tuple came from: the spout's position, and the tasks that it came through.

use crate::at_least_once::{LIMIT, graph, positioned};
use crate::executor::{Chance, Disturbance, Executor, Plugin, guest};
use crate::faults::fault;
use crate::graph::{emit, numbers, numbers_of, task};
use petrel_flow::{Call, DeadLetter, Emitted, Origin, Returned, Trap, Tuning};
use petrel_model::{Assignment, Digest, Grouping, Guarantee};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

type Through = Rc<RefCell<BTreeMap<i64, Vec<u32>>>>;

/// Passes numbers, each with its own anchor, and remembers through which of its tasks each came.
fn passing<'p>(through: &Through) -> Plugin<'p> {
    let through = through.clone();
    Box::new(move |id| {
        let through = through.clone();
        guest(move |call, host| {
            if let Call::Process { frame, .. } = call {
                let got = numbers_of(frame);
                got.iter().for_each(|number| through.borrow_mut().entry(*number).or_default().push(id.task.0));
                let anchors = [0].into_iter().chain(got.iter().map(|_| 1)).collect();
                let origin = Origin::Anchors(anchors);
                host.effects.emitted.push(Emitted { origin, ..emit(0, numbers(got)) });
            }
            Ok(Returned::Done)
        })
    })
}

/// Rejects every seventh number.
fn choosy<'p>() -> Plugin<'p> {
    Box::new(|_| {
        guest(|call, host| {
            if let Call::Process { frame, .. } = call {
                let bad = |(row, number): (usize, &i64)| (number % 7 == 3).then(|| fault(row, None));
                host.effects.faults.extend(numbers_of(frame).iter().enumerate().filter_map(bad));
            }
            Ok(Returned::Done)
        })
    })
}

/// The letters of `numbers → middle → sink`, and through which tasks of the middle each number came.
fn letters(graph: &Assignment, seed: u64, loses: bool) -> (Vec<DeadLetter>, BTreeMap<i64, Vec<u32>>) {
    let through = Through::default();
    let plugins = vec![positioned(), passing(&through), choosy()];
    let mut executor = Executor::new(graph, Tuning::default(), seed, plugins);
    if loses {
        let mut chance = Chance(seed);
        executor.disturb = Some(Box::new(move |_| match chance.below(10) {
            0 => Disturbance::Lost,
            _ => Disturbance::None,
        }));
    }
    assert!(executor.run(), "{:?}", executor.failures);
    (executor.letters, through.take())
}

#[test]
fn the_position_is_that_of_the_frame_and_a_path_the_one_that_was_taken() {
    let (mut exact, mut replayed) = (0, 0);
    for (seed, loses) in (0..20).map(|seed| (seed, seed % 2 == 1)) {
        let (letters, through) = letters(&graph(2), seed, loses);
        assert!(letters.len() as i64 >= LIMIT / 7);
        replayed += letters.len() as i64 - (LIMIT + 3) / 7;
        for letter in letters {
            let number = numbers_of(&letter.tuple)[0];
            let [root] = &letter.roots[..] else { panic!("{number} comes from one tuple: {:?}", letter.roots) };
            assert_eq!(root.spout, task(0, 0));
            // Frames have seven numbers at most, and the position is the number after them.
            let position = root.position.as_deref().expect("the spout says where it is");
            let position = i64::from_le_bytes(position.try_into().unwrap());
            assert!(number < position && position <= number + 7, "{number}: {position}");
            let middle = |path: &Vec<_>| match path[..] {
                [first, second, third] if first == task(0, 0) && third == letter.task => second,
                _ => panic!("{path:?}"),
            };
            let paths: Vec<_> = letter.paths.iter().map(middle).collect();
            assert!(through[&number].iter().any(|it| paths.contains(&task(1, *it))), "{number}: {paths:?}");
            exact += i64::from(paths.len() == 1);
        }
    }
    assert!(exact > 1_000 && replayed > 0, "{exact} {replayed}");
}

#[test]
fn a_row_that_a_grouping_fails_at_has_come_as_far_as_its_producer() {
    let mut graph = graph(1);
    let input = &mut graph.components[2].inputs[0];
    input.grouping = Grouping::Custom {
        plugin: Digest([7; 32]),
        configuration: "{}".into(),
        columns: vec![0],
        schema: input.schema.clone(),
    };
    let through = Through::default();
    let plugins = vec![positioned(), passing(&through), choosy()];
    let mut executor = Executor::new(&graph, Tuning::default(), 3, plugins);
    executor.chooser = Some(Box::new(|_, frame, _| match numbers_of(frame).contains(&37) {
        true => Err(Trap::contract("not 37")),
        false => Ok(numbers_of(frame).iter().map(|_| 0).collect()),
    }));
    assert!(executor.run(), "{:?}", executor.failures);
    let letter = executor.letters.iter().find(|letter| letter.call == "choose").expect("37 is a letter");
    let middle = task(1, through.borrow()[&37][0]);
    assert_eq!((letter.roots.len(), letter.roots[0].spout), (1, task(0, 0)));
    assert!(letter.paths.contains(&vec![task(0, 0), middle]), "{:?}", letter.paths);
}

#[test]
fn where_nothing_is_tracked_nothing_is_told() {
    let mut graph = graph(1);
    graph.guarantee = Guarantee::BestEffort;
    let (letters, _) = letters(&graph, 1, false);
    assert_eq!(letters.len() as i64, (LIMIT + 3) / 7);
    assert!(letters.iter().all(|letter| letter.roots.is_empty() && letter.paths.is_empty()));
}
