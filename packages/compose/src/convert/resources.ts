import type { TemplateInput } from '@gantry/core/model';
import type { Cursor } from '../model/cursor.ts';

type ResourcesInput = NonNullable<TemplateInput['resources']>;
type Amounts = Record<string, number>;

/** `deploy.resources`, or the older fields `cpus`, `mem_limit` and `mem_reservation`. */
export function resourcesOf(service: Cursor): ResourcesInput | undefined {
  const resources = service.at('deploy', 'resources');
  const limits = amountsOf(resources?.get('limits'));
  const requests = amountsOf(resources?.get('reservations'));
  take(limits, 'cpu', service.get('cpus'), millicores);
  take(limits, 'memory', service.get('mem_limit'), (cursor) => cursor.bytes());
  take(requests, 'memory', service.get('mem_reservation'), (cursor) => cursor.bytes());
  take(limits, 'pids', resources?.at('limits', 'pids'), pids);
  take(limits, 'pids', service.get('pids_limit'), pids);
  for (const item of resources?.at('reservations', 'generic_resources')?.items() ?? []) {
    const spec = item.get('discrete_resource_spec');
    const [kind, value] = [spec?.get('kind')?.text(), spec?.get('value')?.integer()];
    if (kind === undefined || value === undefined) item.invalid('expected a kind and a value');
    else requests[kind] = (requests[kind] ?? 0) + value;
  }
  if (Object.keys(limits).length + Object.keys(requests).length === 0) return undefined;
  return { limits, requests };
}

function amountsOf(cursor: Cursor | undefined): Amounts {
  const amounts: Amounts = {};
  take(amounts, 'cpu', cursor?.get('cpus'), millicores);
  take(amounts, 'memory', cursor?.get('memory'), (memory) => memory.bytes());
  return amounts;
}

/** Adds an amount. Zero means no request; values that are given twice must be equal. */
function take(
  amounts: Amounts,
  name: string,
  cursor: Cursor | undefined,
  read: (cursor: Cursor) => number | undefined,
): void {
  const amount = cursor === undefined ? undefined : read(cursor);
  if (amount === undefined || amount === 0) return;
  const before = amounts[name];
  if (before !== undefined && before !== amount) {
    cursor?.invalid(`contradicts deploy.resources: ${amount} and ${before}`);
  }
  amounts[name] = amount;
}

/** -1 means no limit, as 0 does. */
function pids(cursor: Cursor): number | undefined {
  return cursor.text()?.trim() === '-1' ? undefined : cursor.integer();
}

function millicores(cursor: Cursor): number | undefined {
  const cpus = cursor.number();
  return cpus === undefined ? undefined : Math.round(cpus * 1000);
}
