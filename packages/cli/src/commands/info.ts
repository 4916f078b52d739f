import { type Election, readElection } from '../cluster/servers.ts';
import { showAge } from '../output/duration.ts';
import { renderFields } from '../output/fields.ts';
import { parseFormat, renderData } from '../output/format.ts';
import { showAmount } from '../output/quantity.ts';
import type { Define } from './entry.ts';

/** Defines `gantry info`. */
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
      const election = await readElection(cx);
      const now = (await cx.clock()).now();
      const fields = renderFields(
        [
          ['Cluster', summary.name],
          ['Uid', summary.uid],
          ['Version', summary.version],
          ['Server', server],
          ['Context', context],
          ...(election === undefined ? [] : electionFields(election, now)),
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

function electionFields({ leader, servers }: Election, now: number): [string, string][] {
  const since = leader?.status.leaderSince;
  const unreachable = servers.filter(({ status }) => status.state === 'unreachable');
  const lost = unreachable.length === 0 ? '' : `, ${unreachable.length} unreachable`;
  return [
    ['Servers', `${servers.length}${lost}`],
    ['Leader', `${leader?.meta.name ?? 'none'}${since === undefined ? '' : `, for ${showAge(now - since)}`}`],
  ];
}
