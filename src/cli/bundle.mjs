/**
 * Bundles the command line: Node takes a third of a millisecond and more to find, read and link each module, and a run
 * that has nothing to do would load 120 of them. What every command needs becomes one chunk, what `kumiki run` needs
 * besides another, each other command a chunk of its own.
 *
 * Stages and the stage contract stay modules of their own, shared with users' stages; so do packages, save those that
 * every command needs. Two that come in some hundred modules are put into `dist/node_modules` in one each, where what is
 * compiled finds them first. (npm leaves that folder out of a packed program, which then has the packages as they come.)
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { build } from 'rolldown';

const compiled = join(import.meta.dirname, '../../dist');
const output = join(compiled, 'cli');
const chunks = [
  { name: 'kumiki', root: join(compiled, 'src/cli/program.js') },
  { name: 'engine', root: join(compiled, 'src/cli/running/run.js') },
];
const apart = [join(compiled, 'stages/'), join(compiled, 'src/stage/'), join(compiled, 'src/compiled-folder.js')];
const bundledPackages = ['commander', 'get-east-asian-width'];

/** Whether a module is loaded whenever another is. */
function isNeededBy(root, id, importersOf, seen = new Set()) {
  if (id === root) return true;
  if (seen.has(id)) return false;
  seen.add(id);
  return importersOf(id).some((importer) => isNeededBy(root, importer, importersOf, seen));
}

const leaveApart = {
  name: 'leave-apart',
  resolveId(id, importer) {
    if (importer === undefined) return undefined;
    if (id.startsWith('.')) {
      const file = resolve(dirname(importer), id);
      return apart.some((place) => file.startsWith(place)) ? { id: relative(output, file), external: true } : undefined;
    }
    const isOurs = importer.startsWith(compiled);
    return isOurs && !bundledPackages.includes(id) ? { id, external: true } : undefined;
  },
};

await build({
  input: join(compiled, 'src/cli/main.js'),
  platform: 'node',
  preserveEntrySignatures: false,
  plugins: [leaveApart],
  output: {
    dir: output,
    cleanDir: true,
    chunkFileNames: '[name].js',
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [
        {
          debugName: 'by command',
          name(id, context) {
            const importersOf = (module) => context.getModuleInfo(module)?.importers ?? [];
            return chunks.find(({ root }) => isNeededBy(root, id, importersOf))?.name ?? null;
          },
        },
      ],
    },
  },
});

for (const name of ['zod', 'yaml']) {
  // By their names, since of a CommonJS package a bundler sees none. Later versions of Node give it a name for itself, too.
  const names = Object.keys(await import(name)).filter((each) => each !== 'module.exports');
  const text = `export { ${names.join(', ')} } from ${JSON.stringify(fileURLToPath(import.meta.resolve(name)))};`;
  await build({
    input: name,
    platform: 'node',
    plugins: [
      {
        name: 'whole-package',
        resolveId: (id) => (id === name ? `\0${name}` : undefined),
        load(id) {
          if (id === `\0${name}`) return text;
          // Zod's messages in fifty languages, of which only English is used; the rest would be parsed in each process.
          return /\/zod\/v4\/locales\/index\.js$/.test(id) ? "export { default as en } from './en.js';" : undefined;
        },
      },
    ],
    output: { file: join(packageFolder(name, '.'), 'index.js') },
  });
}

const hdf5 = packageFolder('h5wasm', './node');
await build({
  input: fileURLToPath(import.meta.resolve('h5wasm/node')),
  platform: 'node',
  plugins: [{ name: 'program-apart', transform: programApart }],
  output: { file: join(hdf5, 'index.js') },
});

/** A folder for what is bundled of a package, which gives it under one name. */
function packageFolder(name, exported) {
  const directory = join(compiled, 'node_modules', name);
  mkdirSync(directory, { recursive: true });
  const exports = { [exported]: './index.js' };
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ name, type: 'module', exports }));
  return directory;
}

/**
 * HDF5's program is a literal of 4 MB in Emscripten's module, a character a byte, which takes longer to parse and decode than to
 * compile. It becomes a file, read as it is.
 */
function programApart(code) {
  const literal = /binaryDecode\(('(?:[^'\\]|\\.)*')\)/s.exec(code);
  if (!literal) return undefined;
  // As binaryDecode: a zero is written as U+0100, which a literal may hold anywhere.
  const program = Uint8Array.from(runInNewContext(literal[1]), (character) => character.charCodeAt(0));
  writeFileSync(join(hdf5, 'hdf5.wasm'), program);
  const reading = "readFileSync(new URL('./hdf5.wasm', import.meta.url))";
  return `import { readFileSync } from 'node:fs';\n${code.replace(literal[0], () => reading)}`;
}
