//! What bolts can do, seen through the testing module.

use petrel_sdk::testing::BoltTest;
use petrel_sdk::{
    Bolt, Config, Context, DynamicTuple, Error, Fault, InputStream, Inputs, Json, List, Map, Output, Outputs,
    OwnedValue, Row, State, TablesOf, Timer, Timers, Timestamp, Tuple, Value, bolt, serde_json::json,
};
use std::time::Duration;

#[derive(Tuple, Clone)]
struct Word<'a> {
    word: &'a [u8],
}

#[derive(Tuple, Debug, PartialEq)]
struct Count<'a> {
    word: &'a [u8],
    count: i64,
}

fn words<'a>(text: &'a str) -> impl Iterator<Item = Word<'a>> {
    text.split(' ').map(|word| Word { word: word.as_bytes() })
}

mod short_form {
    use super::*;

    #[bolt(key = "word")]
    fn count(input: Word<'_>, total: &mut Value<i64>, out: &mut Output<Count<'_>>) {
        *total += 1;
        out.emit(Count { word: input.word, count: total.get() });
    }

    #[test]
    fn a_value_is_seen_by_the_next_tuple_of_its_key_and_by_the_next_batch() {
        let mut test = BoltTest::<count>::new();
        test.send(words("a b a"));
        test.send(words("a"));
        let counts: Vec<i64> = test.emitted::<Count>().iter().map(|count| count.count).collect();
        assert_eq!(counts, [1, 1, 2, 3]);
        assert_eq!(test.value::<i64>("total", ["a"]), Some(3));
        assert_eq!(test.value::<i64>("total", ["c"]), None);
    }

    #[test]
    fn a_stream_of_text_serves_a_field_of_bytes() {
        let mut test = BoltTest::<count>::new()
            .input_of("texts", petrel_sdk::Schema::new([petrel_sdk::Field::new("word", petrel_sdk::Scalar::String)]));
        test.send_rows([DynamicTuple::new().with("word", "grün")]);
        assert_eq!(test.emitted::<Count>(), [Count { word: "grün".as_bytes(), count: 1 }]);
    }

    #[test]
    fn anchors_name_the_rows_when_tuples_are_tracked() {
        let mut test = BoltTest::<count>::new().tracking(true);
        test.send(words("a b"));
        assert_eq!(test.anchors("default"), [[0, 1, 1]]);
    }

    #[test]
    fn a_missing_field_is_said_before_anything_runs() {
        let mut test = BoltTest::<count>::new().input::<Number>("numbers");
        let error = test.try_open().unwrap_err();
        assert_eq!(error.message(), "the bolt needs `word: bytes` of `numbers.default`, which has: number: i64");
    }
}

#[derive(Tuple, Debug, PartialEq)]
struct Number {
    number: i64,
}

mod faults {
    use super::*;

    #[derive(Config)]
    struct Settings {
        /// What it divides.
        #[config(default = 12)]
        dividend: i64,
    }

    #[bolt]
    fn divide(
        input: Number,
        settings: &Settings,
        seen: &mut Value<i64>,
        out: &mut Output<Number>,
    ) -> Result<(), Fault> {
        *seen += 1;
        out.emit(Number { number: 999 });
        match input.number {
            0 => Err(Fault::reject("cannot divide by 0")),
            13 => Err(Fault::retry(Duration::from_secs(2), "13 needs a break")),
            i64::MIN..0 => Err(Fault::error("negative")),
            number => {
                out.emit(Number { number: settings.dividend / number });
                Ok(())
            }
        }
    }

    fn numbers<const N: usize>(numbers: [i64; N]) -> [Number; N] {
        numbers.map(|number| Number { number })
    }

    #[test]
    fn rejected_tuples_leave_no_trace() {
        let mut test = BoltTest::<divide>::new();
        test.send(numbers([4, 0, 6]));
        assert_eq!(test.emitted::<Number>(), numbers([999, 3, 999, 2]));
        assert_eq!(test.value::<i64>("seen", ()), Some(2));
        assert_eq!(test.rejected().len(), 1);
        assert_eq!(test.rejected()[0].reason, "cannot divide by 0");
        assert_eq!(test.rejected()[0].tuple, DynamicTuple::new().with("number", 0));
    }

