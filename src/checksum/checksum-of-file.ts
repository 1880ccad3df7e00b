import { open } from 'node:fs/promises';
import { checksumText, crc32c } from './crc32c.ts';

/** CRC-32C of a file's bytes, as Google Cloud Storage writes it. Rejects with the system's error. */
export async function checksumOfFile(path: string): Promise<string> {
  const buffer = Buffer.allocUnsafe(2 ** 20);
  const file = await open(path, 'r');
  try {
    let crc = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer);
      if (bytesRead === 0) return checksumText(crc);
      crc = crc32c(buffer, 0, bytesRead, crc);
    }
  } finally {
    await file.close();
  }
}
