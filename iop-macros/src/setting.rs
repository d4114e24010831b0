//! `#[derive(Setting)]`: an enum of words as the type of a setting.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Fields, Item, ItemEnum};

use crate::attributes;
use crate::errors::{Code, Errors};

/// A variant and its word in the settings.
struct Word {
    variant: Ident,
    word: String,
}

pub(crate) fn compile(item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let mut output = TokenStream::new();
    match syn::parse2::<Item>(item) {
        Ok(Item::Enum(item)) => {
            let words = words(&item, &mut errors);
            output.extend(expand(&item.ident, &words));
        }
        Ok(other) => errors.report(
            other,
            Code::E12,
            "`#[derive(Setting)]` stands on what is not an enum",
            "a setting of several parts is several settings; for a type of your own implement `iop::settings::Setting`",
        ),
        Err(error) => errors.syntax(error),
    }
    output.extend(errors.into_tokens());
    output
}

fn words(item: &ItemEnum, errors: &mut Errors) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for variant in &item.variants {
        let ident = &variant.ident;
        if !matches!(variant.fields, Fields::Unit) {
            let help = "a setting is one of several words; what a word needs beside it is a setting of its own";
            errors.report(&variant.fields, Code::E12, format!("the variant `{ident}` has fields"), help);
            continue;
        }
        let mut word = snake_case(&ident.to_string());
        for attribute in variant.attrs.iter().filter(|attribute| attribute.path().is_ident("setting")) {
            for argument in attributes::arguments_of(attribute, errors) {
                if argument.key == "name" {
                    word = argument.text(errors).map_or(word, |text| text.value());
                } else {
                    argument.unknown("setting", &["name"], errors);
                }
            }
        }
        if words.iter().any(|other| other.word == word) {
            let help = "give one of them another, `#[setting(name = \"…\")]`";
            errors.report(ident, Code::E12, format!("two variants have the word `{word}`"), help);
        } else {
            words.push(Word { variant: ident.clone(), word });
        }
    }
    words
}

fn expand(ident: &Ident, words: &[Word]) -> TokenStream {
    let all: Vec<&str> = words.iter().map(|word| word.word.as_str()).collect();
    let type_name = match all.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    };
    let variants = words.iter().map(|Word { variant, word }| quote! { #word => Some(Self::#variant), });
    let texts = words.iter().map(|Word { variant, word }| quote! { Self::#variant => #word, });
    quote! {
        const _: () = {
            use ::core::option::Option::{None, Some};

            #[automatically_derived]
            impl ::iop::__private::Setting for #ident {
                const TYPE: &'static str = #type_name;

                fn from_raw(raw: &::iop::__private::Raw) -> ::core::result::Result<Self, ::std::string::String> {
                    let word = |word: &str| match word {
                        #(#variants)*
                        _ => None,
                    };
                    ::iop::__private::word(raw, word, &[#(#all),*])
                }

                #[allow(unreachable_code, reason = "of an enum without variants")]
                fn to_raw(&self) -> ::iop::__private::Raw {
                    ::iop::__private::Raw::from(match *self { #(#texts)* })
                }
            }

            #[automatically_derived]
            #[diagnostic::do_not_recommend]
            impl ::iop::__private::IntoSetting<#ident> for &'static str {
                fn into_raw(self) -> ::iop::__private::Raw {
                    ::iop::__private::Raw::from(self)
                }
            }
        };
    }
}

/// `VerySlow` is `very_slow`.
fn snake_case(name: &str) -> String {
    let mut words = String::new();
    for letter in name.trim_start_matches("r#").chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push('_');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::errors::tests::errors_in;

    #[test]
    fn each_mistake_in_an_enum_of_words_is_reported() {
        let output = compile(quote! {
            enum Mode { Fast, Slow(u32), #[setting(name = "fast")] Quick, #[setting(nmae = "x")] Other }
        });
        assert_eq!(
            errors_in(output),
            [
                "the variant `Slow` has fields\n\nhelp: a setting is one of several words; what a word needs beside it is \
                 a setting of its own [iop E12]",
                "two variants have the word `fast`\n\nhelp: give one of them another, `#[setting(name = \"…\")]` [iop E12]",
                "`#[setting]` has no argument `nmae`\n\nhelp: did you mean `name`? [iop E12]",
            ]
        );
        let output = compile(quote! { struct Mode; });
        assert_eq!(errors_in(output).len(), 1);
    }

    #[test]
    fn a_word_is_the_name_of_the_variant_in_snake_case() {
        assert_eq!(snake_case("VerySlow"), "very_slow");
        assert_eq!(snake_case("Off"), "off");
    }
}
