import { schedulerConformance } from '@gantry/testing/vitest';
import { zoneSpreadScheduler } from '../src/zone-spread-scheduler.ts';

schedulerConformance(() => zoneSpreadScheduler({}));
