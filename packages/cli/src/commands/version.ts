import { VERSION } from '@gantry/core';
import { parseFormat, renderData } from '../output/format.ts';
import { problemOf } from '../output/problem.ts';
import type { Cx } from '../session.ts';
import type { Define } from './entry.ts';

interface Options {
  readonly client?: boolean;
  readonly output?: string;
}

interface Versions {
  readonly client: { readonly version: string; readonly node: string };
  readonly server?: { readonly version: string; readonly cluster: string; readonly url: string };
}

/** Defines `gantry version`, including the version of the server if one is configured. */
export const version: Define = (command, act) => {
  command
    .option('--client', 'of the client only')
    .option('-o, --output <format>', 'json, yaml, jsonpath=TEMPLATE')
    .action(
      act<[], Options>(async (cx, _, options) => {
        const format = parseFormat(options.output);
        const client = { version: VERSION, node: process.version };
        const versions: Versions = { client, ...(options.client === true ? {} : await serverOf(cx)) };
        if (format.type === 'table') show(cx, versions);
        else cx.io.stdout.write(await renderData(format, versions, () => [`gantry/${client.version}`]));
      }),
    );
};

function show(cx: Cx, { client, server }: Versions): void {
  cx.print(`Client: ${client.version} (node ${client.node})`);
  if (server !== undefined)
    cx.print(`Server: ${server.version} (cluster ${server.cluster} at ${server.url})`);
}

async function serverOf(cx: Cx): Promise<Pick<Versions, 'server'>> {
  const target = await cx.target().catch(() => undefined);
  if (target === undefined) return {};
  try {
    const { version, name } = await (await cx.api()).info({ signal: cx.signal });
    return { server: { version, cluster: name, url: target.server } };
  } catch (error) {
    cx.warn(`the server does not answer: ${problemOf(error).message}`);
    return {};
  }
}
