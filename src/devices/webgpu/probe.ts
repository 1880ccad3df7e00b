/** Run in a process of its own, as a driver may crash or write what it likes: computes a product on the GPU, prints what it is as JSON. */
import { openDawn } from './dawn.ts';
import { startBackend } from './open-webgpu.ts';

const adapter = await openDawn();
if (adapter !== undefined) {
  const { tf } = await startBackend(adapter);
  const product = await tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([5, 6, 7, 8], [2, 2])).data();
  if (product.join() !== '19,22,43,50') throw new Error(`a product of two matrices came out as ${product.join()}`);
}
process.stdout.write(JSON.stringify(adapter ?? null), () => process.exit());
