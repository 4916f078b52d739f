import type { Entry } from './entry.ts';

const LOOK = 'Look:';
const CHANGE = 'Change:';
const WORK = 'Work with what runs:';
const NODES = 'Nodes:';
const DOCKER = "In Docker's words:";
const CLUSTER = 'Clusters:';
const OTHER = 'Other:';

/** Every command; only the module of the called command is loaded. */
export const COMMANDS: readonly Entry[] = Object.freeze([
  entry(LOOK, 'get', 'Show objects of a kind', async () => (await import('./get.ts')).get),
  entry(
    LOOK,
    'describe',
    'Show the details of an object and of its tasks and events',
    async () => (await import('./describe.ts')).describe,
  ),
  entry(
    LOOK,
    'explain',
    'Explain where a task or service is placed and why, or document a field',
    async () => (await import('./explain.ts')).explain,
  ),
  entry(LOOK, 'events', 'Show what happened', async () => (await import('./events.ts')).events),
  entry(
    LOOK,
    'top',
    'Show the whole cluster live, or print what nodes and tasks use',
    async () => (await import('./top.ts')).top,
  ),
  entry(
    CHANGE,
    'apply',
    'Create or change objects from files',
    async () => (await import('./apply.ts')).apply,
  ),
  entry(CHANGE, 'create', 'Create objects from files', async () => (await import('./create.ts')).create),
  entry(CHANGE, 'delete', 'Delete objects', async () => (await import('./delete.ts')).deleteCommand),
  entry(CHANGE, 'diff', 'Show what `apply` would change', async () => (await import('./diff.ts')).diff),
  entry(
    CHANGE,
    'plan',
    'Show which tasks `apply` would start, replace and stop, and where',
    async () => (await import('./plan.ts')).plan,
  ),
  entry(
    CHANGE,
    'scale',
    'Set how many replicas services have',
    async () => (await import('./scale.ts')).scale,
  ),
  entry(
    CHANGE,
    'set',
    'Change the image, environment or resources of a service',
    async () => (await import('./set.ts')).set,
  ),
  entry(
    CHANGE,
    'rollout',
    'Follow, undo, pause, resume or restart the update of a service',
    async () => (await import('./rollout.ts')).rollout,
  ),
  entry(CHANGE, 'label', 'Set or remove labels of objects', async () => (await import('./label.ts')).label),
  entry(
    CHANGE,
    'annotate',
    'Set or remove annotations of objects',
    async () => (await import('./label.ts')).annotate,
  ),
  entry(CHANGE, 'edit', 'Edit objects in your editor', async () => (await import('./edit.ts')).edit),
  entry(CHANGE, 'patch', 'Change single fields of objects', async () => (await import('./patch.ts')).patch),
  entry(CHANGE, 'wait', 'Wait for a condition of objects', async () => (await import('./wait.ts')).wait),
  entry(WORK, 'logs', 'Show the logs of tasks', async () => (await import('./logs.ts')).logs),
  entry(WORK, 'exec', 'Run a command inside a task', async () => (await import('./exec.ts')).exec),
  entry(WORK, 'cp', 'Copy files from and to a task', async () => (await import('./cp.ts')).cp),
  entry(
    WORK,
    'port-forward',
    'Forward a local port to a port of a task',
    async () => (await import('./port-forward.ts')).portForward,
  ),
  entry(NODES, 'cordon', 'Keep new tasks away from nodes', async () => (await import('./cordon.ts')).cordon),
  entry(
    NODES,
    'uncordon',
    'Allow new tasks on nodes again',
    async () => (await import('./cordon.ts')).uncordon,
  ),
  entry(NODES, 'drain', 'Move all tasks away from nodes', async () => (await import('./drain.ts')).drain),
  entry(NODES, 'taint', 'Set or remove taints of nodes', async () => (await import('./taint.ts')).taint),
  entry(
    DOCKER,
    'service',
    'Create, change and inspect services',
    async () => (await import('./docker/service.ts')).service,
  ),
  entry(DOCKER, 'node', 'Look at nodes and change them', async () => (await import('./docker/node.ts')).node),
  entry(
    DOCKER,
    'network',
    'Create, list and remove networks',
    async () => (await import('./docker/network.ts')).network,
  ),
  entry(
    DOCKER,
    'stack',
    'Deploy Compose files as stacks of services',
    async () => (await import('./docker/stack.ts')).stack,
  ),
  entry(
    DOCKER,
    'compose',
    'Run the Compose file of the current directory',
    async () => (await import('./docker/compose.ts')).compose,
  ),
  entry(CLUSTER, 'up', 'Run a cluster on this machine', async () => (await import('./up.ts')).up),
  entry(
    CLUSTER,
    'down',
    'Stop a cluster that `up` has started',
    async () => (await import('./down.ts')).down,
  ),
  entry(
    CLUSTER,
    'server',
    'Run a control plane of several hosts',
    async () => (await import('./server.ts')).server,
  ),
  entry(CLUSTER, 'agent', 'Run the agent of this host', async () => (await import('./agent.ts')).agent),
  entry(
    CLUSTER,
    'context',
    'Manage contexts: the clusters that the other commands use',
    async () => (await import('./context.ts')).context,
  ),
  entry(
    CLUSTER,
    'token',
    'Create, list and remove access tokens',
    async () => (await import('./token.ts')).token,
  ),
  entry(
    CLUSTER,
    'auth',
    'Show the permissions of your access token',
    async () => (await import('./auth.ts')).auth,
  ),
  entry(
    CLUSTER,
    'snapshot',
    'Save or restore the state of a cluster',
    async () => (await import('./snapshot.ts')).snapshot,
  ),
  entry(CLUSTER, 'info', 'Show what the cluster is', async () => (await import('./info.ts')).info),
  entry(
    CLUSTER,
    'api-resources',
    'List the kinds of objects',
    async () => (await import('./api-resources.ts')).apiResources,
  ),
  entry(
    OTHER,
    'version',
    'Show the versions of client and server',
    async () => (await import('./version.ts')).version,
  ),
  entry(
    OTHER,
    'doctor',
    'Check that this machine has what Gantry needs',
    async () => (await import('./doctor.ts')).doctor,
  ),
  entry(
    OTHER,
    'completion',
    'Print the completion script of a shell',
    async () => (await import('./completion.ts')).completion,
  ),
]);

function entry(section: string, name: string, summary: string, load: Entry['load']): Entry {
  return Object.freeze({ section, name, summary, load });
}
