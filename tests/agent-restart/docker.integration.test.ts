import { describeWith } from '../support/services.ts';
import { agentRestart } from './support/agent-restart.ts';

const { GANTRY_AGENT_ROUNDS, GANTRY_AGENT_TASKS } = process.env;

/** Fewer tasks than there are processes in the other file: a container takes most of a second to start. */
describeWith(['docker', 'nats'], 'agents that come and go (containers)', () => {
  agentRestart({
    runtime: 'docker',
    tasks: Number(GANTRY_AGENT_TASKS ?? 8),
    rounds: Number(GANTRY_AGENT_ROUNDS ?? 1),
    withinMs: 3000,
  });
});
