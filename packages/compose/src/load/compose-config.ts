import { resolve } from 'node:path';
import { Cursor } from '../model/cursor.ts';
import { Log } from '../model/log.ts';
import { child, type Tree } from '../model/tree.ts';
import { isPath, parseVolume } from '../syntax/volume.ts';
import { environmentOf, labelsOf } from './environment.ts';
import type { ComposeProject } from './project.ts';
import { expandHome } from './reader.ts';

type Json = Record<string, unknown>;

const SECTIONS: readonly string[] = Object.freeze(['networks', 'volumes', 'secrets', 'configs', 'models']);
/** Fields that were processed on loading; the document contains the result. */
const RESOLVED: readonly string[] = Object.freeze(['env_file', 'label_file', 'extends']);

/**
 * Returns a project as one Compose file, as printed by `docker compose config`: merged, interpolated (remaining dollar
 * signs are written `$$`), reduced to the active services, with env and label files read, and with absolute paths for
 * binds. Loading it again yields the same objects.
 */
export function composeConfig(project: ComposeProject): Json {
  const { model, name, services, contents, root } = project;
  const config: Json = { name };
  const log = new Log();
  config.services = Object.fromEntries(
    services.map((key) => {
      const tree = child(child(model, 'services'), key) as Tree;
      const service = json(tree) as Json | null;
      if (service === null || tree.kind !== 'dict') return [key, {}];
      const cursor = new Cursor(tree, key, log);
      for (const field of RESOLVED) delete service[field];
      const environment = environmentOf(cursor, contents);
      const labels = labelsOf(cursor, contents);
      if (Object.keys(environment).length > 0) service.environment = escaped(environment);
      else delete service.environment;
      if (Object.keys(labels).length > 0) service.labels = escaped(labels);
      const volumes = child(tree, 'volumes');
      if (volumes?.kind === 'list') service.volumes = volumes.items.map((volume) => volumeOf(volume, root));
      return [key, service];
    }),
  );
  for (const section of SECTIONS) {
    const tree = child(model, section);
    if (tree?.kind === 'dict' && tree.entries.size > 0) config[section] = json(tree);
  }
  for (const [key, { value }] of model.entries) if (key.startsWith('x-')) config[key] = json(value);
  return config;
}

/** Values unchanged; texts that look like numbers or booleans remain texts. */
function json(tree: Tree): unknown {
  if (tree.kind === 'list') return tree.items.map(json);
  if (tree.kind === 'dict')
    return Object.fromEntries([...tree.entries].map(([key, { value }]) => [key, json(value)]));
  return typeof tree.value === 'string' ? dollars(tree.value) : tree.value;
}

function volumeOf(tree: Tree, root: string): unknown {
  const { directory, variables } = tree.at.source;
  const absolute = (source: string): string => {
    const path = expandHome(source, variables);
    return path === undefined ? source : resolve(root, directory, path);
  };
  if (tree.kind === 'dict') {
    const volume = json(tree) as Json;
    const source = child(tree, 'source');
    if (volume.type === 'bind' && source?.kind === 'scalar') volume.source = dollars(absolute(source.text));
    return volume;
  }
  if (tree.kind !== 'scalar') return json(tree);
  const parsed = parseVolume(tree.text);
  if ('problem' in parsed || parsed.source === undefined || !isPath(parsed.source)) return json(tree);
  const { source, target, options } = parsed;
  return dollars([absolute(source), target, ...(options.length > 0 ? [options.join(',')] : [])].join(':'));
}

function escaped(texts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, dollars(text)]));
}

function dollars(text: string): string {
  return text.replaceAll('$', '$$$$');
}
