import { randomUUID } from 'node:crypto';
import Docker from 'dockerode';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeTestImages } from '../../scripts/test-images.mjs';
import { describeWith, onPath } from '../support/services.ts';
import { type BuiltCli, buildCli } from './support/built-cli.ts';
import { Names } from './support/normalise.ts';
import { isAlive, pidsOf, type RunOptions, Terminal } from './support/terminal.ts';

const CLUSTER = `walkthrough-${randomUUID().slice(0, 8)}`;

/** A command, what has to be in its output, and how it is run and ends. */
type Step = readonly [command: string, output: readonly RegExp[], options?: RunOptions & { code?: number }];

/** The sequence of docs/guide/first-cluster.md, in containers. */
const STEPS: readonly Step[] = [
  [`gantry up -d --runtime docker --nodes 3 --name ${CLUSTER}`, [/^Nodes: +node-1, node-2, node-3$/m]],
  [
    'gantry apply -f examples/walkthrough/web-docker.yaml --wait',
    [/^service\/web created$/m, /^service\/web is up to date: 2 of 2 tasks are ready/m],
  ],
  ['gantry get services', [/^web +replicated +2\/2 +2 +ready +gantry-test\/busybox:1 +\d+→8080\/tcp /m]],
  [
    'gantry get tasks',
    [/^web\.1\.\w+ +1 +node-\d +running +yes /m, /^web\.2\.\w+ +2 +node-\d +running +yes /m],
  ],
  ['curl -s http://127.0.0.1:1/', [/^hello\n$/]],
  ['gantry describe service web', [/^Image: +gantry-test\/busybox:1$/m, /^ +Available +true /m]],
  ['gantry describe task web.1.aaaaaaaa', [/^Name: +web\.1\.\w{8}$/m, /running/]],
  ['gantry logs web', [/^(web\.\d\.\w+@node-\d listening\n){2}$/]],
  ['gantry logs -f web', [/^(web\.\d\.\w+@node-\d listening\n){2}$/], { interruptAfter: 2 }],
  ['gantry scale web=3 --wait', [/^service\/web is up to date: 3 of 3 tasks are ready/m]],
  ['gantry set image web gantry-test/node:1', [/^service\/web image updated$/m]],
  ['gantry rollout status web', [/^service\/web is up to date: 3 of 3 tasks are ready/m]],
  ['gantry get services', [/ gantry-test\/node:1 /]],
  ['gantry rollout undo web', [/^service\/web rolled back$/m]],
  ['gantry rollout status web', [/^service\/web is up to date: 3 of 3 tasks are ready/m]],
  ['gantry apply -f examples/walkthrough/big-docker.yaml', [/^service\/big created$/m]],
  ['gantry wait service/big --for condition=Scheduled=false', [/^service\/big condition met$/m]],
  [
    'gantry explain big',
    [/^service\/big: pending$/m, /InsufficientMemory \(resources\): 3 nodes/, /what would help: /],
  ],
  ['gantry delete service big', [/^service\/big deleted$/m]],
  ['gantry drain node-2', [/^node\/node-2 drained: /m]],
  ['gantry get tasks --field-selector status.state=running', [/^(?!.* node-2 )NAME(.*\n){4}$/]],
  ['gantry uncordon node-2', [/^node\/node-2 uncordoned$/m]],
  [
    `gantry exec web -- sh -c 'echo "$GREETING from $0"; exit 3' inside`,
    [/^hello from inside\n$/],
    { code: 3 },
  ],
  ['gantry exec -i web -- sh', [/^42\n$/], { input: 'echo $((40 + 2))\nexit 5\n', code: 5 }],
];

/** Runs with a terminal, like an interactive user. */
const AT_A_TERMINAL: Step = [
  `script -qec 'gantry exec -it web -- sh' /dev/null`,
  [/^terminal on \/dev\//m, /\b42\b/],
  { input: 'echo "terminal on $(tty)"\necho $((40 + 2))\nexit 5\n', code: 5 },
];

const LAST: readonly Step[] = [
  ['gantry delete -f examples/walkthrough/web-docker.yaml', [/^service\/web deleted$/m]],
  ['gantry get services,tasks', [/^No services or tasks /]],
  [`gantry down ${CLUSTER}`, [/ is down$/m]],
];

describeWith('docker', 'the walkthrough in containers', () => {
  let cli: BuiltCli;
  beforeAll(async () => {
    makeTestImages();
    cli = await buildCli();
  });
  afterAll(() => cli[Symbol.asyncDispose]());

  test('every command prints the expected output, and nothing is left behind', {
    timeout: 600_000,
  }, async () => {
    const names = new Names();
    const pids: number[] = [];
    await using terminal = await Terminal.open(cli.bin);
    try {
      for (const [command, patterns, { code = 0, ...options } = {}] of [
        ...STEPS,
        ...(onPath('script') === undefined ? [] : [AT_A_TERMINAL]),
        ...LAST,
      ]) {
        const line = names.apply(command);
        const ran = await terminal.run(line, options);
        names.learn(ran.output);
        const where = `$ ${line}\n${ran.output}`;
        for (const pattern of patterns) expect(ran.output, where).toMatch(pattern);
        if (options.interruptAfter === undefined) expect(ran.code, where).toBe(code);
        if (command.startsWith('gantry up ')) pids.push(...(await pidsOf(terminal, CLUSTER)));
      }
    } finally {
      await terminal.run(`gantry down ${CLUSTER} --kill`);
    }
    expect(await leftovers()).toEqual([]);
    expect(pids).not.toEqual([]);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(await terminal.traces(CLUSTER)).toEqual([]);
  });
});

/** Containers and networks of the cluster. */
async function leftovers(): Promise<readonly string[]> {
  const docker = new Docker();
  const filters = { label: [`gantry.cluster=${CLUSTER}`] };
  const [containers, networks] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
  ]);
  return [...containers.flatMap(({ Names: found }) => found), ...networks.map(({ Name }) => Name)];
}
