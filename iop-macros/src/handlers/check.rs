//! From [`ast`](super::ast) to [`model`](super::model): names and shapes of hooks and handlers.
//!
//! Whether a message is a message, and a response its response, is asked by rustc, in what is expanded.

use proc_macro2::Ident;
use syn::{FnArg, PatType, ReturnType, Signature, Type, parse_quote};

use super::ast::{self, Function};
use super::model::{self, Call, Handlers, Role};
use crate::attributes;
use crate::errors::{Code, Errors};
use crate::suggest;

/// The names that begin with `on_` and mean something.
pub(crate) const HOOKS: [&str; 8] =
    ["on_init", "on_teardown", "on_check", "on_message", "on_process_input", "on_response", "on_complete", "on_timer"];

/// What a name stands for, before its arguments are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hook {
    Init,
    Teardown,
    Check,
    Input,
    Message,
    Response,
    Complete,
    Timer,
}

pub(crate) fn handlers(ast: &ast::Handlers, errors: &mut Errors) -> Handlers {
    let mut seen: Vec<(Hook, &Ident)> = Vec::new();
    let mut calls = Vec::new();
    for function in &ast.functions {
        let ident = &function.signature.ident;
        let Some(hook) = hook(&function.signature, errors) else { continue };
        let once = matches!(hook, Hook::Init | Hook::Teardown | Hook::Check | Hook::Input | Hook::Timer);
        // Two functions of one name are rustc's to refuse; a misspelt one beside the right one has been refused.
        if once && seen.iter().any(|(earlier, _)| *earlier == hook) {
            continue;
        }
        seen.push((hook, ident));
        calls.extend(call(hook, function, errors));
    }
    let complete = !ast.incomplete && calls.len() == ast.functions.len();
    Handlers { component: ast.component.clone(), calls, complete }
}

fn hook(signature: &Signature, errors: &mut Errors) -> Option<Hook> {
    let ident = &signature.ident;
    let name = ident.to_string();
    if !name.starts_with("on_") {
        return Some(Hook::Message);
    }
    if let Some(hook) = of_name(&name) {
        return Some(hook);
    }
    let meant = suggest::closest(&name, HOOKS);
    let help = match meant {
        Some(hook) => format!("did you mean `{hook}`?"),
        None => format!(
            "the hooks are {}; `on_response_…` and `on_complete_…` may have any ending; a handler has a name that \
             does not begin with `on_`",
            suggest::list(HOOKS)
        ),
    };
    errors.report(ident, Code::E12, format!("there is no hook `{name}`"), help);
    // The place of the hook is filled, so that nobody misses it a second time. Where none is near and there is a message, it was to
    // be a handler: each route to it would be refused too.
    match meant {
        Some(hook) => of_name(hook),
        None => signature.inputs.iter().any(is_by_value).then_some(Hook::Message),
    }
}

fn is_by_value(argument: &FnArg) -> bool {
    matches!(argument, FnArg::Typed(argument) if !matches!(*argument.ty, Type::Reference(_)))
}

fn of_name(name: &str) -> Option<Hook> {
    Some(match name {
        "on_init" => Hook::Init,
        "on_teardown" => Hook::Teardown,
        "on_check" => Hook::Check,
        "on_process_input" => Hook::Input,
        "on_message" => Hook::Message,
        "on_timer" => Hook::Timer,
        _ if name == "on_response" || name.starts_with("on_response_") => Hook::Response,
        _ if name == "on_complete" || name.starts_with("on_complete_") => Hook::Complete,
        _ => return None,
    })
}

/// The arguments after `self`.
struct Arguments<'a> {
    input: Option<&'a PatType>,
    context: bool,
    /// Nothing was wrong with them.
    fit: bool,
}

fn call(hook: Hook, function: &Function, errors: &mut Errors) -> Option<Call> {
    let signature = &function.signature;
    let name = &signature.ident;
    let receiver = receiver(signature, errors);
    let arguments = arguments(signature, errors);
    let mut fit = receiver && arguments.fit && generics(signature, errors);
    let input = arguments.input.map(|argument| by_value(&argument.ty));
    let role = match (hook, input) {
        (Hook::Init | Hook::Teardown, input) => {
            if let Some(input) = input.filter(|_| arguments.fit) {
                fit = false;
                errors.report(
                    input,
                    Code::E12,
                    format!("`{name}` takes no message"),
                    format!("write `async fn {name}(&mut self, cx: &mut Context) -> Result`; `cx` may be left out"),
                );
            }
            if hook == Hook::Init { Role::Init } else { Role::Teardown }
        }
        (Hook::Check, _) => {
            // Said once, on the first thing that it takes.
            if let Some(argument) = signature.inputs.iter().find(|argument| matches!(argument, FnArg::Typed(_))) {
                fit = false;
                let help = format!("write `async fn {name}(&self) -> Result`");
                errors.report(argument, Code::E12, format!("`{name}` takes nothing: nothing is sent or handled"), help);
            }
            Role::Check
        }
        (Hook::Input, input) => Role::Input(input.cloned()),
        (Hook::Response, Some(input)) => Role::Response(input.clone()),
        (Hook::Complete, Some(input)) => Role::Complete(input.clone()),
        (Hook::Timer, Some(input)) => Role::Timer(input.clone()),
        (Hook::Message, Some(input)) => Role::Message(input.clone()),
        (_, None) => {
            if arguments.fit {
                no_message(hook, name, errors);
            }
            return None;
        }
    };
    let output = match &signature.output {
        ReturnType::Default => {
            fit = false;
            no_result(name, errors);
            fallback(&role)
        }
        ReturnType::Type(_, ty) => (**ty).clone(),
    };
    let callable = model::Function { ident: name.clone(), context: arguments.context };
    Some(Call {
        role,
        function: fit.then_some(callable),
        output,
        name: name.clone(),
        cfgs: attributes::cfgs(&function.attributes),
    })
}

