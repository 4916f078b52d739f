import { LossyOutput, type OutputLoss } from '@gantry/system/output';

/** Output of a process that keeps running is dropped beyond this if nobody reads it, in bytes. */
const MAX_PENDING_BYTES = 1_048_576;

/** Standard output and standard error of this process, neither of which ever throws. */
export class ProcessOutputs {
  readonly stdout: LossyOutput;
  readonly stderr: LossyOutput;
  #keepsRunning = false;
  #reason: string | undefined;

  /** @param onLoss called when a command cannot write its output, unless it keeps running all the same */
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

  /** Why the output of a command could not be written, as the code of a system error. */
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
