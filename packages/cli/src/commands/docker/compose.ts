import type { Define } from '../entry.ts';
import { defineConfig } from './compose/config.ts';
import { defineDown } from './compose/down.ts';
import { defineExec } from './compose/exec.ts';
import { groupOf } from './compose/group.ts';
import { defineLifecycle } from './compose/lifecycle.ts';
import { defineLogs } from './compose/logs.ts';
import { defineRun } from './compose/run.ts';
import { defineShow } from './compose/show.ts';
import { defineUp } from './compose/up.ts';

/** Defines `gantry compose`: Docker Compose's commands. */
export const compose: Define = (command, act) => {
  const group = groupOf(command, act);
  defineUp(group);
  defineDown(group);
  defineShow(group);
  defineLogs(group);
  defineLifecycle(group);
  defineExec(group);
  defineRun(group);
  defineConfig(group);
};
