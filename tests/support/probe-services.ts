import type { TestProject } from 'vitest/node';
import { probeServices, type ServiceReport } from './service-probes.ts';

declare module 'vitest' {
  interface ProvidedContext {
    services: ServiceReport;
  }
}

/** Runs once before the tests of a project, so that every test file sees the same services. */
export default async function setup(project: TestProject): Promise<void> {
  project.provide('services', await probeServices());
}
