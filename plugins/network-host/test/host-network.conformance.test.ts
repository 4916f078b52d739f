import { networkKit } from '@gantry/testing';
import { conformance } from '@gantry/testing/vitest';
import { occupyPort } from '../../../tests/support/occupy-port.ts';
import { freePorts } from '../../../tests/support/ports.ts';
import { HostNetwork } from '../src/index.ts';

conformance(networkKit, 'network-host', () => ({
  subject: {
    network: new HostNetwork({
      address: '127.0.0.1',
      portRange: { from: 28_300, to: 28_399 },
      random: { next: () => 0 },
    }),
    freePorts,
    occupy: occupyPort,
  },
}));
