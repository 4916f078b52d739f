import type { LogLine } from '@gantry/core/api';
import { counted } from '@gantry/core/primitives';
import type { Cx } from '../session.ts';
import { unlessLate } from './unless-late.ts';

const LINES = 10;
const MAX_MS = 2000;

/** Prints the last lines of a task of a service on standard error, if they can be read within two seconds. */
export async function showLastLines(cx: Cx, service: string, task: string): Promise<void> {
  const namespace = service.includes('/') ? `${service.slice(0, service.indexOf('/'))}/` : '';
  const lines = await unlessLate(await cx.clock(), MAX_MS, (signal) =>
    read(cx, `${namespace}${task}`, signal),
  );
  if (lines === undefined || lines.length === 0) return;
  cx.note(`last ${lines.length === 1 ? 'line' : counted(lines.length, 'line')} of the log of task ${task}:`);
  for (const { text } of lines) cx.note(`  ${text}`);
}

async function read(cx: Cx, task: string, signal: AbortSignal): Promise<readonly LogLine[]> {
  const api = await cx.api();
  const lines: LogLine[] = [];
  for await (const batch of api.logs({ task }, { tail: LINES, signal })) lines.push(...batch);
  return lines.slice(-LINES);
}
