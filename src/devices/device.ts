/** The TensorFlow.js that computes: its functions, and which kind of kernels are behind them. */
export type Tensorflow = typeof import('@tensorflow/tfjs-core');

export interface Device {
  readonly tf: Tensorflow;
  readonly kind: 'tensorflow' | 'wasm' | 'webgpu';
  /** For people: backend and version. */
  readonly name: string;
}
