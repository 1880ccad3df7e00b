/** The shape of a BERT pretraining model: what the weights' shapes and names follow from. */
export interface Architecture {
  readonly vocabSize: number;
  /** Width of the encoder, H. */
  readonly hiddenSize: number;
  readonly layers: number;
  /** Attention heads; each is H / heads wide. */
  readonly heads: number;
  /** Width of the feed-forward layer, I. */
  readonly intermediateSize: number;
  readonly maxPositions: number;
  readonly typeVocabSize: number;
  /** Standard deviation of fresh weights. */
  readonly initializerRange: number;
}
