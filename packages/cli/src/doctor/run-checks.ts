import { access, constants, readFile, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { counted } from '@gantry/core/primitives';
import { type Election, readElection } from '../cluster/servers.ts';
import { readContexts } from '../context/contexts-file.ts';
import { contextsPath } from '../context/paths.ts';
import { problemOf } from '../output/problem.ts';
import { probeDocker } from '../parts/docker-probe.ts';
import type { Cx } from '../session.ts';
import type { Check } from './check.ts';

/** Runs all checks concurrently. */
export async function runChecks(cx: Cx): Promise<readonly Check[]> {
  const { env } = cx.io;
  return Promise.all([
    nodeCheck(process.versions.node),
    contextsCheck(env),
    serverCheck(cx),
    dockerCheck(env),
    cgroupCheck(),
    binaryCheck(
      env,
      'nft',
      'nftables can be programmed',
      'load balancing by the kernel is not possible; the built-in proxy needs nothing',
    ),
    binaryCheck(
      env,
      'nats-server',
      'can carry a cluster of several hosts: `gantry server --nats URL`',
      'a cluster of several hosts needs one on any host; `gantry up` needs none',
    ),
    binaryCheck(
      env,
      'etcd',
      'can keep the state of several servers: `gantry server --store etcd:URL`',
      'several servers can keep their state in etcd or NATS on any host; `gantry up` needs neither',
    ),
  ]);
}

/** Node 20.19 is the oldest version with which Gantry is tested. */
export async function nodeCheck(version: string): Promise<Check> {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const enough = major > 20 || (major === 20 && minor >= 19);
  return {
    name: 'Node.js',
    state: enough ? 'ok' : 'wrong',
    found: version,
    means: enough ? 'new enough' : 'Gantry needs 20.19 or later',
  };
}

type Env = Readonly<Record<string, string | undefined>>;

/** The file contains tokens, so no other user may read it. */
export async function contextsCheck(env: Env): Promise<Check> {
  const path = contextsPath(env);
  const name = 'Contexts';
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) {
    return {
      name,
      state: 'absent',
      found: `${path} does not exist`,
      means: 'no cluster is known yet: `gantry up`, or `gantry context add`',
    };
  }
  const mode = (found.mode & 0o777).toString(8).padStart(4, '0');
  if ((found.mode & 0o077) !== 0) {
    return {
      name,
      state: 'wrong',
      found: `${path} has mode ${mode}`,
      means: `others can read the tokens in it: chmod 600 ${path}`,
    };
  }
  try {
    const { contexts, current } = await readContexts(env);
    const count = Object.keys(contexts).length;
    return {
      name,
      state: 'ok',
      found: `${path}, mode ${mode}, ${counted(count, 'context')}`,
      means: `the current one is ${current ?? 'none'}`,
    };
  } catch (error) {
    return {
      name,
      state: 'wrong',
      found: problemOf(error).message,
      means: 'fix the file, or delete it to start over',
    };
  }
}

async function serverCheck(cx: Cx): Promise<Check> {
  const name = 'Server';
  const target = await cx.target().catch(() => undefined);
  if (target === undefined) {
    return {
      name,
      state: 'absent',
      found: 'no cluster is chosen',
      means: 'start one with `gantry up -d`, or name one with `gantry context add`',
    };
  }
  try {
    const { name: cluster, version } = await (await cx.api()).info({ signal: cx.signal });
    const found = `cluster ${cluster} at ${target.server}, version ${version}`;
    return { name, found, ...electionCheck(await readElection(cx)) };
  } catch (error) {
    const { code, message } = problemOf(error);
    const means =
      code === 'UNAUTHENTICATED' || code === 'FORBIDDEN'
        ? 'it answers, but the token is not accepted: give the context another one'
        : 'its process may have ended, or the network is in the way';
    return { name, state: 'wrong', found: `${target.server}: ${message}`, means };
  }
}

/** Derives the result for a server that answers from the leader election. */
export function electionCheck(election: Election | undefined): Pick<Check, 'state' | 'means'> {
  if (election === undefined) return { state: 'ok', means: 'it answers' };
  const { leader, servers } = election;
  if (leader === undefined) {
    const means = 'it answers, but no server leads: nothing is scheduled; see `gantry get servers`';
    return { state: 'wrong', means };
  }
  const { name } = leader.meta;
  if (leader.status.state === 'unreachable') {
    return { state: 'wrong', means: `it answers, but the leader ${name} cannot be reached from it` };
  }
  const lost = servers.filter(({ status }) => status.state === 'unreachable').map(({ meta }) => meta.name);
  const others = lost.length === 0 ? '' : `; unreachable: ${lost.join(', ')}`;
  return { state: 'ok', means: `it answers; ${name} leads ${counted(servers.length, 'server')}${others}` };
}

async function dockerCheck(env: Env): Promise<Check> {
  const docker = await probeDocker(env);
  if (docker.found) {
    const found = `${docker.version} (API ${docker.apiVersion}) at ${docker.host}`;
    return {
      name: 'Docker',
      state: 'ok',
      found,
      means: 'containers can be run: `gantry up --runtime docker`',
    };
  }
  const found = `no engine at ${docker.host}: ${docker.reason}`;
  return {
    name: 'Docker',
    state: 'absent',
    found,
    means: 'no containers; `gantry up --runtime process` runs commands',
  };
}

/** Resource limits of processes require a control group that this process may write. */
async function cgroupCheck(): Promise<Check> {
  const name = 'Control groups';
  const own = await readFile('/proc/self/cgroup', 'utf8').catch(() => undefined);
  if (own === undefined) {
    return {
      name,
      state: 'absent',
      found: 'this system has none',
      means: 'processes run without limits; a service that has some is refused',
    };
  }
  const unified = await stat('/sys/fs/cgroup/cgroup.controllers').catch(() => undefined);
  const folders =
    unified === undefined ? ['/sys/fs/cgroup/cpu', '/sys/fs/cgroup/memory'] : ['/sys/fs/cgroup'];
  const version = unified === undefined ? 'version 1' : 'version 2';
  const writable = await Promise.all(
    folders.map((folder) =>
      access(folder, constants.W_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  return writable.every((each) => each)
    ? {
        name,
        state: 'ok',
        found: `${version}, writable`,
        means: 'limits of CPU and memory can be enforced on processes',
      }
    : {
        name,
        state: 'absent',
        found: `${version}, not writable`,
        means: 'a process with limits is refused; containers are not concerned',
      };
}

async function binaryCheck(env: Env, program: string, there: string, absent: string): Promise<Check> {
  for (const folder of [...(env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']) {
    if (folder === '') continue;
    const file = join(folder, program);
    const usable = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (usable) return { name: program, state: 'ok', found: file, means: there };
  }
  return { name: program, state: 'absent', found: 'not on PATH', means: absent };
}
