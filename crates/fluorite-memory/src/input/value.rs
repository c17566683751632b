//! The untyped tree.

/// A value as JavaScript or TOML can hold it. `undefined` members of objects are left out by the producer.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// Any number; integers are whole `f64`s.
    Number(f64),
    /// Well-formed text.
    Text(String),
    /// A Buffer or Uint8Array.
    Bytes(Vec<u8>),
    /// A Float32Array.
    Floats(Vec<f32>),
    /// An array.
    List(Vec<Value>),
    /// A plain object, in order.
    Object(Vec<(String, Value)>),
}

impl Value {
    /// The word for this kind of value in messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::Bytes(_) => "bytes",
            Self::Floats(_) => "a Float32Array",
            Self::List(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

impl From<toml::Value> for Value {
    fn from(v: toml::Value) -> Self {
        match v {
            toml::Value::String(s) => Self::Text(s),
            #[allow(clippy::cast_precision_loss)] // configuration numbers are small
            toml::Value::Integer(i) => Self::Number(i as f64),
            toml::Value::Float(f) => Self::Number(f),
            toml::Value::Boolean(b) => Self::Bool(b),
            toml::Value::Datetime(d) => Self::Text(d.to_string()),
            toml::Value::Array(a) => Self::List(a.into_iter().map(Self::from).collect()),
            toml::Value::Table(t) => Self::Object(t.into_iter().map(|(k, v)| (k, Self::from(v))).collect()),
        }
    }
}

impl From<serde_json::Value> for Value {
    fn from(v: serde_json::Value) -> Self {
        match v {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(b) => Self::Bool(b),
            serde_json::Value::Number(n) => Self::Number(n.as_f64().unwrap_or(f64::NAN)),
            serde_json::Value::String(s) => Self::Text(s),
            serde_json::Value::Array(a) => Self::List(a.into_iter().map(Self::from).collect()),
            serde_json::Value::Object(m) => Self::Object(m.into_iter().map(|(k, v)| (k, Self::from(v))).collect()),
        }
    }
}
