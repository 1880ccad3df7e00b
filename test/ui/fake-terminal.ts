import { PassThrough, Writable } from 'node:stream';

/** A terminal of a size that keeps what is written to it; keys are typed by writing to its `stdin`. */
export function fakeTerminal(columns: number, rows: number) {
  const chunks: string[] = [];
  let bytes = 0;
  const stdout = Object.assign(
    new Writable({
      write(chunk: Buffer, _, done) {
        bytes += chunk.length;
        chunks.push(chunk.toString());
        done();
      },
    }),
    { columns, rows, isTTY: true },
  ) as unknown as NodeJS.WriteStream;
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: () => stdin,
    ref: () => stdin,
    unref: () => stdin,
  }) as unknown as NodeJS.ReadStream & NodeJS.WritableStream;
  return { stdin, stdout, chunks, written: () => bytes };
}
