//! Every row arrives where its grouping says, and only there.

use crate::executor::{Executor, Plugin, guest};
use crate::graph::{Graph, emit, number_schema, numbers, numbers_of, rows};
use crate::pressure::{Seen, counting, remembering};
use petrel_flow::{Call, Cause, DeadLetter, Emitted, Failure, Returned, Trap, TrapKind, Tuning};
use petrel_frame::{Field, Scalar, Schema, Value};
use petrel_model::{Digest, Grouping, key_bytes, key_group, owner};

/// What each task of a sink got, sorted.
fn spread(grouping: Grouping, tasks: u32, in_a_frame: i64, seed: u64) -> Vec<Vec<i64>> {
    let seen = Seen::default();
    let graph =
        Graph::default().spout("numbers", 1, number_schema()).bolt("sink", tasks, None).reads(0, grouping).build();
    let tuning = Tuning { dictionary_rows: 16, window_bytes: 4_000, ..Tuning::default() };
    let mut executor = Executor::new(&graph, tuning, seed, vec![counting(in_a_frame, 3_000), remembering(&seen)]);
    assert!(executor.run(), "{:?}", executor.failures);
    let mut got = vec![Vec::new(); tasks as usize];
    for (task, numbers) in seen.borrow().iter() {
        got[*task as usize].extend_from_slice(numbers);
    }
    got.iter_mut().for_each(|numbers| numbers.sort_unstable());
    got
}

fn everything() -> Vec<i64> {
    (0..3_000).collect()
}

fn together(got: &[Vec<i64>]) -> Vec<i64> {
    let mut all = got.concat();
    all.sort_unstable();
    all
}

#[test]
fn shuffle_is_even_and_complete() {
    for grouping in [Grouping::Shuffle, Grouping::None, Grouping::LocalOrShuffle] {
        for in_a_frame in [1, 3, 100, 3_000] {
            let got = spread(grouping.clone(), 4, in_a_frame, 11);
            assert_eq!(together(&got), everything());
            for (task, numbers) in got.iter().enumerate() {
                let share = numbers.len();
                // The executor's tasks are not equally fast, and load counts.
                assert!((500..=1_000).contains(&share), "task {task} got {share} of 3,000, frames of {in_a_frame}");
            }
        }
    }
}

#[test]
fn all_goes_to_everybody_and_global_to_task_0() {
    for got in spread(Grouping::All, 3, 50, 1) {
        assert_eq!(got, everything());
    }
    let got = spread(Grouping::Global, 3, 50, 1);
    assert_eq!(got, [everything(), Vec::new(), Vec::new()]);
}

#[test]
fn fields_goes_to_the_owner_of_the_keys_group() {
    for tasks in [1, 2, 3, 7] {
        for in_a_frame in [1, 40] {
            let got = spread(Grouping::Fields(vec![0]), tasks, in_a_frame, 5);
            assert_eq!(together(&got), everything());
            for (task, got) in got.iter().enumerate() {
                for number in got {
                    let mut key = Vec::new();
                    key_bytes(&numbers([*number]).view(), &[0], 0, &mut key);
                    assert_eq!(owner(key_group(&key), tasks).0, task as u32);
                }
            }
        }
    }
}

#[test]
fn partial_key_uses_two_tasks_a_key_and_levels_out_a_frequent_one() {
    let schema = Schema::new([Field::new("key", Scalar::String), Field::new("number", Scalar::I64)]);
    let of = schema.clone();
    // Half of all rows have one key.
    let skewed: Plugin<'_> = Box::new(move |_| {
        let (schema, mut next) = (of.clone(), 0);
        guest(move |call, host| {
            if let Call::Next { .. } = call {
                let keys: Vec<(String, i64)> = (next..next + 60)
                    .map(|n| (if n % 2 == 0 { "hot".to_string() } else { format!("key {}", n % 101) }, n))
                    .collect();
                let batch = keys.iter().map(|(key, n)| vec![Value::String(key), Value::I64(*n)]);
                host.effects.emitted.push(emit(0, rows(&schema, batch)));
                next += 60;
                return Ok(if next == 6_000 { Returned::End } else { Returned::More });
            }
            Ok(Returned::Done)
        })
    });
    let seen = Seen::default();
    // The sink reads the number only: the key need not travel.
    let graph = Graph::default()
        .spout("skewed", 1, schema)
        .bolt("sink", 4, None)
        .reads_columns(0, Grouping::PartialKey(vec![0]), vec![1])
        .build();
    let mut executor = Executor::new(&graph, Tuning::default(), 9, vec![skewed, remembering(&seen)]);
    assert!(executor.run());
    let mut tasks_of = std::collections::BTreeMap::<String, std::collections::BTreeSet<u32>>::new();
    let mut shares = [0; 4];
    for (task, numbers) in seen.borrow().iter() {
        shares[*task as usize] += numbers.len();
        for n in numbers {
            let key = if n % 2 == 0 { "hot".to_string() } else { format!("key {}", n % 101) };
            tasks_of.entry(key).or_default().insert(*task);
        }
    }
    assert_eq!(shares.iter().sum::<usize>(), 6_000);
    assert!(tasks_of.values().all(|tasks| tasks.len() <= 2));
    // The two tasks of the frequent key also get the keys that have no other two. One task alone would have 3,000.
    assert!(shares.iter().all(|share| (1_250..=1_750).contains(share)), "{shares:?}");
}

