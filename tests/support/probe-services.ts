import type { TestProject } from 'vitest/node';
import { makeTestImages } from '../../scripts/test-images.mjs';
import { probeServices, type ServiceReport } from './service-probes.ts';

declare module 'vitest' {
  interface ProvidedContext {
    services: ServiceReport;
  }
}

/** Runs once before the tests of a project, so that every test file sees the same services. */
export default async function setup(project: TestProject): Promise<void> {
  const services = await probeServices();
  project.provide('services', {
    ...services,
    docker: services.docker ?? (project.name === 'integration' ? withoutImages() : null),
  });
}

/** Makes the images the Docker tests run; says why there are none. An engine without them is of no use. */
function withoutImages(): string | null {
  try {
    makeTestImages();
    return null;
  } catch (error) {
    return `no test images: ${error instanceof Error ? error.message : String(error)}`;
  }
}
