//! Where the keys of a RON text stand: path (`feeds.0.port`) to byte range. RON itself says what a
//! text means; this scanner only says where, for error lines and for `--set`.

use std::ops::Range;

/// Nesting that the scanner follows; the schema needs 4. Deeper text is refused, not followed.
const DEPTH_MAX: usize = 32;

/// A value and what stands inside it. Ranges are bytes of the scanned text.
#[derive(Debug, PartialEq)]
pub(super) struct Value {
    /// The whole value, brackets and quotes included.
    pub span: Range<usize>,
    /// What is inside.
    pub body: Body,
}

/// What stands inside a value.
#[derive(Debug, PartialEq)]
pub(super) enum Body {
    /// Number, text, name, map: nothing that a path can lead into.
    Leaf,
    /// `( key: value, ... )`; `open` is the offset after the bracket.
    Struct { open: usize, fields: Vec<Field> },
    /// `[ ... ]` or a tuple.
    List(Vec<Value>),
}

/// One `key: value`.
#[derive(Debug, PartialEq)]
pub(super) struct Field {
    /// The key.
    pub name: String,
    /// Where the key stands.
    pub key: Range<usize>,
    /// What it is set to.
    pub value: Value,
}

/// Scans a whole text. `None` when brackets, quotes or comments do not close.
pub(super) fn scan(text: &str) -> Option<Value> {
    let mut scanner = Scanner { text: text.as_bytes(), at: 0 };
    scanner.blanks()?;
    while scanner.eat(b"#!") {
        scanner.blanks()?;
        scanner.value(0)?;
        scanner.blanks()?;
    }
    let value = scanner.value(0)?;
    scanner.blanks()?;
    (scanner.at == text.len()).then_some(value)
}

