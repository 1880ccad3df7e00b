/** Data, a model or results that JGLUE's stages cannot use: the message names the file, the line where there is one, and what to do. */
export class JglueError extends Error {
  override readonly name = 'JglueError';
}
