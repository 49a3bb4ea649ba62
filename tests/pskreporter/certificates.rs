//! TLS with an authority of our own, and certificates that are not right.

use super::bench::{User, call, stop};
use super::broker::{Broker, Identity, Setup};
use super::publisher::Publisher;
use super::{feed, node, until_given_up, until_streaming};
use dxring::config::Feed;
use dxring::parse::Failure;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};

/// Who signs brokers' certificates.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    pub file: tempfile::NamedTempFile,
}

impl Authority {
    pub fn new(name: &str) -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), issuer.pem()).unwrap();
        Authority { issuer, file }
    }

    /// A certificate for a host, with its key.
    pub fn identity(&self, host: &str, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = CertificateParams::new(vec![host.to_string()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Identity { certificate, key: key.serialize_pem() }
    }
}

#[test]
fn reports_come_through_tls_and_wrong_certificates_are_refused_in_words() {
    let (ours, another) = (Authority::new("ours"), Authority::new("another"));
    let tls = vec![
        ours.identity("127.0.0.1", |_| {}),
        ours.identity("127.0.0.1", |params| params.not_after = date_time_ymd(2020, 1, 1)),
        ours.identity("broker.example", |_| {}),
    ];
    let Some(broker) = Broker::start(&Setup { tls, ..Setup::default() }) else { return };
    let over_tls = |name: &str, port: usize, authority: &Authority| Feed {
        tls: true,
        ca: Some(authority.file.path().into()),
        ..feed(name, broker.tls_ports[port])
    };
    let running = node(vec![
        over_tls("good", 0, &ours),
        over_tls("stranger", 0, &another),
        over_tls("expired", 1, &ours),
        over_tls("other_host", 2, &ours),
        Feed { tls: true, ca: Some(ours.file.path().into()), ..feed("no_tls", broker.port) },
    ]);
    let mut user = User::log_in(running.telnet, "K1ABC");
    until_streaming(&running, 0);
    let mut publisher = Publisher::connect(broker.port, None);
    for n in 0..20 {
        publisher.report(n);
        assert!(user.spot().contains(&call(n)));
    }
    let words = ["comes from nobody that we trust", "has expired", "is for another host"];
    for (stats, words) in running.feeds[1..].iter().zip(words) {
        let told = until_given_up(stats);
        assert!(told.starts_with("tls: ") && told.contains(words), "{}: {told}", stats.name);
        assert_eq!(stats.failures(Failure::Tls), 1);
    }
    // mosquitto closes on what is no MQTT.
    let told = until_given_up(&running.feeds[4]);
    assert!(told.contains("TLS handshake") || told.starts_with("io: "), "{told}");
    assert_eq!(running.feeds[0].failures_total(), 0);
    stop(running);
}
