import { type ErrorCode, GantryError, isGantryError } from '@gantry/core';

/** A message of an engine or a registry, and its meaning; the first matching pattern decides. */
interface Meaning {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly reason?: string;
  /** Field of the template. */
  readonly field?: string;
}

const AWAY = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'EACCES',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EHOSTUNREACH',
];

const STARTS: readonly Meaning[] = Object.freeze([
  { pattern: /no space left on device|too many open files|cannot allocate memory/i, code: 'EXHAUSTED' },
  { pattern: /port is already allocated|address already in use/i, code: 'CONFLICT', reason: 'PortTaken' },
  {
    pattern: /unable to find (user|group)|no matching entries in (passwd|group) file/i,
    code: 'INVALID_OBJECT',
    reason: 'UserUnknown',
    field: 'user',
  },
  {
    pattern:
      /bind source path does not exist|invalid mount|mount destination|error mounting|not a shared mount/i,
    code: 'INVALID_OBJECT',
    reason: 'MountInvalid',
    field: 'mounts',
  },
  {
    pattern: /cannot mkdir|chdir to cwd|cannot chdir|working directory/i,
    code: 'INVALID_OBJECT',
    field: 'workingDir',
  },
  {
    pattern: /no command specified/i,
    code: 'INVALID_OBJECT',
    reason: 'CommandNotFound',
    field: 'command',
  },
  { pattern: /exec format error/i, code: 'INVALID_OBJECT', reason: 'ImagePlatform', field: 'image' },
  {
    pattern: /exec: .*(permission denied|is a directory)/i,
    code: 'INVALID_OBJECT',
    reason: 'CommandNotExecutable',
    field: 'command',
  },
  {
    pattern: /executable file not found|exec: .*(no such file or directory|not a directory)/i,
    code: 'INVALID_OBJECT',
    reason: 'CommandNotFound',
    field: 'command',
  },
  {
    pattern:
      /looking up logging plugin|no log driver named|unknown log opt|failed to initialize logging driver/i,
    code: 'INVALID_OBJECT',
    field: 'logging',
  },
  { pattern: /logging driver does not support reading/i, code: 'UNSUPPORTED', field: 'logging' },
  { pattern: /invalid signal/i, code: 'INVALID_OBJECT', field: 'stopSignal' },
  {
    pattern: /minimum memory limit|range of cpus/i,
    code: 'INVALID_OBJECT',
    field: 'resources.limits',
  },
  {
    pattern: /no such file or directory|permission denied|not a directory|is a directory|invalid argument/i,
    code: 'INVALID_OBJECT',
  },
]);

/** A registry that cannot be reached comes first: its messages may contain the words of the others. */
const PULLS: readonly Meaning[] = Object.freeze([
  {
    pattern:
      /dial tcp|no such host|i\/o timeout|connection (refused|reset)|tls handshake|\bEOF\b|x509|server misbehaving|deadline exceeded|unreachable|no route to host|proxyconnect|toomanyrequests|rate limit|client\.timeout|gave http response|50[0234] |internal server error|bad gateway|service unavailable/i,
    code: 'UNAVAILABLE',
    reason: 'RegistryUnavailable',
  },
  { pattern: /no space left on device/i, code: 'EXHAUSTED' },
  {
    pattern:
      /no matching manifest|no match for platform|does not match the specified platform|unsupported platform|cannot be used on this platform/i,
    code: 'INVALID_OBJECT',
    reason: 'ImagePlatform',
  },
  // For private and for missing repositories alike, engines before 28 say "does not exist or may require docker login".
  {
    pattern: /: (denied|unauthorized): (?!requested access)/i,
    code: 'INVALID_OBJECT',
    reason: 'ImageUnauthorized',
  },
  {
    pattern: /manifest unknown|name unknown|repository name not known|not found|does not exist/i,
    code: 'INVALID_OBJECT',
    reason: 'ImageNotFound',
  },
  {
    pattern:
      /unauthorized|authentication required|incorrect username|no basic auth|denied|forbidden|invalid_token/i,
    code: 'INVALID_OBJECT',
    reason: 'ImageUnauthorized',
  },
  {
    pattern: /invalid reference|invalid repository|invalid tag|invalid checksum|repository name must/i,
    code: 'INVALID_OBJECT',
    reason: 'ImageInvalid',
  },
]);

