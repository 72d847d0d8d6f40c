//! Drives a spout or a bolt natively and shows what it did.
//!
//! The host here is a small one with the semantics of the real one: a call's effects become visible when it returned
//! ok; rejected tuples go aside and the batch is processed once more without them; state lasts between calls and is
//! there key by key; time passes when the test says so. Mistakes that the real host would refuse panic with a sentence.
//!
//! ```
//! use petrel_sdk::{Output, Tuple, Value, bolt, testing::BoltTest};
//!
//! #[derive(Tuple)]
//! struct Word<'a> {
//!     word: &'a [u8],
//! }
//!
//! #[derive(Tuple, Debug, PartialEq)]
//! struct Count<'a> {
//!     word: &'a [u8],
//!     count: i64,
//! }
//!
//! #[bolt(key = "word")]
//! fn count(input: Word<'_>, total: &mut Value<i64>, out: &mut Output<Count<'_>>) {
//!     *total += 1;
//!     out.emit(Count { word: input.word, count: total.get() });
//! }
//!
//! # fn main() {
//! let mut test = BoltTest::<count>::new();
//! test.send([Word { word: b"storm" }, Word { word: b"petrel" }, Word { word: b"storm" }]);
//! assert_eq!(test.emitted::<Count>()[2], Count { word: b"storm", count: 2 });
//! assert_eq!(test.value::<i64>("total", [b"storm"]), Some(2));
//! # }
//! ```

mod block;
mod bolt;
mod emissions;
mod host;
mod seen;
mod spout;
mod store;

pub use bolt::{BoltTest, Rejected, Retried};
pub use host::LogLine;
pub use spout::SpoutTest;
pub use store::IntoKey;

use crate::context::{Consumer, Context};
use crate::describe::{ConfigKey, InputStream};

/// The context that tests give to `open`.
fn context(configuration: serde_json::Value, inputs: Vec<InputStream>, tracking: bool) -> Context {
    Context {
        topology: "test".into(),
        component: "plugin".into(),
        task: 0,
        parallelism: 1,
        generation: 1,
        tracking,
        consumers: vec![Consumer { output: 0, component: "reader".into(), tasks: 1 }],
        inputs,
        configuration,
    }
}

/// Fills in defaults, and refuses keys that are not declared or are missing, as the host does.
fn complete(mut configuration: serde_json::Value, keys: &[ConfigKey]) -> Result<serde_json::Value, String> {
    let Some(object) = configuration.as_object_mut() else {
        return Err(format!("the configuration is {configuration}, not an object"));
    };
    if let Some(unknown) = object.keys().find(|name| keys.iter().all(|key| key.name != **name)) {
        let known: Vec<_> = keys.iter().map(|key| key.name.as_str()).collect();
        return Err(format!("config.{unknown}: there is no such key; there are: {}", known.join(", ")));
    }
    for key in keys {
        match &key.default {
            Some(default) => drop(object.entry(&key.name).or_insert_with(|| default.clone())),
            None if key.required && !object.contains_key(&key.name) => {
                return Err(format!("config.{}: must be set", key.name));
            }
            None => {}
        }
    }
    Ok(configuration)
}
