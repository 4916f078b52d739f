import type { Bed } from './bed.ts';
import type { SpecPart, TemplatePart } from './row.ts';

/** Another service of the cluster, until the test is over. */
export async function beside(
  bed: Bed,
  name: string,
  template: TemplatePart,
  spec: SpecPart = {},
): Promise<AsyncDisposable> {
  const usual = { drainMs: 0, stopGraceMs: 500, ...bed.good };
  const input = { kind: 'service', meta: { name }, spec: { ...spec, template: { ...usual, ...template } } };
  const { code, err } = await bed.run(['apply', '-f', '-'], { stdin: JSON.stringify(input) });
  if (code !== 0) throw new Error(`${name}: ${err}`);
  return {
    [Symbol.asyncDispose]: async () => {
      await bed.api.delete('service', name);
    },
  };
}