    #[test]
    fn an_error_undoes_the_batch() {
        let mut test = BoltTest::<divide>::new().config(json!({ "dividend": 100 }));
        let error = test.try_send(numbers([4, -1])).unwrap_err();
        assert_eq!(error.message(), "negative");
        assert_eq!(test.emitted::<Number>(), []);
        assert_eq!(test.value::<i64>("seen", ()), None);
        test.send(numbers([4]));
        assert_eq!(test.emitted::<Number>(), numbers([999, 25]));
    }

    #[test]
    fn a_retried_tuple_comes_again_when_its_time_has_come() {
        let mut test = BoltTest::<divide>::new();
        test.send(numbers([13]));
        assert_eq!(test.retried()[0].due, Timestamp(2_000_000));
        test.advance(Duration::from_secs(1));
        assert_eq!(test.retried().len(), 1);
        test.advance(Duration::from_secs(1));
        assert_eq!(test.retried()[0].due, Timestamp(4_000_000));
        assert_eq!(test.emitted::<Number>(), []);
    }

    #[test]
    fn an_unknown_key_of_the_configuration_is_refused() {
        let mut test = BoltTest::<divide>::new().config(json!({ "divident": 1 }));
        assert_eq!(
            test.try_open().unwrap_err().message(),
            "config.divident: there is no such key; there are: dividend"
        );
    }
}

mod state {
    use super::*;

    #[derive(Tuple, Clone)]
    struct Click<'a> {
        user: &'a str,
        page: &'a str,
        at: Timestamp,
    }

    #[derive(Tuple)]
    struct User<'a> {
        user: &'a str,
    }

    #[derive(Tuple, Debug, PartialEq)]
    struct Session {
        user: String,
        clicks: i64,
        pages: Vec<String>,
        favourite: Option<String>,
    }

    #[derive(State)]
    struct Visit<'s> {
        clicks: &'s mut Value<i64>,
        last: &'s mut Value<Timestamp>,
        pages: &'s mut List<String>,
        #[state(rename = "by-page", version = 2)]
        by_page: &'s mut Map<String, i64>,
        notes: &'s mut Value<Json<Vec<String>>>,
        idle: &'s mut Timers,
    }

    const GAP: Duration = Duration::from_secs(30);

    struct Sessions;

    mod exported {
        use super::*;

        #[bolt(key = "user")]
        impl Bolt for Sessions {
            type Input = Click<'static>;
            type State = Visit<'static>;
            type Output = Output<Session>;

            fn open(_: &Context, (): ()) -> Result<Self, Error> {
                Ok(Sessions)
            }

            fn process(&mut self, click: Click<'_>, visit: Visit<'_>, _: &mut Output<Session>) -> Result<(), Fault> {
                if visit.clicks.is_present() {
                    visit.idle.cancel(visit.last.get() + GAP);
                }
                *visit.clicks += 1;
                visit.last.set(click.at);
                visit.pages.push(click.page.to_owned());
                *visit.by_page.get_or_default(click.page) += 1;
                visit.notes.push(format!("{}!", click.page));
                visit.idle.set(click.at + GAP);
                Ok(())
            }

            fn on_timer(&mut self, timer: Timer<'_>, visit: Visit<'_>, out: &mut Output<Session>) -> Result<(), Error> {
                assert_eq!(timer.name, "idle");
                let user = timer.key.read::<User>()?.user;
                assert_eq!(timer.key.get("user").map(OwnedValue::from), Some(OwnedValue::String(user.to_owned())));
                let error = timer.key.read::<Click>().err().expect("a key has no page");
                let (found, wanted) =
                    ("the fields here are `user: string`", "`user: string, page: string, at: timestamp`");
                assert!(error.message().contains(found) && error.message().contains(wanted), "{error}");
                let favourite = visit.by_page.entries().into_iter().max_by_key(|(_, clicks)| *clicks);
                out.emit(Session {
                    user: OwnedValue::from(timer.key.value(0)).to_string(),
                    clicks: visit.clicks.remove().unwrap_or(0),
                    pages: visit.pages.take(),
                    favourite: favourite.map(|(page, _)| page),
                });
                for (page, _) in visit.by_page.entries() {
                    visit.by_page.remove(&page);
                }
                Ok(())
            }
        }
    }

    fn click<'a>(user: &'a str, page: &'a str, second: i64) -> Click<'a> {
        Click { user, page, at: Timestamp(second * 1_000_000) }
    }

    #[test]
    fn every_kind_of_table_lasts_between_batches() {
        let mut test = BoltTest::<Sessions>::new();
        test.send([click("ada", "/", 0), click("bob", "/x", 0), click("ada", "/a", 1)]);
        test.send([click("ada", "/", 2)]);
        assert_eq!(test.value::<i64>("clicks", ["ada"]), Some(3));
        assert_eq!(test.list::<String>("pages", ["ada"]), ["/", "/a", "/"]);
        assert_eq!(test.map::<String, i64>("by-page", ["ada"]), [("/".to_owned(), 2), ("/a".to_owned(), 1)].into());
        assert_eq!(test.value::<Json<Vec<String>>>("notes", ["bob"]).unwrap().0, ["/x!"]);
        let timers: Vec<i64> = test.timers("idle").iter().map(|timer| timer.0.0 / 1_000_000).collect();
        assert_eq!(timers, [30, 32]);
    }

    #[test]
    fn a_timer_has_its_key_and_its_state() {
        let mut test = BoltTest::<Sessions>::new();
        test.send([click("ada", "/", 0), click("ada", "/a", 1), click("ada", "/", 2)]);
        test.advance(Duration::from_secs(31));
        assert!(test.emitted::<Session>().is_empty());
        test.advance(Duration::from_secs(1));
        let expected = Session {
            user: "\"ada\"".into(),
            clicks: 3,
            pages: vec!["/".into(), "/a".into(), "/".into()],
            favourite: Some("/".into()),
        };
        assert_eq!(test.emitted::<Session>(), [expected]);
        assert_eq!(test.value::<i64>("clicks", ["ada"]), None);
        assert!(test.list::<String>("pages", ["ada"]).is_empty());
        assert!(test.map::<String, i64>("by-page", ["ada"]).is_empty());
        assert!(test.timers("idle").is_empty());
    }

    mod without_values {
        use super::*;

        #[bolt(key = "user")]
        fn log(click: Click<'_>, pages: &mut List<String>, idle: &mut Timers) {
            let before = pages.len();
            pages.push(format!("{before}:{}", click.page));
            idle.set_event(click.at + GAP);
        }

        #[test]
        fn tables_that_are_not_passed_still_know_their_keys() {
            let mut test = BoltTest::<log>::new();
            test.send([click("ada", "/", 0), click("bob", "/", 1), click("ada", "/a", 2)]);
            test.send([click("ada", "/b", 2)]);
            assert_eq!(test.list::<String>("pages", ["ada"]), ["0:/", "1:/a", "2:/b"]);
            assert_eq!(test.timers("idle").len(), 3);
            test.advance_watermark(Timestamp(31_000_000));
            assert_eq!(test.timers("idle").len(), 1);
        }
    }
}

