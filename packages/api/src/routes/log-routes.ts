import { GantryError } from '@gantry/core';
import type { ClusterApi } from '@gantry/core/api';
import type { Kind, KindDefinition } from '@gantry/core/model';
import { z } from 'zod';
import { LineStream, NDJSON_TYPE } from '../http/line-stream.ts';
import { problemOf } from '../http/problem.ts';
import { queryFlag, queryInt } from '../http/query.ts';
import { type Call, type Route, route } from '../http/route.ts';
import type { RouteParts } from './parts.ts';
import { objectPath } from './paths.ts';

const query = z
  .strictObject({ follow: queryFlag, tail: queryInt, since: queryInt, previous: queryFlag })
  .partial();

type LogSource = Parameters<ClusterApi['logs']>[0];

/** Output of tasks, as lines of JSON. */
export function logRoutes<K extends 'service' | 'task'>(
  kind: KindDefinition<K>,
  sourceOf: (id: string) => LogSource,
  parts: RouteParts,
): readonly Route[] {
  return [
    route({
      method: 'GET',
      action: 'logs',
      access: 'operator',
      verbs: ['logs'],
      kind,
      path: `${objectPath(kind)}/logs`,
      summary: `Show the logs of the ${kind.kind}`,
      query,
      answers: { 200: { type: NDJSON_TYPE, shape: { component: 'log-line' } } },
      handle: async (call) => {
        await parts.api.get<Kind>(kind.kind, call.id); // NOT_FOUND while it can still be the status of the response
        await serveLogs(sourceOf(call.id), call, parts);
        return undefined;
      },
    }),
  ];
}

async function serveLogs(
  of: LogSource,
  call: Call<z.output<typeof query>>,
  { api, clock, streams, settings }: RouteParts,
): Promise<void> {
  const stop = new AbortController();
  const release = streams.add('logs', call.who, (why) => {
    stop.abort(why ?? new GantryError('UNAVAILABLE', 'the server shuts down'));
  });
  const stream = new LineStream(call.reply);
  stream.onClose(() => stop.abort(new GantryError('ABORTED', 'the client has disconnected')));
  // A periodic empty line shows both sides that the other is still connected.
  let cancelTick = (): void => {};
  const tick = (): void => {
    cancelTick = clock.after(settings.bookmarkMs, () => {
      if (!stream.blocked) stream.write('\n');
      tick();
    });
  };
  tick();
  try {
    for await (const lines of api.logs(of, { ...call.query, signal: stop.signal })) {
      await stream.send(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      if (stop.signal.aborted) break;
    }
    if (stop.signal.aborted) throw stop.signal.reason;
    stream.end({ type: 'end' });
  } catch (error) {
    const why = stop.signal.aborted ? stop.signal.reason : error;
    stream.end({ type: 'error', problem: problemOf(why, call.request) });
    clock.after(1000, () => stream.destroy());
  } finally {
    cancelTick();
    release();
  }
}
