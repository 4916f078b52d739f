import {
  featuresOfNode,
  featuresOfTemplate,
  featureText,
  type Network,
  type Runtime,
  type TemplateSpec,
} from '@gantry/core';

/**
 * What of a template this node cannot honour, as text; undefined if it can honour all of it. The scheduler knows the same
 * features; this is the last check, for a node that has changed in the meantime.
 */
export function refusal(template: TemplateSpec, runtime: Runtime, network: Network): string | undefined {
  const has = new Set(featuresOfNode(runtime, network));
  const missing = featuresOfTemplate(template).filter((feature) => !has.has(feature));
  return missing.length === 0 ? undefined : missing.map(featureText).join('; ');
}
