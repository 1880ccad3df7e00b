#!/usr/bin/env node
/** `kumiki`: see program.ts for its commands. */
import module from 'node:module';

// From Node 22 on, compiled code is kept between processes; what follows is imported after that has been asked for.
const { enableCompileCache } = module as { enableCompileCache?: () => unknown };
enableCompileCache?.();
const { main } = await import('./program.ts');
await main(process.argv.slice(2));
