import { runChecks } from '../doctor/run-checks.ts';
import { EXIT } from '../output/exit-codes.ts';
import { parseFormat, renderData } from '../output/format.ts';
import type { Define } from './entry.ts';

/** Defines `gantry doctor`: exits with 1 if something is wrong; an absent component is not an error. */
export const doctor: Define = (command, act) => {
  command.option('-o, --output <format>', 'json, yaml, jsonpath=TEMPLATE').action(
    act<[], { output?: string }>(async (cx, _, options) => {
      const format = parseFormat(options.output);
      const checks = await runChecks(cx);
      const failed = checks.some(({ state }) => state === 'wrong');
      if (format.type !== 'table') {
        cx.io.stdout.write(await renderData(format, { items: checks }, () => checks.map(({ name }) => name)));
        return failed ? EXIT.failed : EXIT.ok;
      }
      const { green, yellow, red, dim } = cx.colors;
      const marks = { ok: green('✓'), absent: yellow('-'), wrong: red('✗') };
      for (const { name, state, found, means } of checks) {
        cx.print(`${marks[state]} ${name}: ${found}`);
        cx.print(`    ${dim(means)}`);
      }
      return failed ? EXIT.failed : EXIT.ok;
    }),
  );
};
