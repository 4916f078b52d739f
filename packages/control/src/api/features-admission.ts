import { type Admission, contracts, definePlugin, GantryError, type Views } from '@gantry/core';
import type { AdmissionRequest } from '@gantry/core/contracts';
import {
  type AnyObject,
  type Feature,
  featuresOfTemplate,
  featureText,
  idOf,
  type Service,
} from '@gantry/core/model';

/**
 * Rejects a service whose template needs something that no node of the cluster can honour, as far as nodes report it.
 */
class FeaturesAdmission implements Admission {
  readonly name = 'features';
  readonly kinds = ['service'] as const;
  readonly #views: Views;
  /** The features as of a revision of the nodes: applies are frequent, changes of nodes are rare. */
  #known: { readonly revision: number; readonly features: ReadonlySet<Feature> | undefined } | undefined;

  constructor(views: Views) {
    this.#views = views;
  }

  admit({ operation, object }: AdmissionRequest): AnyObject {
    const { meta, spec } = object as Service;
    if (operation === 'delete') return object;
    const has = this.#features();
    if (has === undefined) return object;
    const missing = featuresOfTemplate(spec.template).filter((feature) => !has.has(feature));
    if (missing.length === 0) return object;
    const issues = missing.map((feature) => ({
      path: `spec.template.${featureText(feature).split(':')[0]}`,
      message: `no node has the feature "${feature}"`,
    }));
    throw new GantryError(
      'UNSUPPORTED',
      `service ${idOf(meta)}: ${issues.map(({ path, message }) => `${path}: ${message}`).join('; ')}`,
      { issues },
    );
  }

  /** The features of all nodes together; undefined if one of them does not report them, or there is no node yet. */
  #features(): ReadonlySet<Feature> | undefined {
    const { revision } = this.#views.of('node');
    if (this.#known?.revision !== revision) this.#known = { revision, features: this.#collect() };
    return this.#known.features;
  }

  #collect(): ReadonlySet<Feature> | undefined {
    const all = new Set<Feature>();
    for (const { value } of this.#views.of('node').all()) {
      if (value.status.features === undefined) return undefined;
      for (const feature of value.status.features) all.add(feature);
    }
    return all.size === 0 ? undefined : all;
  }
}

/** Plugin: rejects services that no node can run. */
export const featuresAdmission = definePlugin({
  name: 'admission-features',
  provides: contracts.admission,
  needs: { views: contracts.views },
  create: (_options, { views }) => new FeaturesAdmission(views),
});
