import { type AnyObject, DEFAULT_NAMESPACE, REDACTED, type TemplateSpec } from '@gantry/core';
import { allows, type Grant } from './access.ts';

/** How objects are shown to the holder of some grants: the values of variables and log options are for operators. */
export interface EnvAccess {
  /** Equal for holders who are shown the same; empty for those who are shown everything. */
  readonly key: string;
  readonly show: <T extends AnyObject>(object: T) => T;
}

const WHOLE: EnvAccess = Object.freeze({ key: '', show: <T extends AnyObject>(object: T) => object });

/** `templates`: whether the templates that are looked at may be shown whole, whatever the grants. */
export function envAccess(kind: string, grants: readonly Grant[], templates = false): EnvAccess {
  if (kind !== 'service' && kind !== 'template') return WHOLE;
  if (allows(grants, { role: 'operator', namespace: '*' }) || (kind === 'template' && templates))
    return WHOLE;
  const own = grants.filter(({ role }) => role !== 'viewer').map(({ namespace }) => namespace);
  return { key: `env of ${[...new Set(own)].sort().join(' ')}`, show: (object) => shown(object, own) };
}

function shown<T extends AnyObject>(object: T, own: readonly string[]): T {
  if (object.kind === 'template') return { ...object, spec: withoutValues(object.spec) };
  if (object.kind !== 'service' || own.includes(object.meta.namespace ?? DEFAULT_NAMESPACE)) return object;
  return { ...object, spec: { ...object.spec, template: withoutValues(object.spec.template) } };
}

/** Names of variables and options of the log driver, without their values. */
function withoutValues(spec: TemplateSpec): TemplateSpec {
  const { env, logging } = spec;
  const hidden = { ...spec, env: redacted(env) };
  return logging === undefined
    ? hidden
    : { ...hidden, logging: { ...logging, options: redacted(logging.options) } };
}

function redacted(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.keys(values).map((name) => [name, REDACTED]));
}
