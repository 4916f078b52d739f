import type { TemplateInput } from '@gantry/core/model';
import type { Cursor } from '../model/cursor.ts';

type PullPolicy = NonNullable<TemplateInput['pullPolicy']>;

const PULL: Readonly<Record<string, PullPolicy>> = Object.freeze({
  always: 'always',
  never: 'never',
  missing: 'missing',
  if_not_present: 'missing',
});

/**
 * The image; Gantry does not build any. `built` is the name that Compose gives to the image it builds; in lenient mode
 * it replaces a missing `image`, and is never pulled.
 */
export function imageOf(service: Cursor, built: string): { image?: string; pullPolicy?: PullPolicy } {
  const build = service.get('build');
  const image = service.get('image')?.text();
  const pullPolicy = pullPolicyOf(service.get('pull_policy'));
  if (image === undefined) {
    if (build === undefined) service.invalid('expected an image');
    else {
      build.unsupported(
        `Gantry builds no images: build it, and name it by image (docker compose build calls it "${built}")`,
      );
      return { image: built, pullPolicy: 'never' };
    }
  }
  return { ...(image === undefined ? {} : { image }), ...(pullPolicy === undefined ? {} : { pullPolicy }) };
}

function pullPolicyOf(cursor: Cursor | undefined): PullPolicy | undefined {
  const text = cursor?.text();
  if (cursor === undefined || text === undefined) return undefined;
  if (Object.hasOwn(PULL, text)) return PULL[text];
  if (text === 'build') return cursor.unsupported('Gantry builds no images: build it, and leave this out');
  if (/^(daily|weekly|every_\w+)$/.test(text))
    return cursor.unsupported(`images do not age: use always instead of "${text}"`);
  return cursor.invalid(`expected always, never or missing, got "${text}"`);
}