mod ends_and_ticks {
    use super::*;

    #[derive(Default)]
    struct Final {
        ticks: i64,
    }

    #[bolt(key = "word")]
    impl Bolt for Final {
        type Input = Word<'static>;
        type State = &'static mut Value<i64>;
        type Output = Output<Count<'static>>;

        fn open(_: &Context, (): ()) -> Result<Self, Error> {
            Ok(Final::default())
        }

        fn process(&mut self, _: Word<'_>, total: &mut Value<i64>, _: &mut Output<Count<'_>>) -> Result<(), Fault> {
            *total += 1;
            Ok(())
        }

        fn on_tick(
            &mut self,
            now: Timestamp,
            totals: &mut TablesOf<Self>,
            _: &mut Output<Count<'_>>,
        ) -> Result<(), Error> {
            self.ticks += 1;
            petrel_sdk::info!("tick {} at {}", self.ticks, now.0);
            totals.for_each::<Word>(|word, total| {
                if word.word == b"rare" {
                    total.remove();
                } else {
                    total.set(total.get() * 10);
                }
                Ok(())
            })
        }

        fn on_end(
            &mut self,
            input: &InputStream,
            totals: &mut TablesOf<Self>,
            out: &mut Output<Count<'_>>,
        ) -> Result<(), Error> {
            assert_eq!(input.stream, "input.default");
            let error = totals.for_each::<Count>(|_, _| Ok(())).unwrap_err();
            assert!(error.message().contains("read a struct of the key's fields alone"), "{error}");
            totals.for_each::<Word>(|word, total| {
                out.emit(Count { word: word.word, count: total.get() });
                Ok(())
            })
        }
    }

