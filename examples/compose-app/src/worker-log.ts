import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { SystemClock } from '@gantry/system';
import type { Gantry } from './gantry.ts';

const PATIENCE_MS = 20_000;

/** Follows the worker's log, as `gantry compose logs -f` does, until it has reported `visits` visits. */
export async function untilWorkerDid(
  gantry: Gantry,
  visits: number,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const line = 'compose logs -f worker';
  console.log(`\n$ gantry ${line}`);
  const child = gantry.start(line, env);
  const closed = once(child, 'close');
  const cancel = new SystemClock().after(PATIENCE_MS, () => void child.kill('SIGINT'));
  let did = 0;
  let said = '';
  child.stderr?.on('data', (text: string) => {
    said += text;
  });
  for await (const text of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    console.log(text);
    if (text.endsWith('worker: did visits')) did += 1;
    if (did === visits) child.kill('SIGINT');
  }
  cancel();
  await closed;
  if (did < visits) throw new Error(`the worker's log reports ${did} visits, not ${visits} ${said}`);
}
