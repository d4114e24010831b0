//! Texts that are put together, and names that are compared, while compiling.

pub(crate) const fn contains(names: &[&str], name: &str) -> bool {
    let mut index = 0;
    while index < names.len() {
        if same(names[index], name) {
            return true;
        }
        index += 1;
    }
    false
}

pub(crate) const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut index = 0;
    while index < a.len() {
        if a[index] != b[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// A text that is put together while compiling. What does not fit is left out.
pub(crate) struct Text {
    bytes: [u8; 2048],
    length: usize,
}

impl Text {
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; 2048], length: 0 }
    }

    pub(crate) const fn add(mut self, part: &str) -> Self {
        let part = part.as_bytes();
        if self.length + part.len() > self.bytes.len() {
            return self;
        }
        let mut index = 0;
        while index < part.len() {
            self.bytes[self.length] = part[index];
            self.length += 1;
            index += 1;
        }
        self
    }

    /// Adds `part` in backticks.
    pub(crate) const fn name(self, part: &str) -> Self {
        self.add("`").add(part).add("`")
    }

    pub(crate) const fn number(self, number: u32) -> Self {
        let digit = match number % 10 {
            0 => "0",
            1 => "1",
            2 => "2",
            3 => "3",
            4 => "4",
            5 => "5",
            6 => "6",
            7 => "7",
            8 => "8",
            _ => "9",
        };
        let text = if number < 10 { self } else { self.number(number / 10) };
        text.add(digit)
    }

    pub(crate) const fn as_str(&self) -> &str {
        match std::str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(text) => text,
            Err(_) => "",
        }
    }
}
