import { type AnyObject, DEFAULT_NAMESPACE, REDACTED, type TemplateSpec } from '@gantry/core/model';
import { allows, type Grant } from './access.ts';

/**
 * How objects are shown to the holder of a set of grants: the values of variables and log options are for operators.
 */
export interface EnvAccess {
  /** Equal for holders to whom the same is shown; empty for those to whom everything is shown. */
  readonly key: string;
  readonly show: <T extends AnyObject>(object: T) => T;
}

const WHOLE: EnvAccess = Object.freeze({ key: '', show: <T extends AnyObject>(object: T) => object });

/** `templates`: whether the requested templates may be shown in full, whatever the grants. */
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

/** Keeps the names of variables and log driver options, and redacts their values. */
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
