/**
 * A data set that is loaded when it is first used, so that `mnist.train.batches(64)` needs no await before it.
 */
import type { Batch, Batches, BatchOptions } from './batches.js'
import type { Dataset } from './dataset.js'

export class LazyDataset {
  private readonly loader: () => Promise<Dataset>
  private loading: Promise<Dataset> | null = null

  constructor(loader: () => Promise<Dataset>) {
    this.loader = loader
  }

  /** The data set; loaded once. A failure is not kept: the next call tries again. */
  load(): Promise<Dataset> {
    this.loading ??= this.loader().catch((error: unknown) => {
      this.loading = null
      throw error
    })
    return this.loading
  }

  /** As `Dataset.batches`; the data set is loaded at the first iteration. */
  batches(batchSize: number, options: BatchOptions = {}): AsyncIterable<Batch> {
    let batches: Batches | null = null
    const load = async (): Promise<Batches> => {
      batches ??= (await this.load()).batches(batchSize, options)
      return batches
    }
    return {
      async *[Symbol.asyncIterator]() {
        yield* await load()
      },
    }
  }

  /** The first `n` samples. */
  take(n: number): LazyDataset {
    return new LazyDataset(async () => (await this.load()).take(n))
  }
}