fn no_message(hook: Hook, name: &Ident, errors: &mut Errors) {
    let (fact, help) = match hook {
        Hook::Response => (
            "takes no response",
            format!("write `async fn {name}(&mut self, response: Response<M>, cx: &mut Context) -> Result`"),
        ),
        Hook::Complete => (
            "takes no request",
            format!("write `async fn {name}(&mut self, request: M, cx: &mut Context) -> Result<Response of M>`"),
        ),
        Hook::Timer => {
            ("takes no timer", format!("write `async fn {name}(&mut self, timer: Timer, cx: &mut Context) -> Result`"))
        }
        _ => (
            "takes no message, so nothing would call it",
            format!(
                "write `async fn {name}(&mut self, message: M) -> Result<…>`; a helper goes in an `impl` without `#[handlers]`"
            ),
        ),
    };
    errors.report(name, Code::E12, format!("`{name}` {fact}"), help);
}

fn no_result(name: &Ident, errors: &mut Errors) {
    errors.report(
        name,
        Code::E03,
        format!("`{name}` returns nothing, and the engine needs to know whether it failed"),
        "write `-> Result`, or `-> Result<Response>` where the message has a response",
    );
}

/// What a function whose return type has been refused is taken to return, so that it is refused once.
fn fallback(role: &Role) -> Type {
    match role {
        Role::Message(message) | Role::Complete(message) => {
            parse_quote!(::iop::__private::Result<<#message as ::iop::__private::Message>::Response>)
        }
        Role::Init | Role::Teardown | Role::Check | Role::Input(_) | Role::Response(_) | Role::Timer(_) => {
            parse_quote!(::iop::__private::Result)
        }
    }
}

fn receiver(signature: &Signature, errors: &mut Errors) -> bool {
    let name = &signature.ident;
    match signature.receiver() {
        Some(receiver) if is_reference(&receiver.kind) => return true,
        Some(receiver) => {
            errors.report(receiver, Code::E12, format!("`{name}` takes its component away"), "write `&mut self`");
        }
        None => errors.report(
            name,
            Code::E12,
            format!("`{name}` has no `self`"),
            format!("write `async fn {name}(&mut self, …)`"),
        ),
    }
    false
}

/// `&mut self`, or the same written out: `self: &mut Self`.
fn is_reference(kind: &syn::ReceiverKind) -> bool {
    match kind {
        syn::ReceiverKind::Reference(..) => true,
        syn::ReceiverKind::Typed(_, ty) => matches!(**ty, Type::Reference(_)),
        _ => false,
    }
}

fn generics(signature: &Signature, errors: &mut Errors) -> bool {
    if signature.generics.params.is_empty() {
        return true;
    }
    errors.report(
        &signature.generics.params,
        Code::E12,
        format!("`{}` is generic, and a handler is chosen by one message type", signature.ident),
        "name the message type",
    );
    false
}

fn arguments<'a>(signature: &'a Signature, errors: &mut Errors) -> Arguments<'a> {
    let mut read = Arguments { input: None, context: false, fit: true };
    for argument in &signature.inputs {
        let FnArg::Typed(argument) = argument else { continue };
        if is_context(&argument.ty) {
            if read.context {
                read.fit = false;
                errors.report(argument, Code::E12, "the context is taken twice", "remove one");
            }
            read.context = true;
        } else if is_named_context(&argument.ty) {
            read.fit = false;
            read.context = true;
            let help = "write `cx: &mut Context`";
            errors.report(&argument.ty, Code::E12, "the context is lent, and not given away", help);
        } else if read.input.is_some() {
            read.fit = false;
            errors.report(
                argument,
                Code::E12,
                format!("`{}` takes more than one message", signature.ident),
                "a handler takes one message and, if it likes, `cx: &mut Context`",
            );
        } else {
            if read.context {
                read.fit = false;
                errors.report(argument, Code::E12, "the message stands behind the context", "put `cx` last");
            }
            if let Type::Reference(reference) = &*argument.ty {
                read.fit = false;
                errors.report(
                    reference,
                    Code::E12,
                    format!("`{}` takes a reference, and a message is handed over", signature.ident),
                    "take the message by value",
                );
            }
            read.input = Some(argument);
        }
    }
    read
}

/// `&mut Context`, under whatever path.
fn is_context(ty: &Type) -> bool {
    matches!(ty, Type::Reference(reference) if is_named_context(&reference.elem))
}

fn is_named_context(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    path.path.segments.last().is_some_and(|segment| segment.ident == "Context")
}

fn by_value(ty: &Type) -> &Type {
    match ty {
        Type::Reference(reference) => by_value(&reference.elem),
        ty => ty,
    }
}
