import type { TemplateInput } from '@gantry/core/model';
import type { Cursor } from '../model/cursor.ts';

type Logging = NonNullable<TemplateInput['logging']>;

/** The log driver and its options, unchanged; an option without a value is ignored. */
export function loggingOf(logging: Cursor | undefined): Logging | undefined {
  if (logging?.tree.kind !== 'dict') return undefined;
  const driver = logging.get('driver')?.text();
  const given = (logging.get('options')?.entries() ?? []).flatMap(([name, cursor]) => {
    if (cursor.tree.kind === 'scalar' && cursor.tree.value === null) return [];
    const value = cursor.text();
    return value === undefined ? [] : [[name, value] as const];
  });
  if (driver === undefined && given.length === 0) return undefined;
  return {
    ...(driver === undefined ? {} : { driver }),
    ...(given.length === 0 ? {} : { options: Object.fromEntries(given) }),
  };
}
