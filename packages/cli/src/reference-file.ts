import { buildProgram } from './program.ts';
import { renderReference } from './reference.ts';

/** The text of docs/cli.md, from all commands. */
export async function referenceText(): Promise<string> {
  return renderReference(await buildProgram('all', () => async () => undefined));
}
