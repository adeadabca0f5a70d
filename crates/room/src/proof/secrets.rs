//! Where the secrets of a state are: a serializer that writes nothing, and remembers every path at which it met a `Secret`.

use serde::ser::{Serialize, Serializer};
use std::collections::BTreeSet;
use std::fmt::Display;

/// The way to a value inside another: names and indices.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Path(Vec<String>);

impl Path {
    fn and(&self, name: &str) -> Self {
        Self(self.0.iter().cloned().chain([name.to_owned()]).collect())
    }

    /// As a JSON pointer.
    pub(super) fn pointer(&self) -> String {
        self.0.iter().map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1"))).collect()
    }
}

impl Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

/// The paths of all secrets in a value.
pub(super) fn secrets<T: Serialize>(value: &T) -> Result<BTreeSet<Path>, serde_json::Error> {
    let mut found = BTreeSet::new();
    value.serialize(Spy { path: Path::default(), found: &mut found })?;
    Ok(found)
}

struct Spy<'a> {
    path: Path,
    found: &'a mut BTreeSet<Path>,
}

impl Spy<'_> {
    fn below<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), serde_json::Error> {
        value.serialize(Spy { path: self.path.and(name), found: self.found })
    }
}

macro_rules! plain {
    ($($method:ident($($of:ty)?),)*) => { $(fn $method(self $(, _: $of)?) -> Result<(), Self::Error> { Ok(()) })* };
}

impl<'a> Serializer for Spy<'a> {
    type Ok = ();
    type Error = serde_json::Error;
    type SerializeSeq = Items<'a>;
    type SerializeTuple = Items<'a>;
    type SerializeTupleStruct = Items<'a>;
    type SerializeTupleVariant = Items<'a>;
    type SerializeMap = Items<'a>;
    type SerializeStruct = Items<'a>;
    type SerializeStructVariant = Items<'a>;

    plain! {
        serialize_bool(bool), serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64), serialize_i128(i128),
        serialize_u8(u8), serialize_u16(u16), serialize_u32(u32), serialize_u64(u64), serialize_u128(u128), serialize_f32(f32),
        serialize_f64(f64), serialize_char(char), serialize_str(&str), serialize_bytes(&[u8]), serialize_none(), serialize_unit(),
        serialize_unit_struct(&'static str),
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Self::Error> {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<(), Self::Error> {
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<(), Self::Error> {
        if name == "Secret" {
            self.found.insert(self.path.clone());
        }
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Self::Error> {
        self.below(variant, value)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items<'a>, Self::Error> {
        Ok(Items::of(self))
    }

    fn serialize_tuple(self, _: usize) -> Result<Items<'a>, Self::Error> {
        Ok(Items::of(self))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Items<'a>, Self::Error> {
        Ok(Items::of(self))
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Items<'a>, Self::Error> {
        Ok(Items::of(Spy { path: self.path.and(variant), found: self.found }))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Items<'a>, Self::Error> {
        Ok(Items::of(self))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Items<'a>, Self::Error> {
        Ok(Items::of(self))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Items<'a>, Self::Error> {
        Ok(Items::of(Spy { path: self.path.and(variant), found: self.found }))
    }
}

/// The items of a list, or the fields of a struct, one by one.
struct Items<'a> {
    spy: Spy<'a>,
    next: u64,
    key: String,
}

impl<'a> Items<'a> {
    fn of(spy: Spy<'a>) -> Self {
        Self { spy, next: 0, key: String::new() }
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), serde_json::Error> {
        let name = self.next.to_string();
        self.next += 1;
        self.spy.below(&name, value)
    }
}

macro_rules! items {
    ($($kind:ident $method:ident,)*) => { $(
        impl serde::ser::$kind for Items<'_> {
            type Ok = ();
            type Error = serde_json::Error;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Self::Error> {
                self.item(value)
            }
            fn end(self) -> Result<(), Self::Error> {
                Ok(())
            }
        }
    )* };
}

items! {
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field,
}

macro_rules! fields {
    ($($kind:ident)*) => { $(
        impl serde::ser::$kind for Items<'_> {
            type Ok = ();
            type Error = serde_json::Error;
            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Self::Error> {
                self.spy.below(name, value)
            }
            fn end(self) -> Result<(), Self::Error> {
                Ok(())
            }
        }
    )* };
}

fields! { SerializeStruct SerializeStructVariant }

impl serde::ser::SerializeMap for Items<'_> {
    type Ok = ();
    type Error = serde_json::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Self::Error> {
        self.key = match serde_json::to_value(key)? {
            serde_json::Value::String(key) => key,
            other => other.to_string(),
        };
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Self::Error> {
        let key = std::mem::take(&mut self.key);
        self.spy.below(&key, value)
    }

    fn end(self) -> Result<(), Self::Error> {
        Ok(())
    }
}
