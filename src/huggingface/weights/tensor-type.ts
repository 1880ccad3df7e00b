/** The element types of weight files, under the names that NumPy and PyTorch share. */
export const elementBytes = {
  float64: 8,
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
} as const;

export type TensorType = keyof typeof elementBytes;

export interface TensorInfo {
  readonly dtype: TensorType;
  readonly shape: readonly number[];
}

/** Bytes of a tensor; undefined where no file could hold them, so that a forged shape never becomes a number to allocate by. */
export function tensorBytes({ dtype, shape }: TensorInfo): number | undefined {
  let bytes: number = elementBytes[dtype];
  for (const extent of shape) {
    if (!Number.isSafeInteger(extent) || extent < 0) return undefined;
    bytes *= extent;
    if (!Number.isSafeInteger(bytes)) return undefined;
  }
  return bytes;
}

/** Any floating-point tensor's little-endian bytes as float32. Undefined for the integer types. */
export function asFloats(dtype: TensorType, bytes: Buffer): Float32Array | undefined {
  const { buffer, byteOffset, length } = bytes;
  switch (dtype) {
    case 'float32':
      return new Float32Array(buffer, byteOffset, length / 4);
    case 'float64':
      return Float32Array.from(new Float64Array(buffer, byteOffset, length / 8));
    case 'bfloat16':
      // The upper half of a float32.
      return new Float32Array(Uint32Array.from(new Uint16Array(buffer, byteOffset, length / 2), (x) => x << 16).buffer);
    case 'float16':
      return Float32Array.from(new Uint16Array(buffer, byteOffset, length / 2), fromHalf);
    default:
      return undefined;
  }
}

/** IEEE 754 binary16: 1 bit of sign, 5 of exponent (bias 15), 10 of fraction. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
