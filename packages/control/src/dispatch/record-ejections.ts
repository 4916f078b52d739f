import type { EventRecorder } from '@gantry/core';
import type { EjectionReport } from '@gantry/core/protocol';

/** Records that load balancers have ejected tasks and use them again, counted as events of these tasks. */
export function recordEjections(events: EventRecorder, reports: readonly EjectionReport[]): void {
  for (const { frontend, backend, ejections, reason, restored } of reports) {
    const regarding = { kind: 'task', name: backend } as const;
    const port = frontend.split('/').slice(-2).join('/');
    if (ejections > 0) {
      const message = `ejected by a load balancer from port ${port}: ${reason}`;
      events.record(regarding, 'warning', 'BackendEjected', message, ejections);
    }
    if (restored) {
      const message = `used again by a load balancer for port ${port}`;
      events.record(regarding, 'normal', 'BackendRestored', message, Math.max(1, ejections));
    }
  }
}
