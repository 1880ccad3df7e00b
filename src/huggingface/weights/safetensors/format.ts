/** Names of element types in safetensors (https://huggingface.co/docs/safetensors). */
import type { TensorType } from '../tensor-type.ts';

export const safetensorsTypes: Readonly<Record<TensorType, string>> = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint8: 'U8',
  bool: 'BOOL',
};
