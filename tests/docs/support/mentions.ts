import type { Block } from './documents.ts';

/** A command line of `gantry` that a document names. */
export interface Mention {
  /** From 1. */
  readonly line: number;
  /** It begins with `gantry`. */
  readonly text: string;
  /** Whether it comes from a block, where a command is complete; otherwise from code within a line. */
  readonly whole: boolean;
}

/** Every command of `gantry` in the `sh` and `console` blocks of a document, and in code within its lines. */
export function mentionsOf(
  markdown: string,
  blocksOf: (markdown: string) => readonly Block[],
): readonly Mention[] {
  const blocks = blocksOf(markdown);
  const inBlocks = blocks.flatMap(({ language, code, line }) =>
    code.split('\n').flatMap((text, index) => {
      if (language !== 'sh' && !(language === 'console' && text.startsWith('$ '))) return [];
      const commands = commandsIn(language === 'console' ? text.slice(2) : text);
      return commands.map((command) => ({ line: line + 1 + index, text: command, whole: true }));
    }),
  );
  const covered = new Set(
    blocks.flatMap(({ line, code }) => code.split('\n').map((_, index) => line + 1 + index)),
  );
  const inLines = markdown.split('\n').flatMap((text, index) => {
    if (covered.has(index + 1)) return [];
    return [...text.matchAll(/`(gantry [^`]+)`/g)].map(([, command]) => ({
      line: index + 1,
      // Words in capitals stand for something, and dots for more of it.
      text: (command as string).replace(/ …/g, ''),
      whole: false,
    }));
  });
  return [...inBlocks, ...inLines].sort((a, b) => a.line - b.line);
}

/** The commands of `gantry` in a line of a shell. */
function commandsIn(line: string): readonly string[] {
  return line
    .replace(/\s+#.*$/, '')
    .split(/\s+(?:\|\||&&|\||;)\s+/)
    .map((command) =>
      command
        .trim()
        .replace(/ [<>] \S+$/, '')
        .replace(/^([A-Z_]+=\S+ +)*(npx +)?/, ''),
    )
    .filter((command) => /^gantry( |$)/.test(command));
}

/** The words of a command as a shell would have them: quotes hold blanks together. */
export function wordsOf(command: string): readonly string[] {
  return [...command.matchAll(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g)].map(([word]) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, (_, double?: string, single?: string) => double ?? single ?? ''),
  );
}
