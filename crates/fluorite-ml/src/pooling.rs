//! From one vector per token to one vector per text.

use serde_json::{Map, Value};

/// How token vectors become the text's vector. All tokens count (there is no padding: texts run one at a time).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pooling {
    /// The mean of all tokens.
    Mean,
    /// The first token.
    Cls,
    /// The largest value of each dimension.
    Max,
}

impl Pooling {
    /// Reads the pooling module's configuration: exactly one mode may be on.
    pub(crate) fn from_config(config: &Map<String, Value>) -> Result<Self, String> {
        let flags = config.iter().filter(|(_, v)| **v == Value::Bool(true)).filter_map(|(k, _)| k.strip_prefix("pooling_mode_"));
        let named = config.get("pooling_mode").and_then(Value::as_str);
        let modes: Vec<&str> = flags.chain(named).collect();
        match modes.as_slice() {
            ["mean_tokens" | "mean"] => Ok(Self::Mean),
            ["cls_token" | "cls"] => Ok(Self::Cls),
            ["max_tokens" | "max"] => Ok(Self::Max),
            other => Err(format!("pooling {other:?} is not supported (one of mean, cls and max is)")),
        }
    }

    /// Pools `rows` of `dimensions` values each; an empty input gives zeros. Sums run in token order, in f32.
    pub(crate) fn pool(self, rows: &[f32], dimensions: usize) -> Vec<f32> {
        let mut tokens = rows.chunks_exact(dimensions.max(1));
        let Some(first) = tokens.next() else { return vec![0.0; dimensions] };
        let mut pooled = first.to_vec();
        match self {
            Self::Cls => {}
            Self::Max => {
                for row in tokens {
                    pooled.iter_mut().zip(row).for_each(|(p, v)| *p = p.max(*v));
                }
            }
            Self::Mean => {
                let count = (tokens.len() + 1) as f32;
                for row in tokens {
                    pooled.iter_mut().zip(row).for_each(|(p, v)| *p += v);
                }
                pooled.iter_mut().for_each(|p| *p /= count);
            }
        }
        pooled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pools_by_hand_computed_values() {
        let rows = [1.0, -2.0, 3.0, 4.0, 5.0, -8.0];
        assert_eq!(Pooling::Mean.pool(&rows, 2), [3.0, -2.0]);
        assert_eq!(Pooling::Cls.pool(&rows, 2), [1.0, -2.0]);
        assert_eq!(Pooling::Max.pool(&rows, 2), [5.0, 4.0]);
        assert_eq!(Pooling::Mean.pool(&[], 2), [0.0, 0.0]);
    }

    #[test]
    fn reads_both_spellings_and_refuses_mixtures() {
        let read = |json: &str| Pooling::from_config(&serde_json::from_str(json).unwrap());
        assert_eq!(read(r#"{"pooling_mode_mean_tokens":true,"pooling_mode_cls_token":false}"#), Ok(Pooling::Mean));
        assert_eq!(read(r#"{"pooling_mode":"cls"}"#), Ok(Pooling::Cls));
        assert_eq!(read(r#"{"pooling_mode_max_tokens":true}"#), Ok(Pooling::Max));
        for bad in
            [r#"{"pooling_mode_mean_tokens":true,"pooling_mode_cls_token":true}"#, r#"{"pooling_mode_lasttoken":true}"#, "{}"]
        {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
