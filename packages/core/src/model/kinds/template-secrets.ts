import type { Issue } from '../../errors.ts';
import { invalidObject } from '../invalid-object.ts';
import { REDACTED, type TemplateSpec } from '../template.ts';

type Template = Partial<TemplateSpec>;

/** A template without its registry's password; the very same one if it has none. */
export function redactTemplate(template: TemplateSpec): TemplateSpec {
  if (template.registryAuth === undefined) return template;
  return { ...template, registryAuth: { ...template.registryAuth, password: REDACTED } };
}

/** A template without the values of its variables and log driver options; their names stay. */
export function hideTemplate(template: TemplateSpec): TemplateSpec {
  const { env, logging } = template;
  const hidden = { ...template, env: redacted(env) };
  return logging === undefined
    ? hidden
    : { ...hidden, logging: { ...logging, options: redacted(logging.options) } };
}

function redacted(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.keys(values).map((name) => [name, REDACTED]));
}

/** What a template contains that not everyone may read. */
export function templateContents({ registryAuth, env, logging }: TemplateSpec): readonly string[] {
  const contents: string[] = [];
  if (registryAuth !== undefined) contents.push('registry passwords');
  if (Object.keys(env).length > 0) contents.push('values of environment variables');
  if (Object.keys(logging?.options ?? {}).length > 0) contents.push('options of log drivers');
  return contents;
}

/**
 * Puts stored values back where a template that was read is applied again: a registry's password, if it goes to the same
 * registry and user as before, the values of environment variables, and the options of a log driver, if all others are as
 * before: they say where the output goes.
 *
 * @throws `INVALID_OBJECT` for each redacted value that nothing stored can stand for.
 */
export function keepTemplateSecrets<T extends Template>(template: T, stored: TemplateSpec | undefined): T {
  const issues: Issue[] = [];
  const kept = {
    ...keptAuth(template, stored, issues),
    ...keptEnv(template, stored, issues),
    ...keptLogging(template, stored, issues),
  };
  if (issues.length > 0) throw invalidObject('service', issues);
  return Object.keys(kept).length === 0 ? template : { ...template, ...kept };
}

function keptAuth(template: Template, stored: Template | undefined, issues: Issue[]): Template {
  const auth = template.registryAuth;
  if (auth?.password !== REDACTED) return {};
  const path = 'spec.template.registryAuth.password';
  const known = stored?.registryAuth;
  if (known === undefined || known.username !== auth.username) {
    const whose = known === undefined ? '' : ` of user ${JSON.stringify(auth.username)}`;
    issues.push({ path, message: `no password${whose} is stored that could be kept: supply it` });
    return {};
  }
  const [from, to] = [registryOf(stored?.image), registryOf(template.image ?? stored?.image)];
  if (from === to) return { registryAuth: known };
  issues.push({
    path,
    message: `the stored password is for registry ${from}, not for ${to}: supply the password`,
  });
  return {};
}

function keptEnv(template: Template, stored: Template | undefined, issues: Issue[]): Template {
  const env = template.env ?? {};
  const redacted = Object.keys(env).filter((name) => env[name] === REDACTED);
  if (redacted.length === 0) return {};
  const known = stored?.env ?? {};
  const values: Record<string, string> = {};
  for (const name of redacted) {
    const value = Object.hasOwn(known, name) ? known[name] : undefined;
    if (value !== undefined) values[name] = value;
    else
      issues.push({
        path: `spec.template.env.${name}`,
        message: 'no value is stored that could be kept: supply it',
      });
  }
  return { env: { ...env, ...values } };
}

function keptLogging({ logging }: Template, stored: Template | undefined, issues: Issue[]): Template {
  const options = logging?.options ?? {};
  const redacted = Object.keys(options).filter((name) => options[name] === REDACTED);
  if (logging === undefined || redacted.length === 0) return {};
  const known = stored?.logging;
  const names = new Set([...Object.keys(options), ...Object.keys(known?.options ?? {})]);
  const isSame =
    known !== undefined &&
    known.driver === logging.driver &&
    [...names].every(
      (name) =>
        Object.hasOwn(known.options, name) &&
        (options[name] === REDACTED || options[name] === known.options[name]),
    );
  if (isSame) return { logging: known };
  for (const name of redacted) {
    issues.push({
      path: `spec.template.logging.options.${name}`,
      message: 'the stored value is kept only if the driver and its other options stay the same: supply it',
    });
  }
  return {};
}

/** The registry that an image is pulled from, as Docker reads its name. */
export function registryOf(image: string | undefined): string {
  const slash = image?.indexOf('/') ?? -1;
  const first = slash < 0 ? '' : (image as string).slice(0, slash).toLowerCase();
  const isHost = first === 'localhost' || first.includes('.') || first.includes(':');
  if (!isHost || first === 'index.docker.io' || first === 'registry-1.docker.io') return 'docker.io';
  return first;
}
