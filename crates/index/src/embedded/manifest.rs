//! The manifest: a small file that says what the rest of the directory is.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use recheck_core::Schema;
use serde::{Deserialize, Serialize};

use crate::error::IndexErrorKind;

/// The format of the directory. One that is read differently from before has a new number.
const FORMAT: u64 = 1;

/// The manifest's file.
pub(super) const NAME: &str = "recheck-index.json";
/// The manifest while it is being written.
pub(super) const DRAFT: &str = "recheck-index.json.new";

/// What the directory is.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    format: u64,
    schema: SchemaWord,
}

/// The format of any manifest, whatever else it holds.
#[derive(Deserialize)]
struct Format {
    format: u64,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SchemaWord {
    Logstash,
    Dynamic,
}

impl Manifest {
    /// The manifest of a new index.
    pub(super) fn new(schema: Schema) -> Manifest {
        let schema = match schema {
            Schema::Dynamic => SchemaWord::Dynamic,
            _ => SchemaWord::Logstash,
        };
        Manifest { format: FORMAT, schema }
    }

    /// How fields are analysed.
    pub(super) fn schema(&self) -> Schema {
        match self.schema {
            SchemaWord::Logstash => Schema::Logstash,
            SchemaWord::Dynamic => Schema::Dynamic,
        }
    }

    /// Reads the manifest; `None` where there is none.
    pub(super) fn read(dir: &Path) -> Result<Option<Manifest>, IndexErrorKind> {
        let text = match fs::read_to_string(dir.join(NAME)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                return Err(IndexErrorKind::NotAnIndex);
            }
            Err(error) => return Err(error.into()),
        };
        let Format { format } = serde_json::from_str(&text).map_err(IndexErrorKind::Manifest)?;
        if format != FORMAT {
            return Err(IndexErrorKind::OtherFormat { found: format, wanted: FORMAT });
        }
        serde_json::from_str(&text).map(Some).map_err(IndexErrorKind::Manifest)
    }

    /// Writes the manifest, whole or not at all.
    pub(super) fn write(&self, dir: &Path) -> Result<(), IndexErrorKind> {
        let mut text = serde_json::to_string(self)?;
        text.push('\n');
        let draft = dir.join(DRAFT);
        let mut file = File::create(&draft)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, dir.join(NAME))?;
        Ok(())
    }
}

/// The word for a schema.
pub(crate) fn schema_word(schema: Schema) -> &'static str {
    match schema {
        Schema::Dynamic => "dynamic",
        _ => "logstash",
    }
}
