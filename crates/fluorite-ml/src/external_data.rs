//! Refuses ONNX models that read other files.
//!
//! A tensor may say that its bytes lie in another file (`TensorProto.external_data`), by a path of the model's choosing.
//! This walks every tensor of the file (initializers, sparse ones, constants in node attributes, sub-graphs, functions,
//! training graphs) on the protobuf wire, copying nothing: time is linear, depth is bounded, and every length is checked.

/// Deeper nesting than any real model has.
const MAX_DEPTH: usize = 64;

/// The messages that can contain a tensor.
#[derive(Clone, Copy, PartialEq)]
enum Message {
    Model,
    Training,
    Function,
    Graph,
    Node,
    Attribute,
    SparseTensor,
    Tensor,
    /// One entry of `external_data`; reached only to name the file in the error.
    Entry,
}

impl Message {
    /// The message in this field, by the numbers of onnx.proto.
    fn child(self, field: u64) -> Option<Self> {
        Some(match (self, field) {
            (Self::Model, 7) => Self::Graph,
            (Self::Model, 20) => Self::Training,
            (Self::Model, 25) => Self::Function,
            (Self::Training, 1 | 2) => Self::Graph,
            (Self::Function, 7) | (Self::Graph, 1) => Self::Node,
            (Self::Function, 11) | (Self::Node, 5) => Self::Attribute,
            (Self::Graph, 5) | (Self::Attribute, 5 | 10) | (Self::SparseTensor, 1 | 2) => Self::Tensor,
            (Self::Graph, 15) | (Self::Attribute, 22 | 23) => Self::SparseTensor,
            (Self::Attribute, 6 | 11) => Self::Graph,
            (Self::Tensor, 13) => Self::Entry,
            _ => return None,
        })
    }
}

/// `Err` with the reason when the model keeps data elsewhere, or is not a protobuf message at all.
pub(crate) fn refuse(model: &[u8]) -> Result<(), String> {
    if model.is_empty() {
        return Err("the file is empty".to_owned());
    }
    let mut graphs = 0;
    walk(Message::Model, model, 0, &mut graphs)?;
    if graphs == 0 {
        return Err("not an ONNX model: it holds no graph".to_owned());
    }
    Ok(())
}

fn walk(message: Message, bytes: &[u8], depth: usize, graphs: &mut usize) -> Result<(), String> {
    if depth > MAX_DEPTH {
        return Err(format!("not a usable ONNX model: nested deeper than {MAX_DEPTH}"));
    }
    let mut wire = Wire { bytes };
    while let Some((field, value)) = wire.next()? {
        match (message, value) {
            // DataLocation is read as an int32, so only its low half counts; anything but DEFAULT is refused.
            (Message::Tensor, Value::Varint(location)) if field == 14 && location as u32 != 0 => return Err(refusal(None)),
            (_, Value::Bytes(inner)) => match message.child(field) {
                Some(Message::Entry) => return Err(refusal(location(inner))),
                Some(child) => {
                    *graphs += usize::from(message == Message::Model && child == Message::Graph);
                    walk(child, inner, depth + 1, graphs)?;
                }
                None => {}
            },
            _ => {}
        }
    }
    Ok(())
}

fn refusal(file: Option<String>) -> String {
    let file = file.map(|f| format!(" ({f:?})")).unwrap_or_default();
    format!("it keeps weights in an external data file{file}; export the model as one file")
}

/// The path of a `location` entry, shortened for the message.
fn location(entry: &[u8]) -> Option<String> {
    let (mut wire, mut key, mut value) = (Wire { bytes: entry }, None, None);
    while let Ok(Some((field, found))) = wire.next() {
        match (field, found) {
            (1, Value::Bytes(bytes)) => key = Some(bytes),
            (2, Value::Bytes(bytes)) => value = Some(bytes),
            _ => {}
        }
    }
    (key == Some(b"location")).then(|| String::from_utf8_lossy(value.unwrap_or_default()).chars().take(200).collect())
}

enum Value<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    Fixed,
}

/// A cursor over the fields of one message.
struct Wire<'a> {
    bytes: &'a [u8],
}

impl<'a> Wire<'a> {
    /// The next field's number and value; `None` at the end.
    fn next(&mut self) -> Result<Option<(u64, Value<'a>)>, String> {
        if self.bytes.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => Value::Varint(self.varint()?),
            1 => self.take(8).map(|_| Value::Fixed)?,
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| broken())?;
                Value::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Value::Fixed)?,
            // Groups (3, 4) do not occur in ONNX; skipping one would hide what is inside.
            _ => return Err(broken()),
        };
        // A reader that keeps 32 bits of the tag would see another field than we do.
        if tag >> 3 == 0 || tag > u64::from(u32::MAX) {
            return Err(broken());
        }
        Ok(Some((tag >> 3, value)))
    }

    fn varint(&mut self) -> Result<u64, String> {
        let mut value = 0;
        for (at, byte) in self.bytes.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * at).min(63);
            if byte & 0x80 == 0 {
                self.bytes = self.bytes.get(at + 1..).unwrap_or_default();
                return Ok(value);
            }
        }
        Err(broken())
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or_else(broken)?;
        self.bytes = rest;
        Ok(taken)
    }
}