/// Line and column of a byte offset, both from 1, columns in characters.
pub(super) fn line_col(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(offset)];
    let line_start = before.rfind('\n').map_or(0, |n| n + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// Byte offset of a line and column as [`line_col`] counts them; the end of the text if beyond.
pub(super) fn offset(text: &str, line: usize, col: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    text[start..].char_indices().nth(col.saturating_sub(1)).map_or(text.len(), |(at, _)| start + at)
}

impl Value {
    /// The value one step down: a key, or a place in a list.
    pub fn child(&self, step: &str) -> Option<&Value> {
        match &self.body {
            Body::Leaf => None,
            Body::Struct { fields, .. } => fields.iter().find(|f| f.name == step).map(|f| &f.value),
            Body::List(items) => items.get(step.parse::<usize>().ok()?),
        }
    }

    /// The value at a path.
    pub fn at(&self, path: &str) -> Option<&Value> {
        path.split('.').try_fold(self, |value, step| value.child(step))
    }

    /// Where to point for a path: its key or value, or that of the nearest group around it that is there.
    pub fn nearest(&self, path: &str) -> usize {
        let mut value = self;
        let mut place = self.span.start;
        for step in path.split('.') {
            let Some(child) = value.child(step) else { break };
            place = match &value.body {
                Body::Struct { fields, .. } => {
                    fields.iter().find(|f| f.name == step).map_or(place, |field| field.key.start)
                }
                _ => child.span.start,
            };
            value = child;
        }
        place
    }

    /// The deepest entries (keys with their values, list items) that a range touches, outermost
    /// first: path and range.
    pub fn touched(&self, range: &Range<usize>) -> Vec<(String, Range<usize>)> {
        let mut found = Vec::new();
        self.touch(String::new(), range, &mut found);
        found
    }

    fn touch(&self, path: String, range: &Range<usize>, found: &mut Vec<(String, Range<usize>)>) {
        let below = |step: &str| if path.is_empty() { step.to_string() } else { format!("{path}.{step}") };
        let mut enter = |step: &str, whole: Range<usize>, value: &Value| {
            // Touching ends count: a parser stops right behind what it could not read.
            if whole.start <= range.end && range.start <= whole.end {
                found.push((below(step), whole));
                value.touch(below(step), range, found);
            }
        };
        match &self.body {
            Body::Leaf => {}
            Body::Struct { fields, .. } => {
                fields.iter().for_each(|f| enter(&f.name, f.key.start..f.value.span.end, &f.value));
            }
            Body::List(items) => {
                items.iter().enumerate().for_each(|(i, v)| enter(&i.to_string(), v.span.clone(), v));
            }
        }
    }
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn eat(&mut self, what: &[u8]) -> bool {
        let found = self.text[self.at..].starts_with(what);
        if found {
            self.at += what.len();
        }
        found
    }

    /// Skips blanks and comments. `None` when a comment does not close.
    fn blanks(&mut self) -> Option<()> {
        loop {
            if self.peek().is_some_and(|b| b.is_ascii_whitespace()) {
                self.at += 1;
            } else if self.eat(b"//") {
                while self.peek().is_some_and(|b| b != b'\n') {
                    self.at += 1;
                }
            } else if self.eat(b"/*") {
                let mut open = 1;
                while open > 0 {
                    if self.eat(b"/*") {
                        open += 1;
                    } else if self.eat(b"*/") {
                        open -= 1;
                    } else {
                        self.peek()?;
                        self.at += 1;
                    }
                }
            } else {
                return Some(());
            }
        }
    }

    fn name(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        self.eat(b"r#");
        while self.peek().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_') {
            self.at += 1;
        }
        (self.at > start).then_some(start..self.at)
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth > DEPTH_MAX {
            return None;
        }
        let start = self.at;
        let body = match self.peek()? {
            b'(' => self.bracket(depth)?,
            b'[' => {
                self.at += 1;
                Body::List(self.items(b']', depth)?)
            }
            b'{' => {
                self.map(depth)?;
                Body::Leaf
            }
            b'"' | b'\'' => {
                self.quoted()?;
                Body::Leaf
            }
            b'r' | b'b' if self.raw_or_bytes()? => Body::Leaf,
            b if b.is_ascii_alphabetic() || b == b'_' => {
                self.name()?;
                let end = self.at;
                self.blanks()?;
                if self.peek() == Some(b'(') {
                    self.bracket(depth)?
                } else {
                    self.at = end;
                    Body::Leaf
                }
            }
            b if b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.') => {
                while self.peek().is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.' | b'_')) {
                    self.at += 1;
                }
                Body::Leaf
            }
            _ => return None,
        };
        Some(Value { span: start..self.at, body })
    }

    /// `( ... )`: a struct if it starts with `key:` or is empty, else a tuple.
    fn bracket(&mut self, depth: usize) -> Option<Body> {
        self.at += 1;
        let open = self.at;
        self.blanks()?;
        let is_struct = self.peek() == Some(b')') || {
            let here = self.at;
            let named = self.name().is_some() && self.blanks().is_some() && self.peek() == Some(b':');
            self.at = here;
            named
        };
        if !is_struct {
            return Some(Body::List(self.items(b')', depth)?));
        }
        let mut fields = Vec::new();
        loop {
            self.blanks()?;
            if self.eat(b")") {
                return Some(Body::Struct { open, fields });
            }
            let key = self.name()?;
            self.blanks()?;
            if !self.eat(b":") {
                return None;
            }
            self.blanks()?;
            let value = self.value(depth + 1)?;
            let name = String::from_utf8_lossy(&self.text[key.clone()]);
            fields.push(Field { name: name.trim_start_matches("r#").to_string(), key, value });
            self.blanks()?;
            if !self.eat(b",") && self.peek() != Some(b')') {
                return None;
            }
        }
    }

    fn items(&mut self, close: u8, depth: usize) -> Option<Vec<Value>> {
        let mut items = Vec::new();
        loop {
            self.blanks()?;
            if self.eat(&[close]) {
                return Some(items);
            }
            items.push(self.value(depth + 1)?);
            self.blanks()?;
            if !self.eat(b",") && self.peek() != Some(close) {
                return None;
            }
        }
    }

    fn map(&mut self, depth: usize) -> Option<()> {
        self.at += 1;
        loop {
            self.blanks()?;
            if self.eat(b"}") {
                return Some(());
            }
            self.value(depth + 1)?;
            self.blanks()?;
            if !self.eat(b":") {
                return None;
            }
            self.blanks()?;
            self.value(depth + 1)?;
            self.blanks()?;
            if !self.eat(b",") && self.peek() != Some(b'}') {
                return None;
            }
        }
    }

    /// `"..."` or `'.'`, with backslash escapes.
    fn quoted(&mut self) -> Option<()> {
        let quote = self.peek()?;
        self.at += 1;
        loop {
            let byte = self.peek()?;
            self.at += 1;
            if byte == b'\\' {
                self.peek()?;
                self.at += 1;
            } else if byte == quote {
                return Some(());
            }
        }
    }

    /// `r"..."`, `r#"..."#`, `b"..."`, `br"..."`, `b'.'`. `Some(false)` when it is a name after all.
    fn raw_or_bytes(&mut self) -> Option<bool> {
        let start = self.at;
        self.eat(b"b");
        let raw = self.eat(b"r");
        let hashes = self.text[self.at..].iter().take_while(|b| raw && **b == b'#').count();
        self.at += hashes;
        match self.peek() {
            Some(b'"') if raw => {
                self.at += 1;
                let mut close = vec![b'"'];
                close.resize(1 + hashes, b'#');
                while !self.eat(&close) {
                    self.peek()?;
                    self.at += 1;
                }
                Some(true)
            }
            Some(b'"' | b'\'') if self.at > start => {
                self.quoted()?;
                Some(true)
            }
            _ => {
                self.at = start;
                Some(false)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at<'a>(text: &'a str, path: &str) -> Option<&'a str> {
        Some(&text[scan(text)?.at(path)?.span.clone()])
    }

    #[test]
    fn values_are_found_by_path() {
        let text = r##"#![enable(implicit_some)]
            // telnet: "no"
            Node(
                /* a /* nested */ telnet: (listen: 1) */
                telnet: (listen: "a:1" /* b */, welcome: r#"say "hi", (x: 1)"#, quote: '"', odd: "\"),"),
                feeds: [(kind: Rbn, port: 7000), (name: "b", files: ["x", "y"],),],
                placement: (idle: Spin(20), cores: Some(4)),
                seeds: [(1840, "FT8")], map: {"a": [1], 2: ()}, rate: -1.5e3, last: true
            )
        "##;
        for (path, expected) in [
            ("telnet.listen", "\"a:1\""),
            ("telnet.welcome", r##"r#"say "hi", (x: 1)"#"##),
            ("telnet.quote", "'\"'"),
            ("telnet.odd", r#""\"),""#),
            ("feeds.0.port", "7000"),
            ("feeds.1.files.1", "\"y\""),
            ("placement.idle", "Spin(20)"),
            ("placement.cores", "Some(4)"),
            ("seeds.0.1", "\"FT8\""),
            ("map", "{\"a\": [1], 2: ()}"),
            ("rate", "-1.5e3"),
            ("last", "true"),
        ] {
            assert_eq!(at(text, path), Some(expected), "{path}");
        }
        for absent in ["telnet.port", "feeds.2", "feeds.rbn", "last.x", "map.a"] {
            assert_eq!(at(text, absent), None, "{absent}");
        }
    }

    #[test]
    fn what_does_not_close_is_refused() {
        for text in ["", "(", "(a: 1", "(a: \"x)", "(a: 1) b", "(a: /* 1)", "[1 2]", "(a 1)", "r#\"x\"", "(a: )", ")"] {
            assert_eq!(scan(text), None, "{text:?}");
        }
        assert_eq!(scan(&"[".repeat(100_000)), None, "deep nesting ends early");
    }

    #[test]
    fn places_and_offsets_agree() {
        let text = "a\nbß\n\nc";
        for (at, _) in text.char_indices() {
            let (line, col) = line_col(text, at);
            assert_eq!(offset(text, line, col), at);
        }
        assert_eq!(line_col(text, text.len()), (4, 2));
        assert_eq!(offset(text, 9, 9), text.len());
    }

    #[test]
    fn the_nearest_place_is_the_group_around_a_missing_key() {
        let text = "(a: (b: 1), l: [(c: 1)])";
        let tree = scan(text).unwrap();
        assert_eq!(tree.nearest("a.b"), 5);
        assert_eq!(tree.nearest("a.x.y"), 1);
        assert_eq!(tree.nearest("l.0.d"), 16);
        assert_eq!(tree.nearest("z"), 0);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_scanned_without_a_panic(text in "[\\PC\\n\"'()\\[\\]{}:,/*#rb]{0,64}") {
            if let Some(value) = scan(&text) {
                proptest::prop_assert!(value.span.end <= text.len());
            }
        }
    }
}
