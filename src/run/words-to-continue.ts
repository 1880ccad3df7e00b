/** Options that are meant for one time: results that are there stay, and who goes on says anew how to be told. */
const once = ['--force', '-f', '--json', '--watch'];

/** The words after `kumiki` that go on with a run, of those that asked for it. */
export function wordsToContinue(asked: readonly string[]): readonly string[] {
  return asked.filter((word) => !once.includes(word));
}
