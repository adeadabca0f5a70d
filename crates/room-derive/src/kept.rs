//! `#[kept]`: what is kept in a journal; and what it shares with `#[wire]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Fields, Path, Result, Token, parse2, punctuated::Punctuated};

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let item: DeriveInput = parse2(item)?;
    if !arguments.is_empty() {
        return Err(Error::new_spanned(arguments, "`#[kept]` takes nothing in parentheses"));
    }
    if let Data::Union(union) = &item.data {
        return Err(Error::new_spanned(union.union_token, "a union cannot be kept: use a struct or an enum"));
    }
    let derives = missing_derives(
        &item,
        &[
            ("Clone", quote!(Clone)),
            ("Serialize", quote!(kept::serde::Serialize)),
            ("Deserialize", quote!(kept::serde::Deserialize)),
        ],
    )?;
    let names = matches!(item.data, Data::Enum(_)).then(|| quote!(, rename_all = "snake_case"));
    let strict = has_names(&item.data).then(|| quote!(, deny_unknown_fields));
    Ok(quote! {
        #[derive(#(#derives),*)]
        #[serde(crate = "kept::serde" #names #strict)]
        #item
    })
}

/// Whether it has fields with names, so that there can be names it does not know.
pub(crate) fn has_names(data: &Data) -> bool {
    match data {
        Data::Struct(data) => matches!(data.fields, Fields::Named(_)),
        Data::Enum(data) => data.variants.iter().any(|variant| matches!(variant.fields, Fields::Named(_))),
        Data::Union(_) => false,
    }
}

/// Those of these derives that the item does not ask for itself.
pub(crate) fn missing_derives(item: &DeriveInput, wanted: &[(&str, TokenStream)]) -> Result<Vec<TokenStream>> {
    let mut present = Vec::new();
    for attribute in item.attrs.iter().filter(|attribute| attribute.path().is_ident("derive")) {
        let paths = attribute.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated)?;
        present.extend(paths.iter().filter_map(|path| Some(path.segments.last()?.ident.to_string())));
    }
    let missing = wanted.iter().filter(|(name, _)| !present.iter().any(|present| present == name));
    Ok(missing.map(|(_, path)| path.clone()).collect())
}
