//! Makes a component of a crate: the exports of the three worlds.

/// Makes this crate a component whose bolt is this [`BatchBolt`](crate::batch::BatchBolt). Once in a crate; natively it
/// does nothing.
#[macro_export]
macro_rules! export_batch_bolt {
    ($bolt:ty) => {
        // The exports, which natively are not there, are what the crate is for: nothing that they use is unused.
        const _: fn(&$crate::Context) -> ::std::result::Result<$crate::__private::BoltInstance<$bolt>, $crate::Error> =
            $crate::__private::BoltInstance::<$bolt>::open;
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use $crate::__private::component as petrel;
            ::std::thread_local! {
                static INSTANCE: petrel::Slot<petrel::BoltInstance<$bolt>> = const { petrel::Slot::new() };
            }
            struct Component;
            impl petrel::plugin::Guest for Component {
                fn config_keys() -> ::std::vec::Vec<petrel::types::ConfigKey> {
                    petrel::config_keys(<$bolt as $crate::batch::BatchBolt>::config_keys())
                }
                fn describe(
                    configuration: ::std::string::String,
                    inputs: ::std::vec::Vec<petrel::types::Input>,
                ) -> ::std::result::Result<petrel::types::Description, petrel::types::ConfigError> {
                    petrel::describe(configuration, inputs, <$bolt as $crate::batch::BatchBolt>::describe)
                }
            }
            impl petrel::bolt::Guest for Component {
                fn open(context: petrel::types::Context) -> petrel::Outcome {
                    INSTANCE.with(|slot| petrel::open(slot, context, petrel::BoltInstance::open))
                }
                fn process(input: u32, frame: ::std::vec::Vec<u8>, state: ::std::vec::Vec<u8>) -> petrel::Outcome {
                    INSTANCE.with(|slot| petrel::call(slot, |bolt| bolt.process(input, &frame, &state)))
                }
                fn on_timer(
                    table: u32,
                    keys: ::std::vec::Vec<u8>,
                    times: ::std::vec::Vec<i64>,
                    state: ::std::vec::Vec<u8>,
                ) -> petrel::Outcome {
                    INSTANCE.with(|slot| petrel::call(slot, |bolt| bolt.on_timer(table, &keys, &times, &state)))
                }
                fn on_tick(now: i64, state: ::std::vec::Vec<u8>) -> petrel::Outcome {
                    INSTANCE.with(|slot| petrel::call(slot, |bolt| bolt.on_tick(now, &state)))
                }
                fn on_end(input: u32, state: ::std::vec::Vec<u8>) -> petrel::Outcome {
                    INSTANCE.with(|slot| petrel::call(slot, |bolt| bolt.on_end(input, &state)))
                }
            }
            $crate::__private::bindings::common::export_component!(
                Component with_types_in $crate::__private::bindings::common
            );
            $crate::__private::bindings::bolt::export_component!(
                Component with_types_in $crate::__private::bindings::bolt
            );
        };
    };
}

