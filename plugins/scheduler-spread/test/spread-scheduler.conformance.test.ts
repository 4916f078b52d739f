import { spreadScheduler } from '@gantry/scheduler-spread';
import { schedulerConformance } from '@gantry/testing/vitest';

schedulerConformance(() => spreadScheduler());
