import type { FieldTable } from './field-table.ts';

/** Fields, with their types and comments. Generated from the interfaces of the model: see CONTRIBUTING.md. */
export const NODE_FIELDS: FieldTable = Object.freeze({
  kind: ["'node'", 'Always `node`.'],
  meta: ['object', 'Name and other data that every object has.'],
  spec: ['object', 'Desired state of the node.'],
  'spec.availability': [
    "'active' | 'drain' | 'pause'",
    'Whether the node accepts tasks. `pause`: no new ones; `drain`: existing ones are moved away (default: `active`).',
  ],
  'spec.taints': ['object[]', 'Keep tasks away that do not tolerate them; at most 64.'],
  'spec.taints[].key': ['string', 'Name of the taint: an optional DNS prefix and a name.'],
  'spec.taints[].value': ['string', 'Value of the taint, at most 63 characters (default: empty).'],
  'spec.taints[].effect': [
    "'NoExecute' | 'NoSchedule'",
    '`NoSchedule`: keeps new tasks away; `NoExecute`: also moves running ones.',
  ],
  status: ['object', 'The node as its agent reports it.'],
  'status.state': ["'down' | 'ready'", '`down`: its agent has sent no heartbeat for too long.'],
  'status.since': ['number', 'When it entered this state, ms since the epoch.'],
  'status.message': ['string', 'Why it is in this state, for people.'],
  'status.capacity': [
    'map',
    'Total amount that its tasks may use: `cpu` in millicores, `memory` in bytes, counts of further resources.',
  ],
  'status.attributes': ['map', 'Facts about the machine: `os`, `arch`, `hostname`, `runtime` …'],
  'status.features': [
    'string[]',
    'Features of its runtime and network, sorted: `images`, `limits.cpu`, `mounts.bind` …',
  ],
  'status.session': ['string', 'Each run of an agent has one; reports of an earlier session are rejected.'],
  'status.agent': ['object', 'Process that runs the agent.'],
  'status.agent.host': ['string', 'Host name of the machine.'],
  'status.agent.pid': ['number', 'Process id of the agent.'],
  'status.agent.place': [
    'string',
    'Equal for processes that can check whether the other one is running: kernel boot and pid namespace.',
  ],
  'status.agent.runtime': [
    'string',
    'Equal for agents that see the same tasks: the id of their runtime, if it has one.',
  ],
  'status.conditions': ['object[]', 'Statements about the node.'],
  'status.conditions[].type': ['string', "The condition's type, in CamelCase, such as `Available`."],
  'status.conditions[].status': ["'false' | 'true' | 'unknown'", 'Whether the statement holds.'],
  'status.conditions[].reason': ['string', 'CamelCase, for programs.'],
  'status.conditions[].message': ['string', 'The reason as a sentence, for people.'],
  'status.conditions[].since': ['number', 'When the status was last changed, ms since the epoch.'],
});