/// Makes this crate a component whose spout is this [`BatchSpout`](crate::batch::BatchSpout). Once in a crate; natively
/// it does nothing.
#[macro_export]
macro_rules! export_batch_spout {
    ($spout:ty) => {
        // As for bolts.
        const _: fn(
            &$crate::Context,
            ::std::option::Option<&[u8]>,
        ) -> ::std::result::Result<$crate::__private::SpoutInstance<$spout>, $crate::Error> =
            $crate::__private::SpoutInstance::<$spout>::open;
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use $crate::__private::component as petrel;
            ::std::thread_local! {
                static INSTANCE: petrel::Slot<petrel::SpoutInstance<$spout>> = const { petrel::Slot::new() };
            }
            struct Component;
            impl petrel::plugin::Guest for Component {
                fn config_keys() -> ::std::vec::Vec<petrel::types::ConfigKey> {
                    petrel::config_keys(<$spout as $crate::batch::BatchSpout>::config_keys())
                }
                fn describe(
                    configuration: ::std::string::String,
                    inputs: ::std::vec::Vec<petrel::types::Input>,
                ) -> ::std::result::Result<petrel::types::Description, petrel::types::ConfigError> {
                    petrel::describe(configuration, inputs, |configuration, _| {
                        <$spout as $crate::batch::BatchSpout>::describe(configuration)
                    })
                }
            }
            impl petrel::spout::Guest for Component {
                fn open(
                    context: petrel::types::Context,
                    position: ::std::option::Option<::std::vec::Vec<u8>>,
                ) -> petrel::Outcome {
                    INSTANCE.with(|slot| {
                        petrel::open(slot, context, |context| petrel::SpoutInstance::open(context, position.as_deref()))
                    })
                }
                fn next(
                    max_rows: u32,
                    max_bytes: u32,
                ) -> ::std::result::Result<petrel::spout::Status, ::std::string::String> {
                    INSTANCE
                        .with(|slot| petrel::call(slot, |spout| spout.next(max_rows, max_bytes)))
                        .map(petrel::status)
                }
                fn ack(ids: ::std::vec::Vec<u64>) {
                    INSTANCE
                        .with(|slot| petrel::tell(slot, |spout| $crate::batch::BatchSpout::ack(spout.spout(), &ids)));
                }
                fn fail(ids: ::std::vec::Vec<u64>) {
                    INSTANCE
                        .with(|slot| petrel::tell(slot, |spout| $crate::batch::BatchSpout::fail(spout.spout(), &ids)));
                }
                fn activate() {
                    INSTANCE
                        .with(|slot| petrel::tell(slot, |spout| $crate::batch::BatchSpout::activate(spout.spout())));
                }
                fn deactivate() {
                    INSTANCE
                        .with(|slot| petrel::tell(slot, |spout| $crate::batch::BatchSpout::deactivate(spout.spout())));
                }
            }
            $crate::__private::bindings::common::export_component!(
                Component with_types_in $crate::__private::bindings::common
            );
            $crate::__private::bindings::spout::export_component!(
                Component with_types_in $crate::__private::bindings::spout
            );
        };
    };
}

/// Makes this crate a component whose grouping is this [`Grouping`](crate::batch::Grouping). Once in a crate; natively
/// it does nothing.
#[macro_export]
macro_rules! export_grouping {
    ($grouping:ty) => {
        // As for bolts.
        const _: fn(
            &$crate::Context,
        ) -> ::std::result::Result<$crate::__private::GroupingInstance<$grouping>, $crate::Error> =
            $crate::__private::GroupingInstance::<$grouping>::open;
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use $crate::__private::component as petrel;
            ::std::thread_local! {
                static INSTANCE: petrel::Slot<petrel::GroupingInstance<$grouping>> = const { petrel::Slot::new() };
            }
            struct Component;
            impl petrel::plugin::Guest for Component {
                fn config_keys() -> ::std::vec::Vec<petrel::types::ConfigKey> {
                    petrel::config_keys(<$grouping as $crate::batch::Grouping>::config_keys())
                }
                fn describe(
                    configuration: ::std::string::String,
                    inputs: ::std::vec::Vec<petrel::types::Input>,
                ) -> ::std::result::Result<petrel::types::Description, petrel::types::ConfigError> {
                    petrel::describe(configuration, inputs, <$grouping as $crate::batch::Grouping>::describe)
                }
            }
            impl petrel::grouping::Guest for Component {
                fn open(context: petrel::types::Context) -> petrel::Outcome {
                    INSTANCE.with(|slot| petrel::open(slot, context, petrel::GroupingInstance::open))
                }
                fn choose(
                    frame: ::std::vec::Vec<u8>,
                    tasks: u32,
                ) -> ::std::result::Result<::std::vec::Vec<u32>, ::std::string::String> {
                    INSTANCE.with(|slot| petrel::call(slot, |grouping| grouping.choose(&frame, tasks)))
                }
            }
            $crate::__private::bindings::common::export_component!(
                Component with_types_in $crate::__private::bindings::common
            );
            $crate::__private::bindings::grouping::export_component!(
                Component with_types_in $crate::__private::bindings::grouping
            );
        };
    };
}

/// Makes this crate a component whose bolt is this [`Bolt`](crate::Bolt). Once in a crate; natively it does nothing.
/// [`#[bolt]`](macro@crate::bolt) does it by itself.
#[macro_export]
macro_rules! export_bolt {
    ($bolt:ty) => {
        $crate::export_batch_bolt!($crate::__private::TypedBolt<$bolt>);
    };
}

/// Makes this crate a component whose spout is this [`Spout`](crate::Spout). Once in a crate; natively it does nothing.
/// [`#[spout]`](macro@crate::spout) does it by itself.
#[macro_export]
macro_rules! export_spout {
    ($spout:ty) => {
        $crate::export_batch_spout!($crate::__private::TypedSpout<$spout>);
    };
}
