//! The command line, and the plans that are made of it.

use clap::Parser;

use super::super::arguments::{Arguments, Common, Mode};
use super::super::orchestrator::plans;
use super::super::plan::{Load, Server};

#[derive(Debug, Parser)]
struct CommandLine {
    #[command(flatten)]
    arguments: Arguments,
}

fn mode(words: &str) -> Result<Mode, String> {
    let words = ["bench"].into_iter().chain(words.split_whitespace());
    let parsed = CommandLine::try_parse_from(words).map_err(|error| error.to_string())?;
    Ok(parsed.arguments.mode)
}

fn common(words: &str) -> Common {
    match mode(words) {
        Ok(Mode::Fanout(options)) => options.common,
        other => panic!("no fan-out: {other:?}"),
    }
}

fn names(words: &str) -> Vec<String> {
    let plans = plans(&common(words), &Load::default()).expect("this program has a name");
    plans.into_iter().map(|plan| plan.name).collect()
}

#[test]
fn campanile_and_the_floor_are_measured_unless_left_out() {
    assert_eq!(names("fanout"), ["campanile", "floor"]);
    assert_eq!(names("fanout --without floor"), ["campanile"]);
    assert_eq!(names("fanout --peer uws --peer ws"), ["campanile", "floor", "uws", "ws"]);
    let words = "fanout --campanile old --campanile new --without floor --against server";
    assert_eq!(names(words), ["campanile", "campanile 2", "against 1"]);
    let words = "fanout --without campanile --against mine=a/server --against a/server?x=1";
    assert_eq!(names(words), ["floor", "mine", "against 2"]);
}

#[test]
fn a_command_is_split_into_words_and_keeps_its_port() {
    let arguments =
        ["bench", "fanout", "--without=campanile,floor", "--against", "my server {port}"];
    assert!(CommandLine::try_parse_from(arguments).is_err(), "each is given by itself");
    let arguments = [
        "bench",
        "fanout",
        "--without=campanile",
        "--without=floor",
        "--against",
        "my server {port}",
    ];
    let parsed = CommandLine::try_parse_from(arguments).expect("they are right");
    let Mode::Fanout(options) = parsed.arguments.mode else { panic!("fan-out was asked for") };
    let plans = plans(&options.common, &Load::default()).expect("this program has a name");
    let words = ["my", "server", "{port}"].map(str::to_owned).to_vec();
    assert_eq!(plans[0].server, Server::Command { words });
}

#[test]
fn a_burst_and_a_rate_exclude_each_other() {
    assert!(mode("fanout --rate 5").is_ok());
    assert!(mode("fanout --rate 5 --in-flight 8").is_err());
}

#[test]
fn sizes_of_growth_are_lists() {
    let Ok(Mode::Growth(options)) = mode("growth --connections 10,20 --rooms 1") else {
        panic!("the words are right")
    };
    assert_eq!((options.connections, options.rooms), (vec![10, 20], vec![1]));
}

#[test]
fn no_rounds_at_all_measure_nothing_and_are_refused() {
    assert!(mode("fanout --rounds 0").is_err());
}