/// Emits one frame of ten numbers directly to a task.
fn direct<'p>(task: Option<u32>) -> Plugin<'p> {
    Box::new(move |_| {
        guest(move |call, host| {
            if let Call::Next { .. } = call {
                host.effects.emitted.push(Emitted { direct: task, ..emit(0, numbers(0..10)) });
                return Ok(Returned::End);
            }
            Ok(Returned::Done)
        })
    })
}

fn run_direct(task: Option<u32>) -> Result<Vec<(u32, Vec<i64>)>, Box<Failure>> {
    let seen = Seen::default();
    let mut graph =
        Graph::default().spout("direct", 1, number_schema()).bolt("sink", 3, None).reads(0, Grouping::Direct).build();
    graph.components[0].outputs[0].direct = true;
    let mut executor = Executor::new(&graph, Tuning::default(), 9, vec![direct(task), remembering(&seen)]);
    if executor.run() { Ok(seen.borrow().clone()) } else { Err(Box::new(executor.paused.remove(0))) }
}

#[test]
fn direct_goes_where_the_guest_says_or_fails() {
    assert_eq!(run_direct(Some(2)).unwrap(), [(2, (0..10).collect())]);
    let failure = run_direct(Some(3)).unwrap_err();
    assert_eq!((failure.call, failure.trap.kind), ("next", TrapKind::Contract));
    assert!(failure.to_string().contains("task 3, but the consumer has 3 tasks"), "{failure}");
    assert!(run_direct(None).unwrap_err().to_string().contains("emit-direct"));
}

type Got = Vec<(u32, Vec<i64>)>;

fn run_custom(mut choose: impl FnMut(&[i64]) -> Result<Vec<u32>, Trap>) -> (Got, Vec<DeadLetter>) {
    let seen = Seen::default();
    let grouping = Grouping::Custom {
        plugin: Digest([1; 32]),
        configuration: String::new(),
        columns: vec![0],
        schema: number_schema(),
    };
    let graph = Graph::default().spout("numbers", 1, number_schema()).bolt("sink", 3, None).reads(0, grouping).build();
    let mut executor = Executor::new(&graph, Tuning::default(), 9, vec![counting(10, 100), remembering(&seen)]);
    executor.chooser = Some(Box::new(move |_, frame, tasks| {
        assert_eq!(tasks, 3);
        choose(&numbers_of(frame))
    }));
    assert!(executor.run());
    (seen.take(), executor.letters)
}

fn by_rest(numbers: &[i64]) -> Vec<u32> {
    numbers.iter().map(|n| (n % 3) as u32).collect()
}

#[test]
fn custom_goes_where_the_plugin_says() {
    let (got, letters) = run_custom(|numbers| Ok(by_rest(numbers)));
    assert_eq!(got.iter().map(|(_, numbers)| numbers.len()).sum::<usize>(), 100);
    assert!(got.iter().all(|(task, numbers)| numbers.iter().all(|n| n % 3 == i64::from(*task))));
    assert!(letters.is_empty());
}

#[test]
fn a_tuple_for_which_the_plugin_fails_is_a_dead_letter_and_the_others_keep_their_order() {
    let trap = Trap { kind: TrapKind::Trapped, message: "oops".to_string(), backtrace: Vec::new() };
    let thrown = trap.clone();
    let (got, letters) =
        run_custom(move |numbers| if numbers.contains(&37) { Err(thrown.clone()) } else { Ok(by_rest(numbers)) });
    let [letter] = &letters[..] else { panic!("{letters:?}") };
    assert_eq!((letter.call, letter.component.as_str(), numbers_of(&letter.tuple)), ("choose", "sink", vec![37]));
    assert_eq!(letter.cause, Cause::Fault(trap));
    assert_eq!(letter.input.as_ref().unwrap().stream.as_str(), "numbers.default");
    for task in 0..3 {
        let got: Vec<i64> = got.iter().filter(|(to, _)| *to == task).flat_map(|(_, numbers)| numbers.clone()).collect();
        let wanted: Vec<i64> = (0..100).filter(|n| n % 3 == i64::from(task) && *n != 37).collect();
        assert_eq!(got, wanted);
    }
}

#[test]
fn an_answer_that_cannot_be_is_a_fault_of_the_plugin() {
    let (got, letters) = run_custom(|numbers| Ok(vec![7; numbers.len()]));
    assert_eq!((got.len(), letters.len()), (0, 100));
    assert!(letters[0].cause.reason().contains("task 7 for row 0, but the consumer has 3 tasks"), "{letters:?}");
    let (got, letters) = run_custom(|numbers| Ok(vec![0; numbers.len().min(1)]));
    let rows: usize = got.iter().map(|(_, numbers)| numbers.len()).sum();
    assert_eq!((rows, letters.len()), (100, 0), "one row at a time it is right");
}
