import { buildProgram } from './program.ts';
import { renderReference } from './reference.ts';

/** Returns the text of docs/cli.md, generated from all commands. */
export async function referenceText(): Promise<string> {
  return renderReference(await buildProgram('all', () => async () => undefined));
}
