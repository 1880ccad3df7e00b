/** What a server of objects gives at best: plain requests over kept connections, without any client. */
import { Agent, request } from 'node:http';

export interface PlainSeconds {
  readonly upload: number;
  readonly download: number;
}

/** Seconds for `count` objects, each written in one request and then read in one, over so many connections. */
export async function plainRequests(
  endpoint: string,
  connections: number,
  count: number,
  textOf: (i: number) => string,
): Promise<PlainSeconds> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const nameOf = (i: number) => encodeURIComponent(`plain-${connections}/${i}`);
  const ask = (method: string, path: string, body = '') =>
    new Promise<void>((resolve, reject) => {
      const headers = { 'content-length': Buffer.byteLength(body), 'content-type': 'multipart/related; boundary=b' };
      const sent = request(`${endpoint}${path}`, { agent, method, headers }, (answer) => {
        answer.resume().on('end', () => {
          if (answer.statusCode === 200) resolve();
          else reject(new Error(`${method} ${path}: ${answer.statusCode}`));
        });
      });
      sent.on('error', reject).end(body);
    });
  const all = async (action: (i: number) => Promise<void>): Promise<number> => {
    const start = performance.now();
    let next = 0;
    const lane = async () => {
      while (next < count) await action(next++);
    };
    await Promise.all(Array.from({ length: connections }, lane));
    return (performance.now() - start) / 1000;
  };
  const part = (text: string) => `--b\r\ncontent-type: application/json\r\n\r\n${text}\r\n`;
  const upload = await all((i) => {
    const query = `uploadType=multipart&ifGenerationMatch=0&name=${nameOf(i)}`;
    return ask('POST', `/upload/storage/v1/b/lab/o?${query}`, `${part('{}')}${part(textOf(i))}--b--`);
  });
  const download = await all((i) => ask('GET', `/storage/v1/b/lab/o/${nameOf(i)}?alt=media`));
  agent.destroy();
  return { upload, download };
}
