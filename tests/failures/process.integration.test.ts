/** Every way to fail that processes have, in real time, in one cluster. */
import { processCluster } from '@gantry/presets/process';
import { failureTests } from './support/failure-tests.ts';
import { realBed } from './support/real-bed.ts';

const good = { command: ['sleep', '1000'] };

failureTests({
  runtime: 'process',
  title: 'Processes',
  open: (nodes) =>
    realBed({ runtime: 'process', good }, nodes, (dir) =>
      processCluster({ logLevel: 'silent', runtime: { dir } }),
    ),
  atOnce: 12,
  apart: false,
  timeoutMs: 240_000,
});
