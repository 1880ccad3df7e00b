//! tokenizers-bench COUNTS ALPHABET VOCAB_SIZE: trains a WordPiece vocabulary on words and their counts (a line each, with a
//! tab between) and prints the best of three rounds: seconds from the counts to the vocabulary, and its size.
use std::collections::{HashMap, HashSet};
use std::fs::read_to_string;
use std::time::Instant;
use tokenizers::models::bpe::{BpeTrainer, BPE};
use tokenizers::{AddedToken, Model};

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let arguments: Vec<String> = std::env::args().collect();
    let mut counts: HashMap<String, u32> = HashMap::new();
    for line in read_to_string(&arguments[1])?.split_terminator('\n') {
        let (word, count) = line.split_once('\t').ok_or("a line without a tab")?;
        counts.insert(word.to_owned(), count.parse()?);
    }
    let alphabet: HashSet<char> = read_to_string(&arguments[2])?.chars().filter(|c| *c != '\n').collect();
    let named = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].map(String::from);
    let unused = (0..10).map(|i| format!("[unused{i}]"));
    let special = named.into_iter().chain(unused).map(|token| AddedToken::from(token, true));
    let trainer = BpeTrainer::builder()
        .vocab_size(arguments[3].parse()?)
        .min_frequency(2)
        .limit_alphabet(7012)
        .initial_alphabet(alphabet)
        .special_tokens(special.collect())
        .continuing_subword_prefix("##".into())
        .show_progress(false)
        .build();
    let mut best = f64::INFINITY;
    let mut size = 0;
    for _ in 0..3 {
        let mut model = BPE::default();
        let start = Instant::now();
        trainer.do_train(&counts, &mut model)?;
        best = best.min(start.elapsed().as_secs_f64());
        size = model.get_vocab_size();
    }
    println!("{best} {size}");
    Ok(())
}
