const SUBJECT = /^[^\s.*>]+(?:\.[^\s.*>]+)*$/;
const PATTERN = /^(?:(?:[^\s.*>]+|\*)\.)*(?:[^\s.*>]+|\*|>)$/;
const GROUP = /^\S+$/;
/** A server ends the connection of who sends it a longer line than 4,096 bytes, so none is sent. */
const MAX_SUBJECT_LENGTH = 1000;
const MAX_GROUP_LENGTH = 250;

/** @throws `TypeError` when it is no subject, or a pattern. */
export function checkSubject(subject: string): void {
  check(subject, SUBJECT, MAX_SUBJECT_LENGTH, 'a subject is tokens joined by "."');
}

/** @throws `TypeError` when it is neither a subject nor a pattern. */
export function checkPattern(pattern: string): void {
  check(pattern, PATTERN, MAX_SUBJECT_LENGTH, 'a pattern is tokens, "*" or a last ">" joined by "."');
}

/** @throws `TypeError` when NATS could not carry the name. */
export function checkGroup(group: string | undefined): void {
  if (group !== undefined) check(group, GROUP, MAX_GROUP_LENGTH, 'the name of a group has no white space');
}

/**
 * Whether a message is none of the bus's, although the pattern matches: `>` and `*` would hear answers on their way to
 * other askers, and what NATS servers and JetStream say to each other and to their clients.
 */
export function isInternal(subject: string, pattern: string): boolean {
  if (!pattern.startsWith('>') && !pattern.startsWith('*')) return false;
  return subject.startsWith('_INBOX.') || subject.startsWith('$');
}

function check(text: string, form: RegExp, maxLength: number, rule: string): void {
  if (typeof text !== 'string' || !form.test(text))
    throw new TypeError(`bus-nats: ${rule}, not ${JSON.stringify(text)}`);
  if (text.length <= maxLength) return;
  throw new TypeError(`bus-nats: ${rule}, at most ${maxLength} characters, not ${text.length}`);
}
