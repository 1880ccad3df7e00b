//! vibrato-bench SOURCE_DIRECTORY TEXT: compiles the dictionary's source (lex.csv, matrix.def, char.def, unk.def), then
//! prints the best of eight rounds over the text's lines: bytes a second, and the number of tokens.
use std::fs::{read_to_string, File};
use std::io::BufReader;
use std::time::Instant;
use vibrato::{SystemDictionaryBuilder, Tokenizer};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let open = |name: &str| File::open(format!("{}/{}", arguments[1], name)).map(BufReader::new);
    let dictionary = SystemDictionaryBuilder::from_readers(
        open("lex.csv")?,
        open("matrix.def")?,
        open("char.def")?,
        open("unk.def")?,
    )?;
    let tokenizer = Tokenizer::new(dictionary)
        .ignore_space(true)?
        .max_grouping_len(24);
    let text = read_to_string(&arguments[2])?;
    let mut worker = tokenizer.new_worker();
    let mut best = f64::INFINITY;
    let mut tokens = 0;
    for _ in 0..8 {
        let start = Instant::now();
        tokens = 0;
        for line in text.lines() {
            worker.reset_sentence(line);
            worker.tokenize();
            tokens += worker.num_tokens();
        }
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!("{} {}", text.len() as f64 / best, tokens);
    Ok(())
}
