/**
 * An emulator of Google Cloud Storage under Google's own names, for programs that know no other, as TensorFlow: a proxy for them, by
 * `https_proxy`, whose certificate they trust by `CURL_CA_BUNDLE`.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface GoogleNames {
  /** Variables for those who are to find the emulator. */
  readonly env: Readonly<Record<string, string>>;
  stop(): void;
}

/** `folder` takes key and certificate, which `openssl` makes. */
export async function serveAsGoogle(endpoint: string, folder: string): Promise<GoogleNames> {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const names = 'subjectAltName=DNS:www.googleapis.com,DNS:storage.googleapis.com';
  const made = ['-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=www.googleapis.com', '-addext', names];
  execFileSync('openssl', ['req', '-x509', ...made, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  // TensorFlow says `Transfer-Encoding: identity` where it sends nothing, which neither Node nor the emulator takes.
  const options = { key: readFileSync(key), cert: readFileSync(cert), insecureHTTPParser: true };
  const google = createTlsServer(options, (incoming, response) => forward(endpoint, incoming, response));
  const proxy = createServer();
  proxy.on('connect', (_request, socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    google.emit('connection', socket);
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  const { port } = proxy.address() as AddressInfo;
  return {
    env: { https_proxy: `http://127.0.0.1:${port}`, CURL_CA_BUNDLE: cert, NO_GCE_CHECK: 'true' },
    stop: () => void proxy.close(),
  };
}

function forward(endpoint: string, incoming: IncomingMessage, response: ServerResponse): void {
  const { host: _host, 'transfer-encoding': _encoding, ...headers } = incoming.headers;
  const outgoing = request(`${endpoint}${incoming.url}`, { method: incoming.method ?? 'GET', headers }, (answer) => {
    // As they were written: TensorFlow looks for `Location`, and for no `location`.
    response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.pipe(response);
  });
  outgoing.on('error', () => response.destroy());
  incoming.pipe(outgoing);
}
