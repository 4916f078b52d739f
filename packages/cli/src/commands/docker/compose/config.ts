import { parseFormat, renderData, renderYaml } from '../../../output/format.ts';
import { usage } from '../../../output/problem.ts';
import type { Cx } from '../../../session.ts';
import { loadStack, readStack, type StackFiles } from '../../../stack/read-stack.ts';
import { selectObjects } from '../../../stack/select.ts';
import type { FileFlags, Group } from './group.ts';

interface ConfigFlags extends FileFlags {
  readonly services?: boolean;
  readonly images?: boolean;
  readonly networks?: boolean;
  readonly volumes?: boolean;
  readonly profiles?: boolean;
  readonly quiet?: boolean;
  readonly format: string;
}

type Json = Readonly<Record<string, unknown>>;

/** Defines `gantry compose config` and `convert`. */
export function defineConfig({ add, act, filesOf }: Group): void {
  add('config', 'Show the result of merging the given Compose files')
    .option('--services', 'names of the services only')
    .option('--images', 'images only')
    .option('--networks', 'names of the networks only')
    .option('--volumes', 'names of the volumes only')
    .option('--profiles', 'names of the profiles only')
    .option('-q, --quiet', 'only check the file')
    .option('--format <format>', 'yaml or json', 'yaml')
    .action(act<[], ConfigFlags>((cx, _, flags) => config(cx, filesOf(flags), flags)));
  add('convert', "Show a Compose file as Gantry's objects")
    .argument('[services...]', 'services of the file, and those they depend on (default: all)')
    .option('-o, --output <format>', 'yaml, json, name, jsonpath=TEMPLATE')
    .action(
      act<[string[]], FileFlags & { output?: string }>(async (cx, [names], flags) => {
        const format = parseFormat(flags.output ?? 'yaml');
        const read = await readStack(cx, { ...filesOf(flags), enabled: names });
        const objects = names.length === 0 ? read.objects : selectObjects(read.objects, { names });
        if (format.type === 'table') throw usage('-o: expected yaml, json, name or jsonpath=TEMPLATE');
        if (format.type === 'yaml') {
          for (const object of objects) cx.io.stdout.write(`---\n${await renderYaml(object)}`);
          return;
        }
        const found = (): string[] => objects.map(({ kind, meta }) => `${kind}/${meta.name}`);
        cx.io.stdout.write(await renderData(format, { kind: 'list', items: objects }, found));
      }),
    );
}

async function config(cx: Cx, files: StackFiles, flags: ConfigFlags): Promise<void> {
  if (flags.format !== 'yaml' && flags.format !== 'json')
    throw usage(`--format: expected yaml or json, got "${flags.format}"`);
  if (flags.quiet === true) return void (await readStack(cx, files));
  const { composeConfig } = await import('@gantry/compose');
  const project = await loadStack(cx, files);
  const whole = composeConfig(project);
  const services = Object.entries((whole.services ?? {}) as Readonly<Record<string, Json>>);
  const list = (names: readonly string[]): void => {
    for (const name of new Set(names)) cx.print(name);
  };
  const keys = (section: string): string[] => Object.keys((whole[section] ?? {}) as object);
  if (flags.services === true) return list(services.map(([name]) => name));
  if (flags.images === true)
    return list(
      services.map(([name, { image }]) => (image === undefined ? `${project.name}-${name}` : String(image))),
    );
  if (flags.networks === true) return list(keys('networks'));
  if (flags.volumes === true) return list(keys('volumes'));
  if (flags.profiles === true) {
    const all = await loadStack(cx, { ...files, profiles: ['*'] });
    const found = Object.values((composeConfig(all).services ?? {}) as Readonly<Record<string, Json>>);
    return list(found.flatMap(({ profiles }) => (profiles ?? []) as string[]).sort());
  }
  if (flags.format === 'json') return cx.print(JSON.stringify(whole, null, 2));
  cx.io.stdout.write(await renderYaml(whole));
}
