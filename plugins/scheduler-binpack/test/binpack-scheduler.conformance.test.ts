import { binpackScheduler } from '@gantry/scheduler-binpack';
import { schedulerConformance } from '@gantry/testing/vitest';

schedulerConformance(() => binpackScheduler());
