/** The npm package snappyjs has no types of its own; only what is used here. */
declare module 'snappyjs' {
  /** Throws when the block is corrupt or longer than `maxLength` bytes. */
  function uncompress(compressed: Uint8Array, maxLength: number): Uint8Array;
  function compress(content: Uint8Array): Uint8Array;
  const snappy: { uncompress: typeof uncompress; compress: typeof compress };
  export default snappy;
}
