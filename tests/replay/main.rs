//! `dxring replay` as a library: golden lines, and every real capture when `../shared/data` is there.

use dxring::config::{Dedupe, LineFormat, Node};
use dxring::replay::{Options, Summary, run};
use std::path::{Path, PathBuf};

fn options(files: &[PathBuf]) -> Options {
    Options {
        files: files.to_vec(),
        speed: None,
        format: LineFormat::Classic,
        dedupe: Dedupe::Med,
        start: None,
        summary: true,
        profile: None,
    }
}

fn play(options: &Options) -> (String, Summary) {
    let mut out = Vec::new();
    let summary = run(options, &Node::default(), &mut out).unwrap_or_else(|e| panic!("{e}"));
    (String::from_utf8_lossy(&out).into_owned(), summary)
}

fn shared(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(path);
    path.exists().then_some(path)
}

#[test]
#[ignore]
fn look() {
    for path in std::env::var("LOOK").unwrap().split_whitespace() {
        let (text, summary) = play(&options(&[shared(path).unwrap()]));
        println!("{summary}");
        if std::env::var("LINES").is_ok() {
            println!("{text}");
        }
    }
}
