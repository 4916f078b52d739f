import { usage } from '../output/problem.ts';

/** Field names of kubectl and their counterparts in Gantry. */
const FIELDS: ReadonlyMap<string, string> = new Map([
  ['metadata.name', 'meta.name'],
  ['metadata.namespace', 'meta.namespace'],
  ['metadata.uid', 'meta.uid'],
  ['metadata.generation', 'meta.generation'],
  ['metadata.creationTimestamp', 'meta.createdAt'],
  ['spec.nodeName', 'spec.node'],
  ['involvedObject.kind', 'spec.regarding.kind'],
  ['involvedObject.name', 'spec.regarding.name'],
  ['reason', 'spec.reason'],
  ['type', 'spec.type'],
]);

/** Phases of a pod and the corresponding task states. */
const PHASES: ReadonlyMap<string, readonly string[]> = new Map([
  ['Pending', ['pending', 'assigned', 'preparing', 'starting']],
  ['Running', ['running', 'stopping']],
  ['Succeeded', ['complete']],
  ['Failed', ['failed', 'rejected', 'orphaned']],
]);

/** Fields of kubectl without a counterpart, with what to use instead. */
const HINTS: ReadonlyMap<string, string> = new Map([
  ['metadata.labels', 'select by labels with -l'],
  ['metadata.annotations', 'nothing selects by annotations: use labels and -l'],
  ['metadata.ownerReferences', 'select the tasks of a service with spec.service=NAME'],
  ['spec.serviceAccountName', 'tasks have no service accounts'],
  ['spec.restartPolicy', 'the restart policy belongs to the service: spec.restart.condition'],
  ['spec.schedulerName', 'the scheduler belongs to the service: spec.scheduler'],
  ['status.podIP', 'list addresses with `gantry get tasks -o wide`'],
  ['status.hostIP', 'select by node with spec.node=NAME'],
  ['status.nominatedNodeName', 'select by node with spec.node=NAME'],
]);

/** A comparison: a key, an operator and a value. */
const TERM = /^\s*([A-Za-z0-9_./-]+)(?:\s*(==|=|!=)\s*([^\s(),!=]*)|\s+(in|notin)\s*\(([^()]*)\))\s*$/;

/**
 * Translates kubectl's field names in a field selector to Gantry's: `metadata.name`, `status.phase`, `spec.nodeName`.
 * Everything else is left to the cluster.
 *
 * @throws a usage error for a field or a phase without a counterpart, with what to use instead
 */
export function translateFields(selector: string | undefined): string | undefined {
  if (selector === undefined) return undefined;
  return terms(selector).map(translateTerm).join(',');
}

/** The terms between commas; a comma inside parentheses separates values. */
function terms(selector: string): string[] {
  const found = [''];
  let inside = false;
  for (const char of selector) {
    if (char === '(') inside = true;
    else if (char === ')') inside = false;
    if (char === ',' && !inside) found.push('');
    else found[found.length - 1] += char;
  }
  return found;
}

function translateTerm(term: string): string {
  const [, key = '', operator, single, set, several] = TERM.exec(term) ?? [];
  const hint = [...HINTS].find(([field]) => key === field || key.startsWith(`${field}.`))?.[1];
  if (hint !== undefined) throw usage(`--field-selector: unknown field "${key}"`, hint);
  const wanted = operator === '!=' || set === 'notin' ? 'notin' : 'in';
  const values = (single === undefined ? (several ?? '').split(',') : [single]).map((value) => value.trim());
  if (key === 'status.phase') return `status.state ${wanted} (${values.flatMap(statesOf).join(',')})`;
  if (key === 'spec.unschedulable') {
    const cordoned = (values[0] === 'true') === (wanted === 'in');
    return `spec.availability${cordoned ? '!=' : '='}active`;
  }
  const field = FIELDS.get(key);
  if (field === undefined) return term;
  const lower = key === 'type' || key === 'involvedObject.kind';
  return `${field} ${wanted} (${values.map((value) => (lower ? value.toLowerCase() : value)).join(',')})`;
}

function statesOf(phase: string): readonly string[] {
  const states = PHASES.get(phase);
  if (states !== undefined) return states;
  const known = [...PHASES.keys()].join(', ');
  throw usage(
    `--field-selector: expected one of the phases ${known}, got "${phase}"`,
    'states of tasks: status.state=running',
  );
}
