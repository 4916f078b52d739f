/** Module hook: what node does with `--conditions=@gantry/source`, for a process that is running already. */
export function resolve(specifier, context, nextResolve) {
  return nextResolve(specifier, { ...context, conditions: ['@gantry/source', ...context.conditions] });
}
