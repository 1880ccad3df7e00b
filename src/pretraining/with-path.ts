/** The work's result; a system error of it that does not say which file it is about, as those of writing do not, is given the path. */
export async function withPath<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error && 'code' in error) (error as NodeJS.ErrnoException).path ??= path;
    throw error;
  }
}
