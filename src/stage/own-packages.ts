import * as nodeModule from 'node:module';

/** What a user's stage module may import without having it installed: it gets that of the running program. */
const offered: readonly string[] = ['kumiki', 'zod'];

let isOffered = false;

/** Lets modules anywhere import `kumiki` and `zod`. Their own, where installed, go before. */
export function offerOwnPackages(): void {
  if (isOffered) return;
  isOffered = true;
  // Node 20 has only `register`, whose hooks run in a thread of their own; later versions warn of it.
  if (!('registerHooks' in nodeModule)) {
    nodeModule.register(import.meta.url);
    return;
  }
  const { registerHooks } = nodeModule as unknown as { registerHooks(hooks: { resolve: SyncResolve }): void };
  registerHooks({
    resolve(specifier, context, next) {
      try {
        return next(specifier, context);
      } catch (error) {
        if (!offered.includes(specifier)) throw error;
        return next(specifier, { ...context, parentURL: import.meta.url });
      }
    },
  });
}

type SyncResolve = (
  specifier: string,
  context: nodeModule.ResolveHookContext,
  next: (specifier: string, context: nodeModule.ResolveHookContext) => nodeModule.ResolveFnOutput,
) => nodeModule.ResolveFnOutput;

/** The hook that Node's `register` looks for by this name. */
export const resolve: nodeModule.ResolveHook = async (specifier, context, next) => {
  try {
    return await next(specifier, context);
  } catch (error) {
    if (!offered.includes(specifier)) throw error;
    return next(specifier, { ...context, parentURL: import.meta.url });
  }
};
