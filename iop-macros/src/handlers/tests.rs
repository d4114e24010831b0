//! What `#[handlers]` says of each mistake, word for word.

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::tests::errors_in;

fn errors_of(item: &TokenStream) -> Vec<String> {
    errors_in(super::compile(TokenStream::new(), item))
}

/// The errors about one function in the impl of a component.
fn errors_about(function: &TokenStream) -> Vec<String> {
    errors_of(&quote! { impl Router { #function } })
}

#[test]
fn every_hook_and_any_handler_is_read_without_an_error() {
    let none: [&str; 0] = [];
    let block = quote! {
        impl Router {
            async fn on_init(&mut self) -> Result { Ok(()) }
            async fn on_teardown(&mut self, cx: &mut iop::component::Context) -> Result { Ok(()) }
            async fn on_message(&mut self, hello: Hello) -> Result<Pending> { Ok(Pending) }
            async fn bye(&self, bye: Bye, cx: &mut Context) -> Result { Ok(()) }
            async fn on_response(&mut self, greeting: Response<Hello>, cx: &mut Context) -> Result { Ok(()) }
            async fn on_response_of_bye(&mut self, bye: Response<Bye>) -> Result { Ok(()) }
            async fn on_complete(&mut self, hello: Hello) -> Result<Greeting> { Ok(Greeting) }
        }
    };
    assert_eq!(errors_of(&block), none);
    assert_eq!(errors_about(&quote! { async fn on_process_input(&mut self) -> Result { Ok(()) } }), none);
}

#[test]
fn an_unknown_hook_names_the_closest_or_lists_them() {
    assert_eq!(
        errors_about(&quote! { async fn on_mesage(&mut self, hello: Hello) -> Result { Ok(()) } }),
        ["there is no hook `on_mesage`\n\nhelp: did you mean `on_message`? [iop E12]"]
    );
    assert_eq!(
        errors_about(&quote! { async fn on_fire(&mut self) -> Result { Ok(()) } }),
        ["there is no hook `on_fire`\n\nhelp: the hooks are `on_init`, `on_teardown`, `on_check`, `on_message`, \
          `on_process_input`, `on_response`, `on_complete`, `on_timer`; `on_response_…` and `on_complete_…` may have any \
          ending; a handler has a name that does not begin with `on_` [iop E12]"]
    );
}

#[test]
fn a_check_takes_nothing() {
    assert_eq!(errors_about(&quote! { async fn on_check(&self) -> Result { Ok(()) } }), [""; 0]);
    assert_eq!(
        errors_about(&quote! { async fn on_check(&self, cx: &mut Context) -> Result { Ok(()) } }),
        ["`on_check` takes nothing: nothing is sent or handled\n\nhelp: write `async fn on_check(&self) -> Result` \
          [iop E12]"]
    );
}

#[test]
fn a_function_without_its_message_says_what_it_takes() {
    assert_eq!(
        errors_about(&quote! { async fn greet(&mut self, cx: &mut Context) -> Result { Ok(()) } }),
        [
            "`greet` takes no message, so nothing would call it\n\nhelp: write `async fn greet(&mut self, message: M) -> \
          Result<…>`; a helper goes in an `impl` without `#[handlers]` [iop E12]"
        ]
    );
    assert_eq!(
        errors_about(&quote! { async fn on_response(&mut self) -> Result { Ok(()) } }),
        ["`on_response` takes no response\n\nhelp: write `async fn on_response(&mut self, response: Response<M>, cx: \
          &mut Context) -> Result` [iop E12]"]
    );
    assert_eq!(
        errors_about(&quote! { async fn on_complete(&mut self) -> Result { Ok(()) } }),
        [
            "`on_complete` takes no request\n\nhelp: write `async fn on_complete(&mut self, request: M, cx: &mut Context) \
          -> Result<Response of M>` [iop E12]"
        ]
    );
    assert_eq!(
        errors_about(&quote! { async fn on_timer(&mut self, cx: &mut Context) -> Result { Ok(()) } }),
        ["`on_timer` takes no timer\n\nhelp: write `async fn on_timer(&mut self, timer: Timer, cx: &mut Context) -> \
          Result` [iop E12]"]
    );
    assert_eq!(
        errors_about(&quote! { async fn on_init(&mut self, hello: Hello) -> Result { Ok(()) } }),
        ["`on_init` takes no message\n\nhelp: write `async fn on_init(&mut self, cx: &mut Context) -> Result`; `cx` \
          may be left out [iop E12]"]
    );
}

#[test]
fn the_arguments_are_self_one_message_and_the_context() {
    assert_eq!(
        errors_about(&quote! { async fn greet(hello: Hello) -> Result { Ok(()) } }),
        ["`greet` has no `self`\n\nhelp: write `async fn greet(&mut self, …)` [iop E12]"]
    );
    assert_eq!(
        errors_about(&quote! { async fn greet(self, hello: Hello) -> Result { Ok(()) } }),
        ["`greet` takes its component away\n\nhelp: write `&mut self` [iop E12]"]
    );
    assert_eq!(
        errors_about(&quote! { async fn greet(&mut self, hello: Hello, bye: Bye) -> Result { Ok(()) } }),
        ["`greet` takes more than one message\n\nhelp: a handler takes one message and, if it likes, `cx: &mut \
          Context` [iop E12]"]
    );
    assert_eq!(
        errors_about(&quote! { async fn greet(&mut self, cx: &mut Context, hello: Hello) -> Result { Ok(()) } }),
        ["the message stands behind the context\n\nhelp: put `cx` last [iop E12]"]
    );
    assert_eq!(
        errors_about(&quote! { async fn greet(&mut self, hello: &Hello) -> Result { Ok(()) } }),
        ["`greet` takes a reference, and a message is handed over\n\nhelp: take the message by value [iop E12]"]
    );
    assert_eq!(
        errors_about(
            &quote! { async fn greet(&mut self, h: Hello, a: &mut Context, b: &mut Context) -> Result { Ok(()) } }
        ),
        ["the context is taken twice\n\nhelp: remove one [iop E12]"]
    );
    assert_eq!(
        errors_about(&quote! { async fn greet<M: Message>(&mut self, message: M) -> Result { Ok(()) } }),
        ["`greet` is generic, and a handler is chosen by one message type\n\nhelp: name the message type [iop E12]"]
    );
}

#[test]
fn a_function_that_returns_nothing_is_told_to_return_a_result() {
    assert_eq!(
        errors_about(&quote! { async fn greet(&mut self, hello: Hello) {} }),
        ["`greet` returns nothing, and the engine needs to know whether it failed\n\nhelp: write `-> Result`, or `-> \
          Result<Response>` where the message has a response [iop E03]"]
    );
}

#[test]
fn a_helper_among_the_handlers_is_sent_to_another_impl() {
    assert_eq!(
        errors_about(&quote! { fn open(&self) {} }),
        ["`open` in `#[handlers]` is not async, so it is neither a hook nor a handler\n\nhelp: write `async fn open` \
          for a handler; a helper goes in an `impl` without `#[handlers]` [iop E12]"]
    );
    assert_eq!(
        errors_about(&quote! { fn on_init(&mut self) -> Result { Ok(()) } }),
        ["`on_init` in `#[handlers]` is not async, so it is neither a hook nor a handler\n\nhelp: write `async fn \
          on_init` [iop E12]"]
    );
    assert_eq!(
        errors_about(&quote! { const FLOOR: u8 = 3; }),
        ["a constant in `#[handlers]` is not a handler\n\nhelp: put it in an `impl` without `#[handlers]` [iop E12]"]
    );
}

#[test]
fn only_the_own_impl_of_a_component_has_handlers() {
    assert_eq!(
        errors_of(&quote! { struct Router; }),
        ["`#[handlers]` stands on a struct\n\nhelp: put it on the component's impl, `impl Name { … }` [iop E12]"]
    );
    assert_eq!(
        errors_of(&quote! { impl Debug for Router {} }),
        ["`#[handlers]` stands on the impl of a trait\n\nhelp: put it on the component's own impl, `impl Name { … }` \
          [iop E12]"]
    );
    assert_eq!(
        errors_of(&quote! { impl<T> Router<T> {} }),
        ["`#[handlers]` stands on a generic impl, and no component is generic\n\nhelp: write the impl for one \
          component [iop E12]"]
    );
    assert_eq!(
        errors_in(super::compile(quote!(strict), &quote! { impl Router {} })),
        ["`#[handlers]` has no argument `strict`\n\nhelp: write `#[handlers]` alone [iop E12]"]
    );
}

#[test]
fn each_mistake_of_a_block_is_reported_once_and_the_block_comes_out_again() {
    let block = quote! {
        impl Router {
            async fn on_int(&mut self) -> Result { Ok(()) }
            async fn greet(&mut self) -> Result { Ok(()) }
            fn open(&self) {}
            async fn bye(&mut self, bye: Bye) -> Result { Ok(()) }
        }
    };
    let output = super::compile(TokenStream::new(), &block);
    let facts: Vec<String> =
        errors_in(output.clone()).iter().filter_map(|error| Some(error.split_once('\n')?.0.to_owned())).collect();
    assert_eq!(
        facts,
        [
            "`open` in `#[handlers]` is not async, so it is neither a hook nor a handler",
            "there is no hook `on_int`",
            "`greet` takes no message, so nothing would call it",
        ]
    );
    let output = output.to_string();
    assert!(output.contains(&block.to_string()), "{output}");
    assert!(output.contains(":: iop :: __private :: Handles < Bye > for Router"), "{output}");
}

#[test]
fn self_may_be_written_out() {
    let none: [&str; 0] = [];
    let of = |receiver: TokenStream| {
        errors_in(super::compile(
            TokenStream::new(),
            &quote! { impl Router { async fn bye(#receiver, bye: Bye) -> Result { Ok(()) } } },
        ))
    };
    assert_eq!(of(quote!(self: &mut Self)), none);
    assert_eq!(of(quote!(self: Box<Self>)), ["`bye` takes its component away\n\nhelp: write `&mut self` [iop E12]"]);
}
