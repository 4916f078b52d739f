import { renderFields } from '../output/fields.ts';
import { parseFormat, renderData } from '../output/format.ts';
import { showAmount } from '../output/quantity.ts';
import type { Define } from './entry.ts';

/** `gantry info`. */
export const info: Define = (command, act) => {
  command.option('-o, --output <format>', 'json, yaml, name, jsonpath=TEMPLATE').action(
    act<[], { output?: string }>(async (cx, _, options) => {
      const format = parseFormat(options.output);
      const summary = await (await cx.api()).info({ signal: cx.signal });
      if (format.type !== 'table') {
        cx.io.stdout.write(await renderData(format, summary, () => [`cluster/${summary.name}`]));
        return;
      }
      const { server, context } = await cx.target();
      const fields = renderFields(
        [
          ['Cluster', summary.name],
          ['Uid', summary.uid],
          ['Version', summary.version],
          ['Server', server],
          ['Context', context],
          ['Durable', summary.durable ? 'yes' : 'no: its state ends with its process'],
          ['Revision', summary.revision],
          [
            'Capacity',
            Object.entries(summary.capacity).map(([name, amount]) => `${name} ${showAmount(name, amount)}`),
          ],
          ['Kinds', summary.kinds.map(({ kind }) => kind).join(', ')],
        ],
        cx.colors,
      );
      cx.io.stdout.write(fields);
    }),
  );
};