fn broken() -> String {
    "not an ONNX model: the file is cut short or damaged".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn field(number: u8, inner: &[u8]) -> Vec<u8> {
        assert!(inner.len() < 128);
        let tag = u64::from(number) << 3 | 2;
        let mut bytes = if tag < 128 { vec![tag as u8] } else { vec![(tag & 0x7f) as u8 | 0x80, (tag >> 7) as u8] };
        bytes.push(inner.len() as u8);
        bytes.extend(inner);
        bytes
    }

    /// `path` are field numbers from ModelProto down to the tensor.
    fn model(path: &[u8], tensor: &[u8]) -> Vec<u8> {
        path.iter().rev().fold(tensor.to_vec(), |inner, number| field(*number, &inner))
    }

    fn external() -> Vec<u8> {
        field(13, &[field(1, b"location"), field(2, b"w.onnx_data")].concat())
    }

    #[test]
    fn accepts_tensors_that_carry_their_bytes() {
        let plain = [field(8, b"name"), field(9, &[1, 2, 3, 4]), vec![14 << 3, 0]].concat();
        assert_eq!(refuse(&model(&[7, 5], &plain)), Ok(()));
    }

    #[test]
    fn refuses_external_data_wherever_a_tensor_can_be() {
        for path in [
            &[7, 5][..],             // graph.initializer
            &[7, 15, 1],             // graph.sparse_initializer.values
            &[7, 15, 2],             // graph.sparse_initializer.indices
            &[7, 1, 5, 5],           // graph.node.attribute.t
            &[7, 1, 5, 10],          // graph.node.attribute.tensors
            &[7, 1, 5, 6, 5],        // a sub-graph's initializer
            &[7, 1, 5, 11, 1, 5, 5], // a constant in a sub-graph
            &[7, 1, 5, 22, 1],       // a sparse constant
            &[7, 1, 5, 23, 2],       // several
            &[25, 7, 5, 5],          // a function's constant
            &[25, 11, 5],            // a function's default
            &[20, 1, 5],             // training initialization
            &[20, 2, 1, 5, 5],       // training algorithm
        ] {
            let reason = refuse(&model(path, &external())).unwrap_err();
            assert!(reason.contains("external data") && reason.contains("w.onnx_data"), "{path:?}: {reason}");
            for location in [&[14 << 3, 1][..], &[14 << 3, 0x81, 0x80, 0x80, 0x80, 0x10]] {
                let reason = refuse(&model(path, location)).unwrap_err();
                assert!(reason.contains("external data"), "{path:?}: {reason}");
            }
        }
    }

    #[test]
    fn finds_a_second_graph_and_the_last_tensor() {
        let plain = model(&[7, 5], &field(8, b"a"));
        let late = model(&[7, 5], &external());
        assert!(refuse(&[plain.clone(), late].concat()).is_err());
        let two = field(7, &[field(5, &field(8, b"a")), field(5, &external())].concat());
        assert!(refuse(&two).is_err());
    }

    #[test]
    fn refuses_what_is_no_model() {
        for bytes in
            [&b""[..], b"\x08", b"garbage, not a model", b"\x3a\xff\xff\xff\xff\x0f", &[0xff; 40], &[0x0b, 0x0c], &[8, 1]]
        {
            assert!(refuse(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let wrap = |number: u8, inner: &[u8]| {
            let (mut bytes, mut length) = (vec![number << 3 | 2], inner.len());
            while length > 127 {
                bytes.push((length & 0x7f) as u8 | 0x80);
                length >>= 7;
            }
            bytes.push(length as u8);
            [bytes, inner.to_vec()].concat()
        };
        // graph.node.attribute.g, over and over: a reader that recurses without a bound runs out of stack.
        let mut deep = vec![];
        for _ in 0..5_000 {
            deep = wrap(1, &wrap(5, &wrap(6, &deep)));
        }
        let reason = refuse(&wrap(7, &deep)).unwrap_err();
        assert!(reason.contains("nested"), "{reason}");
    }

    proptest! {
        #[test]
        fn survives_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
            let _ = refuse(&bytes);
            let _ = refuse(&[&[0x3a, 0x04][..], &bytes].concat());
        }
    }
}
