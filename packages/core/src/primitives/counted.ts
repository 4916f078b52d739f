/** A number with its noun: `1 task`, `2 tasks`, `1 task is`, `2 tasks are`. `plural`: default the noun with an s. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}
