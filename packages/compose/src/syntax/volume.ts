/** The parts of a volume in short syntax. */
export interface VolumeText {
  /** A path for a bind mount, a name for a volume, absent for an anonymous volume. */
  readonly source?: string;
  readonly target: string;
  readonly options: readonly string[];
}

/** Parses `[SOURCE:]TARGET[:OPTIONS]`, or returns a problem. */
export function parseVolume(text: string): VolumeText | { readonly problem: string } {
  const parts = text.split(':');
  const problem = { problem: `expected [source:]target[:options], got "${text}"` };
  if (parts.length > 3 || parts.some((part) => part.trim() === '')) return problem;
  const [first = '', second, third] = parts;
  if (second === undefined) return { target: first, options: [] };
  return { source: first, target: second, options: third === undefined ? [] : third.split(',') };
}

/** Whether the source of a volume is a path on the host; anything else is a volume name. */
export function isPath(source: string): boolean {
  return /^(\/|\.|~)/.test(source);
}
