//! The report of `petrel run`.

use super::schema::assert_fits;
use petrel_tests::Sandbox;

const NUMBERS: &str =
    "guarantee = \"best-effort\"\n[component.numbers]\nplugin = \"numbers\"\nconfig = { count = 1000 }\n";

#[test]
fn the_report_of_one_topology_and_of_several() {
    let sandbox = Sandbox::new();
    for name in ["one", "two"] {
        sandbox.write(&format!("{name}.toml"), format!("name = \"{name}\"\n{NUMBERS}"));
    }
    let report = sandbox.run(&["run", "one.toml", "-o", "json"]).ok().json();
    assert_fits(&report, "run");
    assert_eq!(report["status"], "done");
    assert_eq!(report["components"]["numbers"]["emitted"], 1000);
    let reports = sandbox.run(&["run", "one.toml", "two.toml", "-o", "json"]).ok().json();
    assert_fits(&reports, "run");
    assert_eq!(reports["topologies"][1]["topology"], "two");
}
