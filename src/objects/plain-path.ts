/** Relative, and stays where it starts from: a name that somebody else gave, before it becomes a path here. */
export function isPlainPath(path: unknown): path is string {
  if (typeof path !== 'string' || path.includes('\0')) return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}
