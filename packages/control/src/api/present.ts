import { type Entry, type Kind, type KindMap, REDACTED, type TemplateSpec } from '@gantry/core';

/** An object as the API hands it out: with its revision, without secrets and without who applied what. */
export function present<K extends Kind>({ value, revision }: Entry<KindMap[K]>): KindMap[K] {
  const { managers: _internal, ...shown } = value.meta;
  const meta = revision === 0 ? shown : { ...shown, revision };
  if (value.kind === 'service') {
    return { ...value, meta, spec: { ...value.spec, template: redact(value.spec.template) } } as KindMap[K];
  }
  if (value.kind === 'template') return { ...value, meta, spec: redact(value.spec) } as KindMap[K];
  return { ...value, meta } as KindMap[K];
}

function redact(spec: TemplateSpec): TemplateSpec {
  if (spec.registryAuth === undefined) return spec;
  return { ...spec, registryAuth: { ...spec.registryAuth, password: REDACTED } };
}
