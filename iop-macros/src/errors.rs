//! What a pass reports: one error per mistake, all of them in one run.

use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::ToTokens;

/// A page of `docs/errors.md`. Every text that is ours ends with it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Code {
    /// Names of items.
    E01,
    /// Responses.
    E03,
    /// Routes that end where none may.
    E06,
    /// Messages that go round.
    E09,
    /// Orders that are not kept.
    E10,
    /// Ordered items that do not say what a failing message does.
    E11,
    /// Types of messages, hooks and attributes that stand where they mean nothing.
    E12,
    /// What stored messages could not be read with.
    E14,
    /// Sensitive values in the clear.
    E15,
}

impl Code {
    const fn as_str(self) -> &'static str {
        match self {
            Self::E01 => "E01",
            Self::E03 => "E03",
            Self::E06 => "E06",
            Self::E09 => "E09",
            Self::E10 => "E10",
            Self::E11 => "E11",
            Self::E12 => "E12",
            Self::E15 => "E15",
            Self::E14 => "E14",
        }
    }
}

/// The mistakes found so far.
#[derive(Debug, Default)]
pub(crate) struct Errors(Vec<syn::Error>);

impl Errors {
    /// Reports a mistake at the smallest token at fault: the fact, then what to write.
    pub(crate) fn report(&mut self, at: impl ToTokens, code: Code, fact: impl Display, help: impl Display) {
        let code = code.as_str();
        self.0.push(syn::Error::new_spanned(at, format!("{fact}\n\nhelp: {help} [iop {code}]")));
    }

    /// Reports what is not the grammar. Like rustc's own, such an error has no code.
    pub(crate) fn grammar(&mut self, at: impl ToTokens, fact: impl Display, help: impl Display) {
        self.0.push(syn::Error::new_spanned(at, format!("{fact}\n\nhelp: {help}")));
    }

    /// Passes on what `syn` says.
    pub(crate) fn syntax(&mut self, error: syn::Error) {
        self.0.push(error);
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// One `compile_error!` for each.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.0.into_iter().map(syn::Error::into_compile_error).collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proc_macro2::TokenTree;
    use quote::quote;

    use super::*;

    /// The texts of the errors in what a macro expanded to, in their order.
    pub(crate) fn errors_in(output: TokenStream) -> Vec<String> {
        let tokens: Vec<TokenTree> = output.into_iter().collect();
        let mut found = Vec::new();
        for (index, token) in tokens.iter().enumerate() {
            let TokenTree::Group(group) = token else { continue };
            let before = index.checked_sub(2).and_then(|name| tokens.get(name));
            if matches!(before, Some(TokenTree::Ident(name)) if name == "compile_error") {
                found.push(syn::parse2::<syn::LitStr>(group.stream()).expect("an error is a text").value());
            } else {
                found.extend(errors_in(group.stream()));
            }
        }
        found
    }

    #[test]
    fn an_error_is_a_fact_then_what_to_write_and_the_mark_of_its_page() {
        let mut errors = Errors::default();
        errors.report(quote!(a), Code::E01, "there is no item `a`", "did you mean `b`?");
        errors.grammar(quote!(a), "`a` has no value", "write `a: value,`");
        assert_eq!(
            errors_in(errors.into_tokens()),
            [
                "there is no item `a`\n\nhelp: did you mean `b`? [iop E01]",
                "`a` has no value\n\nhelp: write `a: value,`"
            ]
        );
    }
}