/** The HTTP status of the engine's response, if it responded. */
export function statusOf(error: unknown): number | undefined {
  return (error as { statusCode?: number } | undefined)?.statusCode;
}

/** The engine's message, without the HTTP client's additions. */
function textOf(error: unknown): string {
  const { message = String(error), json } = error as Error & { json?: { message?: string } };
  return (json?.message ?? message).trim();
}

/** Whether the engine itself did not answer. */
function isAway(error: unknown): boolean {
  const { code, message = '' } = error as NodeJS.ErrnoException;
  return (code !== undefined && AWAY.includes(code)) || /socket hang up/.test(message);
}

/** The error in Gantry's codes; `what` names the task and the verb. */
export function engineError(error: unknown, what: string): GantryError {
  if (isGantryError(error)) return error;
  const status = statusOf(error);
  const text = textOf(error);
  const say = (as: ErrorCode, details?: Readonly<Record<string, unknown>>): GantryError =>
    new GantryError(as, `docker: ${what}: ${text}`, { cause: error, ...(details && { details }) });
  if (status === undefined) return say(isAway(error) ? 'UNAVAILABLE' : 'INTERNAL');
  if (status === 404) return say('NOT_FOUND');
  const meaning = STARTS.find(({ pattern }) => pattern.test(text));
  if (meaning !== undefined) return say(meaning.code, detailsOf(meaning));
  if (status === 409) return say('CONFLICT');
  if (status === 400) return say('INVALID_OBJECT');
  return say(status === 502 || status === 503 || status === 504 ? 'UNAVAILABLE' : 'INTERNAL');
}

/** An error of a create or start, where 404 need not mean that a task is unknown. */
export function startError(error: unknown, task: string): GantryError {
  const known = engineError(error, `start of "${task}"`);
  if (known.code !== 'NOT_FOUND') return known;
  // Of runc's errors the engine reports some with status 404, such as a command that is missing.
  const meaning = STARTS.find(({ pattern }) => pattern.test(known.message));
  return new GantryError(meaning?.code ?? 'CONFLICT', known.message, {
    cause: error,
    details: meaning === undefined ? {} : detailsOf(meaning),
  });
}

/** An error of a pull: names the image, the registry and the words of the engine. */
export function pullError(error: unknown, image: string, registry: string): GantryError {
  if (isGantryError(error)) return error;
  const text = textOf(error);
  const where = `docker: cannot pull "${image}" from registry "${registry}": ${text}`;
  const details = { field: 'image', image, registry };
  const hint = (more: string): string => `${where}${more}`;
  if (statusOf(error) === undefined && isAway(error)) {
    return new GantryError('UNAVAILABLE', where, { cause: error, details });
  }
  const meaning = PULLS.find(({ pattern }) => pattern.test(text));
  if (meaning === undefined) {
    const code = statusOf(error) === 404 ? 'INVALID_OBJECT' : 'UNAVAILABLE';
    const reason = code === 'UNAVAILABLE' ? 'RegistryUnavailable' : 'ImageNotFound';
    return new GantryError(code, where, { cause: error, details: { ...details, reason } });
  }
  const advice = meaning.reason === 'ImageUnauthorized' ? '; check registryAuth of the template' : '';
  return new GantryError(meaning.code, hint(advice), {
    cause: error,
    details: { ...details, ...(meaning.reason && { reason: meaning.reason }) },
  });
}

function detailsOf({ field, reason }: Meaning): Readonly<Record<string, unknown>> {
  return { ...(field && { field }), ...(reason && { reason }) };
}
