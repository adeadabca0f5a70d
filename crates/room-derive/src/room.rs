//! `#[room]`: what can be known from the methods of an `impl Room` need not be said again.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Error, FnArg, GenericArgument, ImplItem, ImplItemFn, ItemImpl, PathArguments, Result, ReturnType, Type, parse2};

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    if !arguments.is_empty() {
        return Err(Error::new_spanned(arguments, "`#[room]` takes nothing in parentheses: write consts and types in the impl"));
    }
    let mut rules: ItemImpl = parse2(item)?;
    let is_room = rules.trait_.as_ref().and_then(|(_, path, _)| path.segments.last()).is_some_and(|last| last.ident == "Room");
    if !is_room {
        return Err(Error::new_spanned(&rules.self_ty, "`#[room]` stands on `impl Room for` a type"));
    }
    let given: Vec<String> = rules.items.iter().filter_map(name_of).collect();
    let is_given = |name: &str| given.iter().any(|given| given == name);
    let mut written = TokenStream::new();
    if !is_given("KIND") {
        let kind = snake_case(&rules.self_ty)?;
        written.extend(quote!(const KIND: &'static str = #kind;));
    }
    if !is_given("RULES") {
        written.extend(quote!(
            const RULES: u32 = 1;
        ));
    }
    if !is_given("Config") {
        let config = method(&rules, "open").and_then(|open| argument(open, 0));
        written.extend(associated("Config", config, &rules, "the first argument of `open`")?);
    }
    if !is_given("Action") {
        let action = method(&rules, "apply").and_then(|apply| argument(apply, 2));
        written.extend(associated("Action", action, &rules, "the second argument of `apply`")?);
    }
    if !is_given("Event") {
        written.extend(quote!(
            type Event = Event;
        ));
    }
    if !is_given("View") {
        written.extend(associated("View", method(&rules, "view").and_then(returned), &rules, "what `view` returns")?);
    }
    if !is_given("Refusal") {
        let refusal = method(&rules, "check").and_then(returned).and_then(|result| refusal_in(&result));
        written.extend(associated("Refusal", refusal, &rules, "the error `check` returns")?);
    }
    if !is_given("World") {
        written.extend(match method(&rules, "signal") {
            None => quote!(
                type World = room::Alone;
            ),
            Some(signal) => {
                let signal = argument(signal, 1).filter(|signal| !mentions_self(signal));
                let missing = "say `type World = ..`: it cannot be read off `signal`";
                let signal = signal.ok_or_else(|| Error::new_spanned(&rules.self_ty, missing))?;
                quote!(type World = room::Timed<#signal>;)
            }
        });
    }
    rules.items.insert(0, ImplItem::Verbatim(written));
    Ok(rules.into_token_stream())
}

fn name_of(item: &ImplItem) -> Option<String> {
    match item {
        ImplItem::Const(item) => Some(item.ident.to_string()),
        ImplItem::Type(item) => Some(item.ident.to_string()),
        _ => None,
    }
}

fn method<'a>(rules: &'a ItemImpl, name: &str) -> Option<&'a ImplItemFn> {
    rules.items.iter().find_map(|item| match item {
        ImplItem::Fn(method) if method.sig.ident == name => Some(method),
        _ => None,
    })
}

/// The type of an argument, `self` counted, without its `&`.
fn argument(method: &ImplItemFn, at: usize) -> Option<Type> {
    match method.sig.inputs.get(at)? {
        FnArg::Typed(argument) => Some(match &*argument.ty {
            Type::Reference(reference) => (*reference.elem).clone(),
            other => other.clone(),
        }),
        FnArg::Receiver(_) => None,
    }
}

fn returned(method: &ImplItemFn) -> Option<Type> {
    match &method.sig.output {
        ReturnType::Type(_, returned) => Some((**returned).clone()),
        ReturnType::Default => None,
    }
}

/// The second `E` of `Result<T, E>`.
fn refusal_in(result: &Type) -> Option<Type> {
    let Type::Path(path) = result else { return None };
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else { return None };
    match arguments.args.iter().nth(1)? {
        GenericArgument::Type(refusal) => Some(refusal.clone()),
        _ => None,
    }
}

fn associated(name: &str, found: Option<Type>, rules: &ItemImpl, place: &str) -> Result<TokenStream> {
    let ident = syn::Ident::new(name, proc_macro2::Span::call_site());
    let found = found.filter(|found| !mentions_self(found));
    let missing = format!("say `type {name} = ..;`: it cannot be read off {place}");
    let found = found.ok_or_else(|| Error::new_spanned(&rules.self_ty, missing))?;
    Ok(quote!(type #ident = #found;))
}

fn mentions_self(ty: &Type) -> bool {
    ty.to_token_stream().into_iter().any(|token| token.to_string() == "Self")
}

fn snake_case(ty: &Type) -> Result<String> {
    let last = match ty {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    };
    let name = last.ok_or_else(|| Error::new_spanned(ty, "say `const KIND`: this type has no name"))?.ident.to_string();
    let mut snake = String::new();
    for (at, letter) in name.chars().enumerate() {
        if letter.is_uppercase() && at > 0 {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    Ok(snake)
}
