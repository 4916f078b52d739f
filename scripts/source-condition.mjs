/**
 * Module hook: what node does with `--conditions=@gantry/source`, for a process that is running already.
 *
 * @type {import('node:module').ResolveHook}
 */
export const resolve = (specifier, context, nextResolve) =>
  nextResolve(specifier, { ...context, conditions: ['@gantry/source', ...context.conditions] });
