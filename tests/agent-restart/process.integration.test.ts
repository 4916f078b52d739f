import { describeWith } from '../support/services.ts';
import { agentRestart } from './support/agent-restart.ts';

const { GANTRY_AGENT_ROUNDS, GANTRY_AGENT_TASKS } = process.env;

describeWith('nats', 'agents that come and go (processes)', () => {
  agentRestart({
    runtime: 'process',
    tasks: Number(GANTRY_AGENT_TASKS ?? 50),
    rounds: Number(GANTRY_AGENT_ROUNDS ?? 2),
    withinMs: 1000,
  });
});