    #[test]
    fn the_end_sees_all_keys() {
        let mut test = BoltTest::<Final>::new();
        test.send(words("b a b"));
        assert!(test.emitted::<Count>().is_empty());
        test.end();
        assert_eq!(test.emitted::<Count>(), [Count { word: b"a", count: 1 }, Count { word: b"b", count: 2 }]);
    }

    #[test]
    fn a_tick_changes_and_removes() {
        let mut test = BoltTest::<Final>::new().now(Timestamp(7));
        test.send(words("a rare a"));
        test.tick();
        assert_eq!(test.value::<i64>("state", ["a"]), Some(20));
        assert_eq!(test.value::<i64>("state", ["rare"]), None);
        assert_eq!(test.logs()[0].message, "tick 1 at 7");
    }
}

mod streams {
    use super::*;

    #[derive(Inputs)]
    enum Both<'a> {
        #[input("words")]
        Word(Word<'a>),
        Number(Number),
    }

    #[derive(Outputs)]
    struct Sorted {
        short: Output<Word<'static>>,
        #[output(rename = "others")]
        long: Output<Word<'static>>,
        #[output(direct)]
        numbers: Output<Number>,
    }

    #[bolt]
    fn sort(input: Both<'_>, out: &mut Sorted) {
        match input {
            Both::Word(word) if word.word.len() < 3 => out.short.emit(word),
            Both::Word(word) => out.long.emit(word),
            Both::Number(number) => out.numbers.emit_direct(number.number as u32 % 2, number),
        }
    }

    #[test]
    fn inputs_are_told_apart_by_name_and_outputs_by_field() {
        let mut test = BoltTest::<sort>::new().input::<Word>("words").input::<Number>("numbers.number");
        test.send_to("words", words("a storm"));
        test.send_to("number", [0, 2, 1].map(|number| Number { number }));
        assert_eq!(test.emitted_to::<Word>("short")[0].word, b"a");
        assert_eq!(test.emitted_to::<Word>("others")[0].word, b"storm");
        assert_eq!(test.emitted_tasks("numbers"), [Some(0), Some(0), Some(1)]);
    }

    #[test]
    fn an_input_that_no_variant_is_named_after_is_refused() {
        let mut test = BoltTest::<sort>::new().input::<Word>("lines");
        let message = test.try_open().unwrap_err().message().to_owned();
        assert!(message.contains("`lines.default`") && message.contains("`words`, `number`"), "{message}");
    }

    mod dynamic {
        use super::*;

        #[bolt]
        fn describe(row: Row<'_>, out: &mut Output<Text>) {
            out.emit(Text { text: row.to_dynamic().to_string() });
        }

        #[derive(Tuple)]
        struct Text {
            text: String,
        }

        #[test]
        fn a_row_takes_any_stream() {
            let mut test = BoltTest::<describe>::new().input::<Count>("counts");
            test.send([Count { word: b"a\n", count: 3 }]);
            assert_eq!(test.emitted::<Text>()[0].text, "{ word: \"a\\n\", count: 3 }");
        }
    }

    mod large {
        use super::*;

        #[bolt]
        fn repeat(input: Number, out: &mut Output<Number>) {
            (0..input.number).for_each(|number| out.emit(Number { number }));
        }

        #[test]
        fn much_output_goes_off_in_several_frames_with_right_anchors() {
            let mut test = BoltTest::<repeat>::new().tracking(true);
            test.send([10, 100_000, 0, 7].map(|number| Number { number }));
            assert_eq!(test.emitted::<Number>().len(), 100_017);
            let anchors = test.anchors("default");
            assert!(anchors.len() > 2, "{} frames", anchors.len());
            let mut sums = [0; 4];
            for counts in &anchors {
                assert_eq!((counts[0], counts.len()), (0, 5));
                sums.iter_mut().zip(&counts[1..]).for_each(|(sum, count)| *sum += count);
            }
            assert_eq!(sums, [10, 100_000, 0, 7]);
        }
    }
}
