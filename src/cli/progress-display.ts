/**
 * Shows a training: a bar on terminals, a line now and then elsewhere, JSON objects with --json.
 */
import cliProgress from 'cli-progress'
import type { Progress } from '../train/fit.js'
import { formatSeconds } from '../train/progress.js'
import { type Output, percent } from './output.js'

/** Milliseconds between two JSON objects, and between two lines where there is no terminal. */
const jsonInterval = 500
const lineInterval = 5000

export class ProgressDisplay {
  private readonly output: Output
  private bar: cliProgress.SingleBar | null = null
  private lastJson = Number.NEGATIVE_INFINITY
  private lastLine = Number.NEGATIVE_INFINITY

  constructor(output: Output) {
    this.output = output
  }

  show(progress: Progress): void {
    const now = performance.now()
    const complete = progress.batch === progress.batches
    if (this.output.json && (complete || now - this.lastJson >= jsonInterval)) {
      this.lastJson = now
      this.output.emit({ event: 'progress', ...progress })
    }
    if (this.output.stream.isTTY) this.draw(progress)
    else if (!complete && now - this.lastLine >= lineInterval) {
      this.lastLine = now
      const { epoch, epochs, batch, batches } = progress
      const values = Object.values(words(progress)).join(', ')
      this.output.say(`Epoch ${epoch}/${epochs}, batch ${batch}/${batches}: ${values}`)
    }
  }

  private draw(progress: Progress): void {
    const { epoch, epochs, batch, batches } = progress
    if (this.bar === null) {
      this.bar = new cliProgress.SingleBar({
        stream: this.output.stream,
        format: `Epoch ${epoch}/${epochs} [{bar}] {percentage}% | {loss} | {accuracy} | {rate} | {left}`,
        barCompleteChar: '#',
        barIncompleteChar: '-',
        barsize: 24,
        clearOnComplete: true,
        gracefulExit: false,
      })
      this.bar.start(batches, batch, words(progress))
    } else this.bar.update(batch, words(progress))
  }

  /** Takes the bar away, so that lines can be written. */
  clear(): void {
    this.bar?.stop()
    this.bar = null
  }
}

function words({ loss, accuracy, imagesPerSecond, remainingSeconds }: Progress): Record<string, string> {
  return {
    loss: `loss ${loss.toFixed(4)}`,
    accuracy: `accuracy ${percent(accuracy)}`,
    rate: `${Math.round(imagesPerSecond).toLocaleString('en-US')} images/s`,
    left: `ETA ${remainingSeconds === null ? 'unknown' : formatSeconds(remainingSeconds)}`,
  }
}
