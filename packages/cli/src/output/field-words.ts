/** Names in other orchestrators: the corresponding kind, or advice. */
type FieldWord = { readonly kind: string } | { readonly advice: string };

const kind = (name: string, ...words: string[]): [string, FieldWord][] =>
  words.map((word) => [word, { kind: name }]);
const advice = (text: string, ...words: string[]): [string, FieldWord][] =>
  words.map((word) => [word, { advice: text }]);

const KINDS: ReadonlyMap<string, FieldWord> = new Map<string, FieldWord>([
  ...kind(
    'task',
    'pod',
    'pods',
    'po',
    'container',
    'containers',
    'alloc',
    'allocs',
    'allocation',
    'allocations',
  ),
  ...kind('service', 'deployment', 'deployments', 'deploy', 'statefulset', 'statefulsets', 'sts'),
  ...kind('service', 'daemonset', 'daemonsets', 'ds', 'job', 'jobs', 'app', 'apps'),
  ...kind('node', 'client', 'clients', 'host', 'hosts', 'machine', 'machines'),
  ...advice(
    'each change of a template gets a new one: see `gantry rollout history SERVICE` and `gantry get templates`',
    'replicaset',
    'replicasets',
    'rs',
    'controllerrevision',
    'controllerrevisions',
  ),
  ...advice(
    'a namespace exists as soon as an object is in it: see `gantry get services -A`, choose one with -n',
    'namespace',
    'namespaces',
    'ns',
  ),
  ...advice(
    'ports are published by the services themselves: `spec.template.ports`, see `gantry get services -o wide`',
    'ingress',
    'ingresses',
    'ing',
    'endpoint',
    'endpoints',
    'ep',
    'endpointslice',
    'endpointslices',
  ),
  ...advice(
    'Gantry has no objects for configuration: use `spec.template.env` or a bind mount in `spec.template.mounts`',
    'configmap',
    'configmaps',
    'cm',
    'config',
    'configs',
    'secret',
    'secrets',
  ),
  ...advice(
    'Gantry has no objects for storage: use a bind mount in `spec.template.mounts`',
    'volume',
    'volumes',
    'pv',
    'pvc',
    'persistentvolume',
    'persistentvolumes',
    'persistentvolumeclaim',
    'persistentvolumeclaims',
    'storageclass',
    'storageclasses',
    'sc',
  ),
  ...advice(
    'Gantry has no scheduled jobs: run one from outside with `gantry apply`',
    'cronjob',
    'cronjobs',
    'cj',
  ),
  ...advice(
    'Gantry does not scale automatically: set the number of replicas with `gantry scale`',
    'hpa',
    'horizontalpodautoscaler',
    'horizontalpodautoscalers',
  ),
  ...advice(
    'access is given by tokens with roles: see `gantry token --help`',
    'serviceaccount',
    'serviceaccounts',
    'sa',
    'role',
    'roles',
    'rolebinding',
    'rolebindings',
    'clusterrole',
    'clusterroles',
    'user',
    'users',
  ),
  ...advice('servers are not objects: list them with `gantry get servers`', 'server', 'servers'),
  ...advice('list stacks with `gantry stack ls`', 'stack', 'stacks', 'project', 'projects'),
]);

/** The meaning of another orchestrator's name for a kind of object. */
export function kindWord(word: string): FieldWord | undefined {
  return KINDS.get(word.toLowerCase());
}

const COMMANDS: ReadonlyMap<string, string> = new Map([
  ['ps', 'gantry get tasks'],
  ['ls', 'gantry get all'],
  ['list', 'gantry get all'],
  ['status', 'gantry get all'],
  ['show', 'gantry describe'],
  ['inspect', 'gantry get KIND NAME -o json'],
  ['run', 'gantry service create IMAGE'],
  ['deploy', 'gantry apply -f FILE'],
  ['update', 'gantry set image SERVICE IMAGE'],
  ['replace', 'gantry apply -f FILE'],
  ['start', 'gantry scale SERVICE=1'],
  ['stop', 'gantry scale SERVICE=0'],
  ['restart', 'gantry rollout restart SERVICE'],
  ['rollback', 'gantry rollout undo SERVICE'],
  ['undo', 'gantry rollout undo SERVICE'],
  ['revert', 'gantry rollout undo SERVICE'],
  ['kill', 'gantry delete task NAME'],
  ['rm', 'gantry delete KIND NAME'],
  ['remove', 'gantry delete KIND NAME'],
  ['log', 'gantry logs'],
  ['stats', 'gantry top tasks'],
  ['attach', 'gantry exec TASK COMMAND'],
  ['sh', 'gantry exec TASK sh'],
  ['ssh', 'gantry exec TASK sh'],
  ['shell', 'gantry exec TASK sh'],
  ['expose', 'spec.template.ports of the service, or `gantry service update --publish-add`'],
  ['autoscale', 'gantry scale SERVICE=COUNT'],
  ['config', 'gantry context'],
  ['login', 'gantry context add NAME --server URL --token -'],
  ['use', 'gantry context use NAME'],
  ['cluster-info', 'gantry info'],
  ['swarm', 'gantry up, or gantry server and gantry agent'],
  ['init', 'gantry up'],
  ['join', 'gantry agent'],
  ['operator', 'gantry snapshot'],
  ['system', 'gantry info'],
  ['monitor', 'gantry top nodes'],
  ['proxy', 'gantry port-forward'],
  ['job', 'gantry service'],
  ['alloc', 'gantry get tasks'],
  ['options', 'gantry --help'],
]);

/** Suggests an alternative to a command that Gantry does not have. `isKind`: whether a word names a kind. */
export function commandAdvice(word: string, isKind: (word: string) => boolean): string | undefined {
  const known = COMMANDS.get(word);
  if (known !== undefined)
    return known.includes(' of ') || known.includes(': ') ? `use ${known}` : `use \`${known}\``;
  if (isKind(word)) return `use \`gantry get ${word}\``;
  const named = kindWord(word);
  if (named === undefined) return undefined;
  return 'kind' in named ? `use \`gantry get ${named.kind}s\`` : named.advice;
}
