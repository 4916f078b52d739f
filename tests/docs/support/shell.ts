import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Block, read, root } from './documents.ts';

/** What is wrong with the commands of a shell block: every script, benchmark, program and file must be there. */
export function shellProblems({ document, line, code }: Block): readonly string[] {
  return code.split('\n').flatMap((text, index) => {
    const words = text
      .replace(/(^|\s)#.*$/, '')
      .trim()
      .split(/\s+/)
      .filter((word) => word !== '');
    while (/^[A-Z_]+=/.test(words[0] ?? '')) words.shift();
    const problem = words.length === 0 ? undefined : problemOf(document, words);
    return problem === undefined ? [] : [`${document}:${line + 1 + index} ${problem}`];
  });
}

function problemOf(document: string, [program, ...args]: readonly string[]): string | undefined {
  const [first = '', second = ''] = args;
  if (program === 'cd' || (program === 'git' && first === 'clone')) return undefined;
  if (program === 'npm' && first === 'test') return missingScript(document, 'test');
  if (program === 'npm' && first === 'run') {
    const bench = second === 'bench' && args[2] === '--' ? args[3] : undefined;
    if (bench !== undefined && !existsSync(join(root, 'bench/src', `${bench}.ts`)))
      return `no benchmark ${bench}`;
    return missingScript(document, second);
  }
  if (program === 'npm' && (first === 'ci' || first === 'install')) return undefined;
  // Of gantry, commands and options are looked at by tests/docs/commands.test.ts.
  if (program === 'gantry' || (program === 'npx' && first === 'gantry')) return undefined;
  if (program === 'npx')
    return existsSync(join(root, 'node_modules/.bin', first)) ? undefined : `no program ${first}`;
  if (program === 'node') return existsSync(join(root, first)) ? undefined : `no file ${first}`;
  return `unknown command "${program}"`;
}

/** Scripts of a package's document are those of the package. */
function missingScript(document: string, script: string): string | undefined {
  const own = join(dirname(document), 'package.json');
  const file = existsSync(join(root, own)) ? own : 'package.json';
  const scripts: Record<string, string> = JSON.parse(read(file)).scripts ?? {};
  return script in scripts ? undefined : `${file} has no script ${script}`;
}
