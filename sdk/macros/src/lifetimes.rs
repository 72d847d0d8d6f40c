//! Lifetimes in types: a struct's own one turned into another.

use proc_macro2::Span;
use syn::visit_mut::{self, VisitMut};
use syn::{Generics, Lifetime, Type, TypeReference};

/// The one lifetime a struct or enum may have.
///
/// # Errors
/// It has type parameters, or several lifetimes.
pub(crate) fn only_lifetime(generics: &Generics, what: &str) -> syn::Result<Option<Lifetime>> {
    let mut lifetimes = generics.lifetimes();
    let first = lifetimes.next().map(|parameter| parameter.lifetime.clone());
    if lifetimes.next().is_some() || generics.type_params().next().is_some() || generics.const_params().next().is_some()
    {
        return Err(syn::Error::new_spanned(
            generics,
            format!("{what} has at most one lifetime and no type parameters"),
        ));
    }
    Ok(first)
}

/// The type with every lifetime, also those left out in references, turned into `to`.
pub(crate) fn with_lifetime(ty: &Type, to: &str) -> Type {
    struct Replace(Lifetime);
    impl VisitMut for Replace {
        fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
            *lifetime = self.0.clone();
        }

        fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
            reference.lifetime.get_or_insert_with(|| self.0.clone());
            visit_mut::visit_type_reference_mut(self, reference);
        }
    }
    let mut ty = ty.clone();
    Replace(Lifetime::new(to, Span::call_site())).visit_type_mut(&mut ty);
    ty
}

/// The type with every lifetime turned into `'static`.
pub(crate) fn with_static(ty: &Type) -> Type {
    with_lifetime(ty, "'static")
}
