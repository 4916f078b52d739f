import type { TemplateSpec } from '@gantry/core/model';
import type { TaskNeed } from '../needs/task-need.ts';
import type { LifecycleSetup } from './lifecycle-state.ts';

/** Returns what the lifecycle has to know of a template and of the needs of its tasks. Each template is examined once. */
export function setups(needs: readonly TaskNeed[]): (template: TemplateSpec) => LifecycleSetup {
  const known = new WeakMap<TemplateSpec, LifecycleSetup>();
  return (template) => {
    let setup = known.get(template);
    if (setup === undefined) {
      setup = setupOf(template, needs);
      known.set(template, setup);
    }
    return setup;
  };
}

function setupOf(template: TemplateSpec, needs: readonly TaskNeed[]): LifecycleSetup {
  const { ports, drainMs, stopGraceMs, stopSignal, healthChecks } = template;
  const serves = ports.some(({ mode, published }) => mode === 'ingress' && published !== undefined);
  return {
    needs: needs.map(({ name, retryReason, check, prepare }) => ({
      name,
      retryReason,
      checks: check !== undefined,
      prepares: prepare !== undefined,
    })),
    drainMs: serves ? drainMs : 0,
    stopGraceMs,
    stopSignal,
    startupCheck: healthChecks.startup !== undefined,
    readinessCheck: healthChecks.readiness !== undefined,
    livenessCheck: healthChecks.liveness !== undefined,
  };
}
