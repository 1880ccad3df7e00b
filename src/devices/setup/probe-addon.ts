/** Run in a process of its own with a folder of `kumiki setup tensorflow`: computes a product with its addon, prints what it is as JSON. */
import { openAddonAt } from '../open-addon.ts';

const device = openAddonAt(process.argv[2]!);
const { tf } = device;
const product = tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([5, 6, 7, 8], [2, 2])).dataSync();
if (product.join() !== '19,22,43,50') throw new Error(`a product of two matrices came out as ${product.join()}`);
process.stdout.write(JSON.stringify({ version: device.version, gpu: device.gpu }));
