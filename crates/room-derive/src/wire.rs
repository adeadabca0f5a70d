//! `#[wire]`: what crosses the wire, by what it is for.

use crate::kept::{has_names, missing_derives};
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Attribute, Data, DataEnum, DeriveInput, Error, Expr, ExprLit, Fields, Lit, Meta, Result, Type, Variant, parse2};

/// What a type is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// What clients send: an action, or a pulse.
    Action,
    Event,
    Refusal,
    Config,
    Any,
}

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let mut item: DeriveInput = parse2(item)?;
    let used = used(arguments)?;
    check(&item, used)?;
    let mut derives = missing_derives(
        &item,
        &[
            ("Clone", quote!(Clone)),
            ("Debug", quote!(Debug)),
            ("PartialEq", quote!(PartialEq)),
            ("Eq", quote!(Eq)),
            ("Serialize", quote!(wire::serde::Serialize)),
            ("Deserialize", quote!(wire::serde::Deserialize)),
            ("JsonSchema", quote!(wire::schemars::JsonSchema)),
        ],
    )?;
    let has_no_fields = matches!(&item.data, Data::Struct(data) if data.fields.is_empty());
    if used == Use::Config && has_no_fields {
        derives.extend(missing_derives(&item, &[("Default", quote!(Default))])?);
    }
    let tag = match used {
        Use::Action | Use::Event => Some(quote!(, tag = "type")),
        Use::Refusal => Some(quote!(, tag = "code")),
        Use::Config | Use::Any => None,
    };
    let names = matches!(item.data, Data::Enum(_)).then(|| quote!(, rename_all = "snake_case"));
    let refuses_more = matches!(used, Use::Action | Use::Config);
    let strict = (refuses_more && has_names(&item.data)).then(|| quote!(, deny_unknown_fields));
    let display = match &item.data {
        Data::Enum(data) if used == Use::Refusal => Some(display(&item, data)?),
        _ => None,
    };
    if let (Use::Action, Data::Enum(data)) = (used, &mut item.data) {
        data.variants.iter_mut().for_each(let_nothing_more_in);
    }
    Ok(quote! {
        #[derive(#(#derives),*)]
        #[serde(crate = "wire::serde" #tag #names #strict)]
        #[schemars(crate = "wire::schemars")]
        #item
        #display
    })
}

fn used(arguments: TokenStream) -> Result<Use> {
    if arguments.is_empty() {
        return Ok(Use::Any);
    }
    let wrong = "write `#[wire]`, or what it is for: `action`, `event`, `pulse`, `refusal` or `config`";
    let ident: Ident = parse2(arguments.clone()).map_err(|_| Error::new_spanned(&arguments, wrong))?;
    match ident.to_string().as_str() {
        "action" | "pulse" => Ok(Use::Action),
        "event" => Ok(Use::Event),
        "refusal" => Ok(Use::Refusal),
        "config" => Ok(Use::Config),
        _ => Err(Error::new_spanned(ident, wrong)),
    }
}

/// What would fail later, or only on another machine, fails here, at the place.
fn check(item: &DeriveInput, used: Use) -> Result<()> {
    match (&item.data, used) {
        (Data::Union(data), _) => Err(Error::new_spanned(data.union_token, "a union cannot cross the wire: use an enum")),
        (Data::Struct(data), Use::Action | Use::Event | Use::Refusal) => Err(Error::new_spanned(
            data.struct_token,
            "actions, events, pulses and refusals are enums: one variant for each thing that can be said",
        )),
        (Data::Enum(data), Use::Config) => {
            Err(Error::new_spanned(data.enum_token, "a configuration is a struct, each choice a field"))
        }
        (Data::Struct(data), _) => check_fields(&data.fields),
        (Data::Enum(data), _) => data.variants.iter().try_for_each(|variant| {
            if used != Use::Any && matches!(variant.fields, Fields::Unnamed(_)) {
                let name = &variant.ident;
                let what = format!("the fields of a message have names: write `{name} {{ name: .. }}`");
                return Err(Error::new_spanned(&variant.fields, what));
            }
            check_fields(&variant.fields)
        }),
    }
}

fn check_fields(fields: &Fields) -> Result<()> {
    fields.iter().try_for_each(|field| check_type(&field.ty))
}

/// A spelling is all that is seen here: a type behind another name is not.
fn check_type(ty: &Type) -> Result<()> {
    fn find(tokens: TokenStream) -> Option<Ident> {
        tokens.into_iter().find_map(|token| match token {
            TokenTree::Ident(ident) if ["f32", "f64", "usize", "isize"].contains(&ident.to_string().as_str()) => Some(ident),
            TokenTree::Group(group) => find(group.stream()),
            _ => None,
        })
    }
    match find(ty.to_token_stream()) {
        Some(ident) => {
            let what = format!("`{ident}` differs between machines: use an integer of a fixed size, such as `u32` or `i64`");
            Err(Error::new_spanned(ident, what))
        }
        None => Ok(()),
    }
}

/// A variant without fields would be read with any fields beside its tag: serde looks at those of the other variants only.
fn let_nothing_more_in(variant: &mut Variant) {
    if matches!(variant.fields, Fields::Unit) {
        variant.attrs.push(syn::parse_quote!(#[serde(deserialize_with = "wire::nothing_more")]));
    }
}

/// The text of each refusal is what its doc comment says.
fn display(item: &DeriveInput, data: &DataEnum) -> Result<TokenStream> {
    let arms = data.variants.iter().map(|variant| {
        let (name, text) = (&variant.ident, first_paragraph(&variant.attrs));
        if text.is_empty() {
            let what = "say in a doc comment why it is refused: that is the text people read";
            return Err(Error::new_spanned(variant, what));
        }
        let fields = variant.fields.iter().filter_map(|field| field.ident.as_ref());
        Ok(quote!(Self::#name { #(#fields),* } => write!(formatter, #text),))
    });
    let arms = arms.collect::<Result<Vec<_>>>()?;
    let (name, (generics, of, where_)) = (&item.ident, item.generics.split_for_impl());
    Ok(quote! {
        impl #generics ::core::fmt::Display for #name #of #where_ {
            #[allow(unused_variables)]
            fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                match self { #(#arms)* }
            }
        }
    })
}

fn first_paragraph(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    });
    lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}
