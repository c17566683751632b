//! `Vec<f32>` from a Float32Array or an array of numbers.

use serde::de::{Deserializer, Error, SeqAccess, Visitor};

struct Floats;

impl<'de> Visitor<'de> for Floats {
    type Value = Vec<f32>;
    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a Float32Array")
    }
    #[allow(clippy::cast_possible_truncation)] // vectors are f32
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<f32>, A::Error> {
        let mut out = Vec::with_capacity(seq.size_hint().unwrap_or(0));
        while let Some(x) = seq.next_element::<f64>()? {
            out.push(x as f32);
        }
        Ok(out)
    }
}

/// `Option<Vec<f32>>`; `null` is `None`.
pub fn option<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Vec<f32>>, D::Error> {
    struct Maybe;
    impl<'de> Visitor<'de> for Maybe {
        type Value = Option<Vec<f32>>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a Float32Array")
        }
        fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_some<D: Deserializer<'de>>(self, d: D) -> Result<Self::Value, D::Error> {
            d.deserialize_seq(Floats).map(Some)
        }
    }
    d.deserialize_option(Maybe)
}
