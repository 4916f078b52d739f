import type { ComposeProject } from '../load/project.ts';
import type { Cursor } from '../model/cursor.ts';

/** Names of Gantry's objects: lower-case letters, digits, inner dashes. */
const MAX_SERVICE_NAME = 40;
const MAX_NAME = 63;

/** What is no letter or digit becomes a dash. */
export function toDnsLabel(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}

export function isDnsLabel(text: string): boolean {
  return text.length <= MAX_NAME && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(text);
}

/** What the core takes as an alias: laxer than a DNS label, for the engines' resolvers answer to more, as `my_db`. */
export function isHostName(text: string): boolean {
  return /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/.test(text);
}

/** The stack as it stands in labels and names. */
export function stackOf(project: ComposeProject): string {
  return toDnsLabel(project.name);
}

/** Names of the services in force; what cannot be named, or is named as another, is refused. */
export function serviceNames(
  stack: string,
  services: ReadonlyMap<string, Cursor>,
): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const owners = new Map<string, string>();
  for (const [service, cursor] of services) {
    const name = `${stack}-${toDnsLabel(service)}`;
    const owner = owners.get(name);
    if (toDnsLabel(service) === '') cursor.invalid(`"${service}" has no letter or digit to make a name of`);
    else if (owner !== undefined)
      cursor.invalid(`would be named "${name}", as "${owner}" is: rename one of them`);
    else if (name.length > MAX_SERVICE_NAME) {
      cursor.invalid(
        `would be named "${name}", which has ${name.length} characters and may have ${MAX_SERVICE_NAME}: shorten it or the project's name`,
      );
    }
    owners.set(name, service);
    names.set(service, name);
  }
  return names;
}
