import type { Network, Runtime } from '@gantry/core';
import { featuresOfTemplate, featureText, type TemplateSpec } from '@gantry/core/model';
import { featuresOfNode } from '@gantry/core/protocol';

/**
 * Says what of a template this node cannot honour, as text; undefined if it can honour all of it. The scheduler knows the
 * same features; this is the last check, for a node that has changed in the meantime. Each template is examined once.
 */
export function refusals(runtime: Runtime, network: Network): (template: TemplateSpec) => string | undefined {
  const has = new Set(featuresOfNode(runtime, network));
  const known = new WeakMap<TemplateSpec, string>();
  return (template) => {
    let text = known.get(template);
    if (text === undefined) {
      const missing = featuresOfTemplate(template).filter((feature) => !has.has(feature));
      text = missing.map(featureText).join('; ');
      known.set(template, text);
    }
    return text === '' ? undefined : text;
  };
}
