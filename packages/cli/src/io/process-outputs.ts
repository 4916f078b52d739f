import { LossyOutput, type OutputLoss } from '@gantry/system/output';

/** Maximum unread output of a process that keeps running, in bytes; more is dropped. */
const MAX_PENDING_BYTES = 1_048_576;

/** Standard output and standard error of this process; writing to them never throws. */
export class ProcessOutputs {
  readonly stdout: LossyOutput;
  readonly stderr: LossyOutput;
  #keepsRunning = false;
  #reason: string | undefined;

  /** @param onLoss called if a command cannot write its output, unless it keeps running anyway */
  constructor(onLoss: () => void) {
    const output = (stream: NodeJS.WriteStream): LossyOutput =>
      new LossyOutput(stream, {
        resumed: (loss) => (this.#keepsRunning ? notice(loss) : ''),
        onLoss: (reason) => {
          if (this.#keepsRunning) return;
          this.#reason ??= reason;
          onLoss();
        },
      });
    this.stdout = output(process.stdout);
    this.stderr = output(process.stderr);
  }

  get keepsRunning(): boolean {
    return this.#keepsRunning;
  }

  /** Why the output of a command could not be written, as a system error code. */
  get failure(): string | undefined {
    return this.#reason;
  }

  keepRunning(): void {
    this.#keepsRunning = true;
    for (const output of [this.stdout, this.stderr]) output.bound(MAX_PENDING_BYTES);
  }

  async flushed(): Promise<void> {
    await Promise.all([this.stdout.flushed(), this.stderr.flushed()]);
  }
}

function notice({ writes, reason }: OutputLoss): string {
  return `(${writes} ${writes === 1 ? 'line' : 'lines'} of output could not be written: ${reason})\n`;
}
