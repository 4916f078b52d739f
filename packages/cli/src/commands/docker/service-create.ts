import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isGantryError } from '@gantry/core';
import type { ClusterApi } from '@gantry/core/api';
import { idOf, type ServiceInput } from '@gantry/core/model';
import { allPages } from '../../cluster/all-pages.ts';
import { followRollout } from '../../cluster/follow-rollout.ts';
import { type CreateFlags, createInput, envOf } from '../../docker/create-service.ts';
import { parseDuration } from '../../output/duration.ts';
import type { Cx } from '../../session.ts';

/** Creates a service and the missing networks that it names, and waits until it is up. */
export async function createService(
  cx: Cx,
  operands: readonly string[],
  flags: CreateFlags & { readonly envFile?: readonly string[] },
): Promise<void> {
  const api = await cx.api();
  const { namespace } = await cx.target();
  const { items } = await allPages(api, 'service', { namespace, signal: cx.signal });
  const input = createInput(operands, flags, {
    namespace,
    taken: new Set(items.map(({ meta }) => meta.name)),
    env: cx.io.env,
    envFile: await readEnvFiles(cx, flags.envFile ?? []),
  });
  // Validated before any network is created.
  await api.create({ ...input, ...withoutNetworks(input) }, { dryRun: true, signal: cx.signal });
  await ensureNetworks(cx, api, input, namespace);
  const created = await api.create(input, { signal: cx.signal });
  const id = idOf(created.meta);
  cx.print(`service/${id} created`);
  if (flags.detach === true) return;
  const { timeout } = flags;
  await followRollout(
    cx,
    id,
    timeout === undefined ? {} : { timeoutMs: parseDuration(timeout, '--timeout') },
  );
}

function withoutNetworks(input: ServiceInput): Pick<ServiceInput, 'spec'> {
  return { spec: { ...input.spec, template: { ...input.spec.template, networks: [] } } };
}

async function ensureNetworks(
  cx: Cx,
  api: ClusterApi,
  input: ServiceInput,
  namespace: string,
): Promise<void> {
  for (const network of input.spec.template.networks ?? []) {
    const name = typeof network === 'string' ? network : network.name;
    const place = namespace === 'default' ? {} : { namespace };
    try {
      await api.create({ kind: 'network', meta: { name, ...place } }, { signal: cx.signal });
      cx.note(`Network ${name} was not there: created.`);
    } catch (error) {
      if (!isGantryError(error, 'ALREADY_EXISTS')) throw error;
    }
  }
}

/** Reads lines of `NAME=VALUE`, or `NAME` for a variable of this process's environment; `#` begins a comment. */
async function readEnvFiles(cx: Cx, files: readonly string[]): Promise<Record<string, string>> {
  const texts = await Promise.all(files.map((file) => readFile(resolve(cx.io.cwd, file), 'utf8')));
  const lines = texts.flatMap((text) => text.split(/\r?\n/)).map((line) => line.trimStart());
  return envOf(
    lines.filter((line) => line !== '' && !line.startsWith('#')),
    cx.io.env,
  );
}
