import { createHash } from 'node:crypto';

/** A wheel of these files with a RECORD of their digests; `lies` replaces files after they were recorded. */
export function wheel(
  name: string,
  files: Readonly<Record<string, string>>,
  lies: Readonly<Record<string, string>> = {},
): Buffer {
  const record = Object.entries(files).map(([path, content]) => {
    const digest = createHash('sha256').update(content).digest('base64url');
    return `${path},sha256=${digest},${content.length}`;
  });
  const info = `${name}.dist-info`;
  const all = {
    ...files,
    ...lies,
    [`${info}/METADATA`]: `Name: ${name}\n`,
    [`${info}/RECORD`]: `${record.join('\n')}\n`,
  };
  return zip(Object.entries(all).map(([path, content]) => [path, Buffer.from(content)]));
}

/** A zip archive of stored files (APPNOTE.TXT 4.3); checksums are left out, as its reader looks at none. */
function zip(files: readonly (readonly [string, Buffer])[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [path, content] of files) {
    const name = Buffer.from(path);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(content.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, name, content]);
    const where = Buffer.alloc(14);
    where.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, where, name]));
    parts.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, central, end]);
}
