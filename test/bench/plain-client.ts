/** `plain-client.js upload|download PREFIX PATH…`: files through @google-cloud/storage as its documentation shows, one after the other. */
import { basename, join } from 'node:path';
import { Storage } from '@google-cloud/storage';

const [verb, prefix = '', ...paths] = process.argv.slice(2);
const storage = new Storage({ apiEndpoint: process.env.GCS_API_ENDPOINT ?? '', projectId: 'bench' });
const bucket = storage.bucket('lab');
if (verb === 'upload') {
  for (const path of paths) await bucket.upload(path, { destination: `${prefix}/${basename(path)}` });
} else {
  const [folder = '', ...names] = paths;
  for (const name of names) await bucket.file(`${prefix}/${name}`).download({ destination: join(folder, name) });
}
