// CRC-32C in AssemblyScript: `npm run build:kernels` compiles it into crc32c-blocks.ts. Sixteen tables of slicing-tables.ts lie at 0.

/** CRC-32C of the bytes from `begin` to `end`, sixteen at a time ("slicing by sixteen"). `before` continues that of earlier bytes. */
export function crc32c(begin: usize, end: usize, before: u32): u32 {
  let crc = ~before;
  let at = begin;
  for (; at + 16 <= end; at += 16) {
    crc =
      sliced(load<u32>(at) ^ crc, 12) ^ sliced(load<u32>(at, 4), 8) ^ sliced(load<u32>(at, 8), 4) ^ sliced(load<u32>(at, 12), 0);
  }
  for (; at < end; at++) crc = (crc >> 8) ^ tableEntry(0, (crc ^ load<u8>(at)) & 0xff);
  return ~crc;
}

/** What four bytes add to the checksum when `more` bytes follow them. */
// @ts-ignore: decorator
@inline
function sliced(word: u32, more: u32): u32 {
  return (
    tableEntry(more + 3, word & 0xff) ^
    tableEntry(more + 2, (word >> 8) & 0xff) ^
    tableEntry(more + 1, (word >> 16) & 0xff) ^
    tableEntry(more, word >> 24)
  );
}

// @ts-ignore: decorator
@inline
function tableEntry(table: u32, byte: u32): u32 {
  return load<u32>((table << 10) + (byte << 2));
}
