/** A command of a document, and what the document says that it writes. */
export interface Step {
  /** Line of the command, from 1. */
  readonly line: number;
  readonly command: string;
  readonly output: readonly string[];
  /** It ends with Ctrl-C: its output is followed by `^C`. */
  readonly interrupted: boolean;
}

const INTERRUPT = '^C';

/** The steps of all `console` blocks of a document, in order. */
export function stepsOf(markdown: string): readonly Step[] {
  const steps: { line: number; command: string; output: string[]; interrupted: boolean }[] = [];
  let inside = false;
  markdown.split('\n').forEach((text, index) => {
    if (text.startsWith('```')) {
      inside = !inside && text === '```console';
      return;
    }
    if (!inside) return;
    const step = steps.at(-1);
    if (text.startsWith('$ ')) {
      steps.push({ line: index + 1, command: text.slice(2), output: [], interrupted: false });
    } else if (step === undefined) throw new Error(`line ${index + 1}: output without a command`);
    else if (text === INTERRUPT) step.interrupted = true;
    else step.output.push(text);
  });
  // A blank line before the end of a block or the next command is none of the output.
  for (const { output } of steps) while (output.at(-1) === '') output.pop();
  return steps;
}

/** The document with its steps replaced by other commands and outputs. */
export function withSteps(
  markdown: string,
  steps: readonly Step[],
  ran: readonly Omit<Step, 'line'>[],
): string {
  const lines = markdown.split('\n');
  // From the end, for the lines before it stay where they are.
  for (let index = steps.length - 1; index >= 0; index--) {
    const { line, output } = steps[index] as Step;
    const now = ran[index];
    if (now === undefined) continue;
    const text = [`$ ${now.command}`, ...now.output];
    lines.splice(line - 1, output.length + 1, ...text);
  }
  return lines.join('\n');
}
