//! Which network addresses a guest may reach.

use std::net::{IpAddr, SocketAddr};
use wasmtime_wasi::sockets::SocketAddrUse;

/// The `net` grant of a component: a list of `HOST:PORT`, either part may be `*`.
#[derive(Clone, Debug)]
pub(crate) struct AllowedNet(Vec<Rule>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    /// None: any.
    host: Option<Host>,
    /// None: any.
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Address(IpAddr),
    Name(String),
}

impl AllowedNet {
    /// Reads the grant.
    ///
    /// # Errors
    /// The entry that is not `HOST:PORT`, and why.
    pub(crate) fn parse(entries: &[String]) -> Result<AllowedNet, (String, String)> {
        let rule = |entry: &String| Rule::parse(entry).map_err(|reason| (entry.clone(), reason));
        entries.iter().map(rule).collect::<Result<_, _>>().map(AllowedNet)
    }

    /// Whether a socket may be used so. Names are looked up at the time of the question: what a name stands for
    /// changes, and a guest that looked it up itself may have got another answer.
    pub(crate) async fn allows(&self, address: SocketAddr, used: SocketAddrUse) -> bool {
        match used {
            SocketAddrUse::TcpConnect | SocketAddrUse::UdpSend | SocketAddrUse::UdpReceive => {
                self.reaches(address).await
            }
            // The system's own choice of a local address, without which nothing can be sent.
            SocketAddrUse::TcpBind | SocketAddrUse::UdpBind => address.ip().is_unspecified() && address.port() == 0,
            // A plugin is no server: it runs wherever the scheduler puts it.
            SocketAddrUse::TcpListen | SocketAddrUse::TcpAccept => false,
        }
    }

    /// Whether a name may be looked up: one that is granted, or any where any host is. An address is no name: nobody is
    /// asked about it.
    pub(crate) fn looks_up(&self, name: &str) -> bool {
        let plain = |name: &str| name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        name.parse::<IpAddr>().is_ok()
            || self.0.iter().any(|rule| match &rule.host {
                None => true,
                Some(Host::Address(_)) => false,
                Some(Host::Name(allowed)) => plain(allowed) == plain(name),
            })
    }

    async fn reaches(&self, address: SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        for rule in &self.0 {
            if rule.port.is_some_and(|port| port != address.port()) {
                continue;
            }
            let hit = match &rule.host {
                None => true,
                Some(Host::Address(allowed)) => *allowed == ip,
                Some(Host::Name(name)) => match tokio::net::lookup_host((name.as_str(), address.port())).await {
                    Ok(mut found) => found.any(|found| found.ip().to_canonical() == ip),
                    Err(_) => false,
                },
            };
            if hit {
                return true;
            }
        }
        false
    }
}

impl Rule {
    fn parse(entry: &str) -> Result<Rule, String> {
        let (host, port) = entry.rsplit_once(':').ok_or("it is not HOST:PORT, for example redis:6379 or *:443")?;
        let port = match port {
            "*" => None,
            port => Some(port.parse().map_err(|_| format!("{port:?} is no port: a number up to 65535, or *"))?),
        };
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = match (bare, host) {
            (None, "*") => None,
            (None, "") => return Err("the host is missing".into()),
            (Some(bare), _) => {
                let address = bare.parse().map_err(|_| format!("{bare:?} is no IPv6 address"))?;
                Some(Host::Address(IpAddr::V6(address).to_canonical()))
            }
            (None, host) if host.contains(':') => return Err("an IPv6 address stands in brackets: [::1]:80".into()),
            (None, host) => Some(match host.parse::<IpAddr>() {
                Ok(address) => Host::Address(address.to_canonical()),
                Err(_) => Host::Name(host.to_owned()),
            }),
        };
        Ok(Rule { host, port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SocketAddrUse::{TcpAccept, TcpBind, TcpConnect, TcpListen, UdpBind, UdpSend};

    fn allows(entries: &[&str], address: &str, used: SocketAddrUse) -> bool {
        let entries: Vec<String> = entries.iter().map(|entry| entry.to_string()).collect();
        let allowed = AllowedNet::parse(&entries).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(allowed.allows(address.parse().unwrap(), used))
    }

    #[test]
    fn reaches_what_is_listed_and_nothing_else() {
        assert!(allows(&["127.0.0.1:80"], "127.0.0.1:80", TcpConnect));
        assert!(!allows(&["127.0.0.1:80"], "127.0.0.1:81", TcpConnect));
        assert!(!allows(&["127.0.0.1:80"], "127.0.0.2:80", TcpConnect));
        assert!(allows(&["127.0.0.1:*"], "127.0.0.1:9", UdpSend));
        assert!(allows(&["*:443"], "9.9.9.9:443", TcpConnect));
        assert!(!allows(&["*:443"], "9.9.9.9:80", TcpConnect));
        assert!(allows(&["[::1]:80"], "[::1]:80", TcpConnect));
        assert!(!allows(&[], "127.0.0.1:80", TcpConnect));
        // An IPv4 address in IPv6 clothes is still that address.
        assert!(allows(&["127.0.0.1:80"], "[::ffff:127.0.0.1]:80", TcpConnect));
    }

    #[test]
    fn names_are_looked_up() {
        assert!(allows(&["localhost:80"], "127.0.0.1:80", TcpConnect));
        assert!(!allows(&["localhost:80"], "10.0.0.1:80", TcpConnect));
        assert!(!allows(&["no-such-host.invalid:80"], "10.0.0.1:80", TcpConnect));
    }

    #[test]
    fn only_names_that_are_granted_are_looked_up() {
        let looks_up = |entry: &str, name: &str| AllowedNet::parse(&[entry.into()]).unwrap().looks_up(name);
        assert!(looks_up("redis:6379", "redis"));
        assert!(looks_up("db.example.com:*", "DB.example.com."));
        assert!(looks_up("*:443", "anything.example.com"));
        assert!(looks_up("redis:6379", "127.0.0.1") && looks_up("redis:6379", "::1"), "no look-up at all");
        assert!(!looks_up("redis:6379", "secrets.attacker.example"));
        assert!(!looks_up("example.com:443", "sub.example.com"));
        assert!(!looks_up("127.0.0.1:80", "localhost"));
        assert!(!AllowedNet::parse(&[]).unwrap().looks_up("redis"));
    }

    #[test]
    fn nothing_listens() {
        for used in [TcpListen, TcpAccept] {
            assert!(!allows(&["*:*"], "0.0.0.0:0", used));
        }
        for used in [TcpBind, UdpBind] {
            assert!(allows(&["*:*"], "0.0.0.0:0", used));
            assert!(!allows(&["*:*"], "0.0.0.0:8080", used));
        }
    }

    #[test]
    fn bad_entries_are_named() {
        for (entry, reason) in [
            ("redis", "HOST:PORT"),
            ("redis:x", "no port"),
            (":80", "missing"),
            ("::1:80", "brackets"),
            ("[x]:80", "IPv6"),
        ] {
            let (named, why) = AllowedNet::parse(&[entry.into()]).unwrap_err();
            assert_eq!(named, entry);
            assert!(why.contains(reason), "{entry}: {why}");
        }
    }
}
