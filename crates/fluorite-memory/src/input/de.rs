//! `Value` as a serde source. Struct keys are normalised and checked; map keys (metadata) are left alone.

use serde::de::value::{StrDeserializer, U32Deserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, EnumAccess, Expected, IntoDeserializer, MapAccess, SeqAccess, Unexpected, VariantAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;

use super::keys::{nearest, snake_case};
use super::value::Value;

/// Reads a `T` from a value; the message names the key at fault.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    T::deserialize(value).map_err(|e| e.to_string())
}

/// Characters of a key or a variant that a message shows.
const SHOWN: usize = 64;

/// A message and the path of keys that leads to it.
#[derive(Debug)]
pub struct InputError {
    path: Vec<String>,
    message: String,
}

impl InputError {
    fn at(mut self, key: String) -> Self {
        self.path.push(key);
        self
    }
}

impl std::fmt::Display for InputError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.path.is_empty() {
            let path: Vec<String> = self.path.iter().rev().map(|key| shown(key)).collect();
            write!(f, "{}: ", path.join("."))?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for InputError {}

/// Messages name the kind of what was given, and numbers; never a text, which may be long or a secret in the wrong place.
impl serde::de::Error for InputError {
    fn custom<T: std::fmt::Display>(msg: T) -> Self {
        Self { path: Vec::new(), message: msg.to_string() }
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format_args!("expected {expected}, found {}", kind(found)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(format_args!("unknown variant {:?}, expected one of {}", shown(variant), expected.join(", ")))
    }
}

/// The word for what was found, as `Value::kind` has it.
fn kind(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Str(_) | Unexpected::Char(_) => "a string".into(),
        Unexpected::Bytes(_) => "bytes".into(),
        Unexpected::Seq => "an array".into(),
        Unexpected::Map => "an object".into(),
        Unexpected::Unit | Unexpected::Option => "null".into(),
        Unexpected::Bool(b) => b.to_string(),
        Unexpected::Unsigned(n) => n.to_string(),
        Unexpected::Signed(n) => n.to_string(),
        Unexpected::Float(x) => x.to_string(),
        other => other.to_string(),
    }
}

/// The start of a name that the caller made up.
fn shown(name: &str) -> String {
    if name.chars().nth(SHOWN).is_none() { name.to_owned() } else { name.chars().take(SHOWN).chain(['…']).collect() }
}

impl<'de> IntoDeserializer<'de, InputError> for Value {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> serde::Deserializer<'de> for Value {
    type Error = InputError;

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::float_cmp)] // guarded by the range test
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InputError> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Bool(b) => visitor.visit_bool(b),
            Self::Number(n) if n.trunc() == n && (0.0..=9_007_199_254_740_992.0).contains(&n) => visitor.visit_u64(n as u64),
            Self::Number(n) if n.trunc() == n && (-9_007_199_254_740_992.0..0.0).contains(&n) => visitor.visit_i64(n as i64),
            Self::Number(n) => visitor.visit_f64(n),
            Self::Text(s) => visitor.visit_string(s),
            Self::Bytes(b) => visitor.visit_byte_buf(b),
            Self::Floats(f) => visitor.visit_seq(Floats(f.into_iter())),
            Self::List(items) => visitor.visit_seq(Items(items.into_iter().enumerate())),
            Self::Object(members) => visitor.visit_map(Members { rest: members.into_iter(), value: None }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InputError> {
        match self {
            Self::Null => visitor.visit_none(),
            v => visitor.visit_some(v),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, InputError> {
        match self {
            Self::Object(members) => {
                let known = normalise(members, fields)?;
                visitor.visit_map(Members { rest: known.into_iter(), value: None })
            }
            v => Err(serde::de::Error::custom(format!("expected an object, found {}", v.kind()))),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, InputError> {
        match self {
            Self::Text(s) => {
                let name = if variants.contains(&s.as_str()) { s } else { snake_case(&s) };
                visitor.visit_enum(UnitVariant(name))
            }
            v => Err(serde::de::Error::custom(format!("expected one of {}, found {}", variants.join(", "), v.kind()))),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, InputError> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

/// Snake-cases the keys of an options object; unknown keys and double spellings are errors.
fn normalise(members: Vec<(String, Value)>, fields: &'static [&'static str]) -> Result<Vec<(String, Value)>, InputError> {
    let mut out: Vec<(String, Value)> = Vec::with_capacity(members.len());
    for (key, value) in members {
        let name = if fields.contains(&key.as_str()) { key.clone() } else { snake_case(&key) };
        if !fields.contains(&name.as_str()) {
            let hint = match nearest(&name, fields) {
                Some(near) => format!("did you mean {near:?}?"),
                None => format!("known keys: {}", fields.join(", ")),
            };
            return Err(serde::de::Error::custom(format!("unknown key {:?}; {hint}", shown(&key))));
        }
        if out.iter().any(|(k, _)| *k == name) {
            return Err(serde::de::Error::custom(format!("{name:?} is given in both spellings; give one")));
        }
        out.push((name, value));
    }
    Ok(out)
}

struct Items(std::iter::Enumerate<std::vec::IntoIter<Value>>);

impl<'de> SeqAccess<'de> for Items {
    type Error = InputError;
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, InputError> {
        match self.0.next() {
            Some((i, v)) => seed.deserialize(v).map(Some).map_err(|e| e.at(i.to_string())),
            None => Ok(None),
        }
    }
    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct Floats(std::vec::IntoIter<f32>);

impl<'de> SeqAccess<'de> for Floats {
    type Error = InputError;
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, InputError> {
        let Some(x) = self.0.next() else { return Ok(None) };
        if !x.is_finite() {
            return Err(serde::de::Error::custom(format_args!("{x} is not a number that can be stored")));
        }
        seed.deserialize(serde::de::value::F32Deserializer::new(x)).map(Some)
    }
    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct Members {
    rest: std::vec::IntoIter<(String, Value)>,
    value: Option<(String, Value)>,
}

impl<'de> MapAccess<'de> for Members {
    type Error = InputError;
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, InputError> {
        let Some((key, value)) = self.rest.next() else { return Ok(None) };
        let k = seed.deserialize(StrDeserializer::<InputError>::new(&key))?;
        self.value = Some((key, value));
        Ok(Some(k))
    }
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, InputError> {
        match self.value.take() {
            Some((key, v)) => seed.deserialize(v).map_err(|e| e.at(key)),
            None => Err(serde::de::Error::custom("a value was asked for before its key")),
        }
    }
}

struct UnitVariant(String);

impl<'de> EnumAccess<'de> for UnitVariant {
    type Error = InputError;
    type Variant = Unit;
    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Unit), InputError> {
        Ok((seed.deserialize(StrDeserializer::<InputError>::new(&self.0))?, Unit))
    }
}

struct Unit;

impl<'de> VariantAccess<'de> for Unit {
    type Error = InputError;
    fn unit_variant(self) -> Result<(), InputError> {
        Ok(())
    }
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, InputError> {
        seed.deserialize(U32Deserializer::<InputError>::new(0))
    }
    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, _visitor: V) -> Result<V::Value, InputError> {
        Err(serde::de::Error::custom("expected a name"))
    }
    fn struct_variant<V: Visitor<'de>>(self, _f: &'static [&'static str], _visitor: V) -> Result<V::Value, InputError> {
        Err(serde::de::Error::custom("expected a name"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::ChunkInput;

    fn object(members: &[(&str, Value)]) -> Value {
        Value::Object(members.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect())
    }

    #[test]
    fn camel_case_is_accepted_and_both_spellings_refused() {
        let text = Value::Text("x".into());
        let one = object(&[("content", text.clone()), ("qualityScore", Value::Number(0.7))]);
        assert_eq!(from_value::<ChunkInput>(one).unwrap().quality_score, Some(0.7));
        let both = object(&[("content", text), ("qualityScore", Value::Number(0.7)), ("quality_score", Value::Number(0.7))]);
        assert!(from_value::<ChunkInput>(both).unwrap_err().contains("both spellings"));
    }

    #[test]
    fn unknown_keys_name_the_nearest() {
        let e = from_value::<ChunkInput>(object(&[("contnet", Value::Text("x".into()))])).unwrap_err();
        assert!(e.contains("did you mean \"content\""), "{e}");
    }

    #[test]
    fn metadata_keys_stay_as_they_are() {
        let meta = object(&[("camelKey", Value::Number(1.0)), ("deep", Value::List(vec![Value::Null]))]);
        let c: ChunkInput = from_value(object(&[("content", Value::Text("x".into())), ("metadata", meta)])).unwrap();
        assert_eq!(serde_json::Value::Object(c.metadata.unwrap()).to_string(), r#"{"camelKey":1,"deep":[null]}"#);
    }

    #[test]
    fn what_was_given_is_not_repeated() {
        let secret = "s3cret".repeat(100);
        let text = Value::Text(secret.clone());
        let refused = [
            object(&[("content", text.clone()), ("quality_score", text.clone())]),
            object(&[("content", text.clone()), ("tags", text.clone())]),
            object(&[("content", text.clone()), ("metadata", text.clone())]),
            object(&[("content", text.clone()), ("chunk_type", text.clone())]),
            object(&[("content", text), (secret.as_str(), Value::Null)]),
        ];
        for value in refused {
            let e = from_value::<ChunkInput>(value).unwrap_err();
            assert!(!e.contains(&secret) && e.len() < 1_000, "{e}");
        }
    }

    #[test]
    fn wrong_types_name_the_path() {
        let e = from_value::<ChunkInput>(object(&[
            ("content", Value::Text("x".into())),
            ("tags", Value::List(vec![Value::Text("a".into()), Value::Number(1.0)])),
        ]));
        assert!(e.unwrap_err().starts_with("tags.1: "));
    }

    #[test]
    fn content_takes_bytes_and_embedding_takes_floats() {
        let c: ChunkInput = from_value(object(&[
            ("content", Value::Bytes(vec![0, 255])),
            ("embedding", Value::Floats(vec![0.5, 1.0])),
            ("chunk_type", Value::Text("best_practice".into())),
        ]))
        .unwrap();
        assert_eq!(c.content.0, [0, 255]);
        assert_eq!(c.embedding, Some(vec![0.5, 1.0]));
    }
}
