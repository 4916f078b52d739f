import { coreKind } from '../core-kinds.ts';
import { idBeside, idOf } from '../ids.ts';
import type { Claim, Declared, DriverReference, KindDefinition, Reference } from '../kind-definition.ts';
import { type Service, type ServiceStatus, serviceInputSchema } from '../service.ts';
import { hideTemplate, keepTemplateSecrets, redactTemplate, templateContents } from './template-secrets.ts';

const NEW_SERVICE: ServiceStatus = Object.freeze({
  observedGeneration: 0,
  template: '',
  desired: 0,
  running: 0,
  ready: 0,
  updated: 0,
  history: [],
  published: [],
  conditions: [],
});

/** Services: they refer to networks and to other services, and claim the ports that they publish. */
export const serviceKind: KindDefinition<'service'> = Object.freeze({
  ...coreKind('service'),
  description:
    'A workload to run: its template, the number of tasks, where they run, and how they are replaced.',
  input: serviceInputSchema,
  initialStatus: NEW_SERVICE,
  secrets: {
    redact: (spec) => {
      const template = redactTemplate(spec.template);
      return template === spec.template ? spec : { ...spec, template };
    },
    keep: (spec, stored) => {
      if (spec.template === undefined) return spec;
      const template = keepTemplateSecrets(spec.template, stored?.template);
      return template === spec.template ? spec : { ...spec, template };
    },
    hide: (spec) => ({ ...spec, template: hideTemplate(spec.template) }),
    contents: ({ template }) => templateContents(template),
  },
  deletion: { finalizer: 'controller-service' },
  indexes: { templates: templatesOf },
  references,
  claims,
  drivers,
} satisfies KindDefinition<'service'>);

/** The templates that the service uses or has used. */
function templatesOf({ status: { template, history } }: Service): readonly string[] {
  return [...new Set([template, ...history.map((past) => past.template)])].filter((id) => id !== '');
}

function references({ meta, spec }: Declared<'service'>): readonly Reference[] {
  const id = idOf(meta);
  const networks = spec.template.networks.map(
    ({ name }, index): Reference => ({
      kind: 'network',
      id: idBeside(id, name),
      path: `spec.template.networks[${index}]`,
      keeps: true,
    }),
  );
  const dependencies = spec.dependsOn.map(
    ({ service }, index): Reference => ({
      kind: 'service',
      id: idBeside(id, service),
      path: `spec.dependsOn[${index}].service`,
      acyclic: true,
    }),
  );
  return [...networks, ...dependencies];
}

function claims({ spec }: Declared<'service'>): readonly Claim[] {
  return spec.template.ports.flatMap(({ mode, published, protocol }, index): Claim[] => {
    if (mode !== 'ingress' || !published) return [];
    const path = `spec.template.ports[${index}].published`;
    return [{ name: `published port ${published}/${protocol}`, path }];
  });
}

function drivers({ spec }: Declared<'service'>): readonly DriverReference[] {
  if (spec.scheduler === undefined) return [];
  return [{ contract: 'scheduler', name: spec.scheduler, path: 'spec.scheduler' }];
}
