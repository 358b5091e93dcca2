//! The result of one task on one host.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use crate::{log::MAX_EVENT, results::text::tail};

/// Bytes kept of each of a result's texts: what matters stands at the end.
const MAX_PART: usize = 64 << 10;

/// Items of a loop, or of a list of texts, that are kept.
const MAX_ITEMS: usize = 100;

/// What Ansible says of a task on a host, as far as it is needed to tell a failure. A module may
/// write anything under any key, so what is not as expected is passed over and never an error.
#[derive(Debug, Default)]
pub(super) struct HostResult {
    failed: bool,
    unreachable: bool,
    pub(super) action: String,
    /// In the order in which they are told: `msg`, `reason`, `exception`, `stderr`, `stdout`.
    texts: [String; 5],
    /// The items of a loop that failed.
    items: Vec<HostResult>,
}

impl HostResult {
    pub(super) fn is_failure(&self) -> bool {
        self.failed || self.unreachable
    }

    /// `failed`, or `unreachable` for a host that could not be asked.
    pub(super) fn status(&self) -> &'static str {
        if self.unreachable { "unreachable" } else { "failed" }
    }

    /// The texts of a failure, one after the other; of a loop those of each item that failed. One
    /// that says what was said already is left out.
    pub(super) fn message(&self) -> String {
        let mut message = String::new();
        self.write(&mut message);
        message
    }

    fn write(&self, message: &mut String) {
        for part in &self.texts {
            if part.is_empty() || message.len() > MAX_EVENT || message.contains(part.as_str()) {
                continue;
            }
            if !message.is_empty() {
                message.push('\n');
            }
            message.push_str(part);
        }
        self.items.iter().for_each(|item| item.write(message));
    }

    fn take(&mut self, key: Key, value: Value) {
        match key {
            Key::Failed => self.failed = value.is_true(),
            Key::Unreachable => self.unreachable = value.is_true(),
            Key::Action => self.action = value.into_text(),
            Key::Msg => self.texts[0] = value.into_text(),
            Key::Reason => self.texts[1] = value.into_text(),
            Key::Exception => self.texts[2] = value.into_text(),
            Key::Stderr => self.texts[3] = value.into_text(),
            Key::Stdout => self.texts[4] = value.into_text(),
            Key::Results => self.items = value.into_failures(),
            Key::Other => {}
        }
    }
}

impl<'de> Deserialize<'de> for HostResult {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<HostResult, D::Error> {
        Ok(match Value::deserialize(deserializer)? {
            Value::Result(result) => *result,
            _ => HostResult::default(),
        })
    }
}

/// The keys of a result that matter.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Key {
    Failed,
    Unreachable,
    Action,
    Msg,
    Reason,
    Exception,
    Stderr,
    Stdout,
    Results,
    #[serde(other)]
    Other,
}

/// Any value, and no more of it than is needed.
#[derive(Default)]
pub(super) enum Value {
    #[default]
    Nothing,
    True,
    Text(String),
    List(Vec<Value>),
    Result(Box<HostResult>),
}

impl Value {
    fn is_true(&self) -> bool {
        matches!(self, Value::True)
    }

    /// A text, or the texts of a list line by line.
    pub(super) fn into_text(self) -> String {
        match self {
            Value::Text(text) => text,
            Value::List(values) => {
                let texts: Vec<_> = values.into_iter().map(Value::into_text).collect();
                texts.join("\n")
            }
            Value::Nothing | Value::True | Value::Result(_) => String::new(),
        }
    }

    fn into_failures(self) -> Vec<HostResult> {
        let Value::List(values) = self else { return Vec::new() };
        let failure = |value| match value {
            Value::Result(result) if result.is_failure() => Some(*result),
            _ => None,
        };
        values.into_iter().filter_map(failure).collect()
    }

    /// Whether it is worth a place in a list.
    fn tells(&self) -> bool {
        match self {
            Value::Text(text) => !text.is_empty(),
            Value::Result(result) => result.is_failure(),
            Value::Nothing | Value::True | Value::List(_) => false,
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(tail(text, MAX_PART).to_owned()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(if value { Value::True } else { Value::Nothing })
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Text(number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Text(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Text(number.to_string()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Nothing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while values.len() < MAX_ITEMS {
            let Some(value) = seq.next_element::<Value>()? else { return Ok(Value::List(values)) };
            if value.tells() {
                values.push(value);
            }
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut result = HostResult::default();
        while let Some(key) = map.next_key()? {
            match key {
                Key::Other => drop(map.next_value::<IgnoredAny>()?),
                key => result.take(key, map.next_value()?),
            }
        }
        Ok(Value::Result(Box::new(result)))
    }
}
