//! Records the readings of the sample papers, on which the rules are tested without OCR: `make record`.
#![allow(missing_docs)]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use rxintake::reader::{Options, Reader};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let reader = Reader::new(Options::default())?;
    let folder = Path::new("samples/readings");
    fs::create_dir_all(folder)?;
    for entry in fs::read_dir("samples").context("call this from the project's root")? {
        let path = entry?.path();
        let is_sample =
            path.extension().is_some_and(|extension| ["pdf", "tif", "jpg"].iter().any(|known| extension == *known));
        if is_sample {
            let read = reader.read(Arc::from(fs::read(&path)?), &|_| ()).await?;
            let name = path.with_extension("json");
            let name = name.file_name().context("a sample has a name")?;
            fs::write(folder.join(name), serde_json::to_vec(&read)?)?;
        }
    }
    Ok(())
}
