//! The world outside. What is found comes back as the error of the call; so does every refusal.

use crate::petrel::plugin::{configuration, files, log, metrics};
use petrel_test_guests::Command;
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};

pub fn run(command: &Command) -> Option<Result<(), String>> {
    let (first, second) = (command.text(0), command.text(1));
    Some(Err(match command.verb() {
        "env" => format!("{:?} of {}", std::env::var(first), std::env::vars().count()),
        "arguments" => format!("{:?}", std::env::args().collect::<Vec<_>>()),
        "stdin" => format!("{:?}", std::io::stdin().read(&mut [0; 10])),
        "file-read" => format!("{:?}", std::fs::read_to_string(first)),
        "file-write" => format!("{:?}", std::fs::write(first, second)),
        "connect" => format!("{:?}", connect(first)),
        "listen" => format!("{:?}", std::net::TcpListener::bind(first)),
        "secret" => format!("{:?}", configuration::secret(first)),
        "list-files" => format!("{:?}", files::list_files(first)),
        // read KEY FILE OFFSET MAX
        "read" => {
            let read = files::read(first, command.number(1) as u32, command.number(2), command.number(3) as u32);
            format!("{:?}", read.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
        }
        "read-ready" => {
            let read = files::read_ready(first, command.number(1) as u32, command.number(2), command.number(3) as u32);
            format!("{:?}", read.map(|bytes| bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())))
        }
        // open KEY NAME KEEP
        "open" => format!("{:?}", files::open(first, second, command.text(2) == "keep").map(|(_, kept)| kept)),
        "list-written" => format!("{:?}", files::list_written(first)),
        "remove" => format!("{:?}", files::remove(first, second)),
        "look-up" => format!("{:?}", (first, 0).to_socket_addrs().map(|found| found.count() > 0)),
        // write KEY NAME TEXT: the test sees the staged writes, so this one returns ok.
        "write" => {
            let name = if second == "-" { "" } else { second };
            return Some(files::create(first, name).and_then(|handle| {
                files::append(handle, command.text(2).as_bytes())?;
                files::print(b"printed\n")
            }));
        }
        "append-nowhere" => format!("{:?}", files::append(5, b"x")),
        "log" => {
            log::write(log::Level::Error, first);
            std::io::stderr().write_all(b"on stderr\n").expect("stderr takes everything");
            metrics::add("seen", 2);
            metrics::add("seen", 3);
            metrics::set("level", 0.5);
            return Some(Ok(()));
        }
        _ => return None,
    }))
}

fn connect(address: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    let mut greeting = String::new();
    stream.read_to_string(&mut greeting)?;
    Ok(greeting)
}
