const SUBJECT = /^[^\s.*>]+(?:\.[^\s.*>]+)*$/;
const PATTERN = /^(?:(?:[^\s.*>]+|\*)\.)*(?:[^\s.*>]+|\*|>)$/;
const GROUP = /^\S+$/;
/** Maximum length of a subject. A server closes the connection of a client that sends a line above 4,096 bytes. */
const MAX_SUBJECT_LENGTH = 1000;
const MAX_GROUP_LENGTH = 250;

/** @throws `TypeError` if it is a pattern or not a valid subject. */
export function checkSubject(subject: string): void {
  check(subject, SUBJECT, MAX_SUBJECT_LENGTH, 'a subject is tokens joined by "."');
}

/** @throws `TypeError` if it is neither a subject nor a pattern. */
export function checkPattern(pattern: string): void {
  check(pattern, PATTERN, MAX_SUBJECT_LENGTH, 'a pattern is tokens, "*" or a last ">" joined by "."');
}

/** @throws `TypeError` if NATS cannot carry the name. */
export function checkGroup(group: string | undefined): void {
  if (group !== undefined) check(group, GROUP, MAX_GROUP_LENGTH, 'the name of a group has no white space');
}

/**
 * Whether a message does not belong to the bus although the pattern matches: `>` and `*` also match replies to other
 * requesters, and the traffic of NATS servers and JetStream among each other and with their clients.
 */
export function isInternal(subject: string, pattern: string): boolean {
  if (!pattern.startsWith('>') && !pattern.startsWith('*')) return false;
  return /^_INBOX[._-]/.test(subject) || subject.startsWith('$');
}

function check(text: string, form: RegExp, maxLength: number, rule: string): void {
  if (typeof text !== 'string' || !form.test(text))
    throw new TypeError(`bus-nats: ${rule}, not ${JSON.stringify(text)}`);
  if (text.length <= maxLength) return;
  throw new TypeError(`bus-nats: ${rule}, at most ${maxLength} characters, not ${text.length}`);
}
