/**
 * Ctrl-C and its relatives: the first asks the training to stop after its step, the second ends the process at once.
 */
import { type StopSignal, signalExitCode } from './exit-code.js'

/** A terminal and npm both pass on one Ctrl-C: what comes this soon (in ms) is the same one. */
const same = 150

const signals: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP']

export class StopSignals {
  /** The signal that asked to stop, or null. */
  received: StopSignal | null = null
  private since = 0
  private readonly onFirst: (signal: StopSignal) => void
  private readonly handler = (signal: NodeJS.Signals): void => this.stop(signal as StopSignal)

  /** Listens until `close()`. `onFirst` is called when the first signal comes. */
  constructor(onFirst: (signal: StopSignal) => void) {
    this.onFirst = onFirst
    for (const signal of signals) process.on(signal, this.handler)
  }

  /** Asks to stop as if `signal` had come. */
  stop(signal: StopSignal): void {
    const now = performance.now()
    if (this.received === null) {
      this.received = signal
      this.since = now
      this.onFirst(signal)
    } else if (signal !== 'SIGPIPE' && now - this.since > same) {
      process.exit(signalExitCode[signal])
    }
  }

  close(): void {
    for (const signal of signals) process.off(signal, this.handler)
  }
}
