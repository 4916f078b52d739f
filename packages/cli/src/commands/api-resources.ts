import { parseFormat, renderData } from '../output/format.ts';
import { renderTable } from '../output/table.ts';
import type { Define } from './entry.ts';

interface Options {
  readonly output?: string;
  readonly headers: boolean;
}

/** Defines `gantry api-resources`. */
export const apiResources: Define = (command, act) => {
  command
    .option('-o, --output <format>', 'json, yaml, name, jsonpath=TEMPLATE')
    .option('--no-headers', 'omit the header row')
    .action(
      act<[], Options>(async (cx, _, options) => {
        const format = parseFormat(options.output);
        const { kinds } = await (await cx.api()).info({ signal: cx.signal });
        if (format.type !== 'table') {
          const names = (): string[] => kinds.map(({ plural }) => plural);
          cx.io.stdout.write(await renderData(format, { items: kinds }, names));
          return;
        }
        const rows = kinds.map(({ plural, shortNames, namespaced, kind, writable }) => [
          plural,
          shortNames.join(',') || '<none>',
          String(namespaced),
          kind,
          writable ? 'read, write' : 'read',
        ]);
        const titles = ['NAME', 'SHORT NAMES', 'NAMESPACED', 'KIND', 'MAY'];
        cx.io.stdout.write(renderTable(options.headers ? [titles, ...rows] : rows));
      }),
    );
};
