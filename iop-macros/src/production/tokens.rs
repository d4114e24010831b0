//! Reading tokens with a view ahead, without ever failing.

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, TokenStream, TokenTree};

/// A place in a list of tokens.
pub(crate) struct Tokens {
    tokens: Vec<TokenTree>,
    at: usize,
}

impl Tokens {
    pub(crate) fn new(stream: TokenStream) -> Self {
        Self { tokens: stream.into_iter().collect(), at: 0 }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// The token `ahead` of the next one.
    pub(crate) fn peek(&self, ahead: usize) -> Option<&TokenTree> {
        self.tokens.get(self.at + ahead)
    }

    pub(crate) fn next(&mut self) -> Option<TokenTree> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    /// The tokens that are left.
    pub(crate) fn rest(&self) -> TokenStream {
        self.tokens.get(self.at..).unwrap_or_default().iter().cloned().collect()
    }

    /// Passes `count` tokens and gives them.
    pub(crate) fn take(&mut self, count: usize) -> TokenStream {
        (0..count).filter_map(|_| self.next()).collect()
    }

    /// How many tokens are left.
    pub(crate) fn left(&self) -> usize {
        self.tokens.len().saturating_sub(self.at)
    }

    pub(crate) fn peek_ident(&self, ahead: usize) -> bool {
        matches!(self.peek(ahead), Some(TokenTree::Ident(_)))
    }

    pub(crate) fn peek_punct(&self, ahead: usize, character: char) -> bool {
        matches!(self.peek(ahead), Some(TokenTree::Punct(punct)) if punct.as_char() == character)
    }

    /// `::`. The spacing tells it from the `:` of `name: ::path`.
    pub(crate) fn peek_path_separator(&self, ahead: usize) -> bool {
        let joint = matches!(self.peek(ahead), Some(TokenTree::Punct(punct)) if punct.spacing() == Spacing::Joint);
        joint && self.peek_punct(ahead, ':') && self.peek_punct(ahead + 1, ':')
    }

    /// `:` that is not half of `::`.
    pub(crate) fn peek_colon(&self, ahead: usize) -> bool {
        self.peek_punct(ahead, ':') && !self.peek_path_separator(ahead)
    }

    pub(crate) fn next_ident(&mut self) -> Option<Ident> {
        match self.peek(0) {
            Some(TokenTree::Ident(ident)) => {
                let ident = ident.clone();
                self.at += 1;
                Some(ident)
            }
            _ => None,
        }
    }

    pub(crate) fn next_punct(&mut self, character: char) -> Option<Punct> {
        match self.peek(0) {
            Some(TokenTree::Punct(punct)) if punct.as_char() == character => {
                let punct = punct.clone();
                self.at += 1;
                Some(punct)
            }
            _ => None,
        }
    }

    pub(crate) fn next_group(&mut self, delimiter: Delimiter) -> Option<Group> {
        match self.peek(0) {
            Some(TokenTree::Group(group)) if group.delimiter() == delimiter => {
                let group = group.clone();
                self.at += 1;
                Some(group)
            }
            _ => None,
        }
    }

    /// Passes everything up to the next comma or semicolon, which is passed too, or up to where something new begins.
    pub(crate) fn skip_broken(&mut self) {
        while !self.is_empty() && !self.at_start() {
            if self.next_punct(',').or_else(|| self.next_punct(';')).is_some() {
                return;
            }
            self.at += 1;
        }
    }

    /// `name:`, `#[…]` or a statement comes next.
    pub(crate) fn at_start(&self) -> bool {
        (self.peek_ident(0) && self.peek_colon(1)) || self.peek_punct(0, '#') || self.at_statement()
    }

    /// `require` or `alerts` comes next, and is no item.
    pub(crate) fn at_statement(&self) -> bool {
        let word = matches!(self.peek(0), Some(TokenTree::Ident(word)) if word == "require" || word == "alerts");
        word && !self.peek_colon(1)
    }
}
