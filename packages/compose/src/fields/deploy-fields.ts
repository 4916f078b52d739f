import { below, type Fields, honoured, refused } from './field.ts';

const POLICY: Fields = Object.freeze({
  parallelism: honoured,
  delay: honoured,
  failure_action: honoured,
  monitor: honoured,
  max_failure_ratio: honoured,
  order: honoured,
});

/** Fields below `deploy` of a service. */
export const DEPLOY_FIELDS: Fields = Object.freeze({
  mode: honoured,
  replicas: honoured,
  labels: honoured,
  endpoint_mode: honoured,
  ...below('update_config', POLICY),
  ...below('rollback_config', POLICY),
  'restart_policy.condition': honoured,
  'restart_policy.delay': honoured,
  'restart_policy.max_attempts': honoured,
  'restart_policy.window': honoured,
  'placement.constraints': honoured,
  'placement.preferences[].spread': honoured,
  'placement.max_replicas_per_node': honoured,
  'resources.limits.cpus': honoured,
  'resources.limits.memory': honoured,
  'resources.limits.pids': honoured,
  'resources.reservations.cpus': honoured,
  'resources.reservations.memory': honoured,
  'resources.reservations.generic_resources[].discrete_resource_spec.kind': honoured,
  'resources.reservations.generic_resources[].discrete_resource_spec.value': honoured,
  'resources.reservations.devices': refused(
    'devices cannot be handed to a task; to place it where they are, use generic_resources or a constraint on a node label',
  ),
});
