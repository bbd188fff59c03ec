/**
 * Batches of a data set as tensors: seeded order, partial last batch, resuming in the middle of an epoch, augmentation,
 * and preparation ahead of time in idle moments of the event loop.
 */
import { DataError, ShapeError, ValueError } from '../core/errors.js'
import { formatShape, sameShape, sizeOf } from '../core/shape.js'
import { yieldIfDue } from '../runtime/yield.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Dataset, SampleArray } from './dataset.js'
import { convertPixels, makePixelTable } from './pixel-table.js'
import { randomSampler, type Sampler, sequentialSampler } from './sampler.js'
import { SeededRandom } from './seeded-random.js'
import { tensorOver } from './tensor-over.js'
import type { Sample, Transform } from './transforms.js'

export interface BatchOptions {
  /** Visit the samples in random order, another one each epoch. Default false. */
  readonly shuffle?: boolean
  /** Default 0. Decides order and augmentation together with the epoch. */
  readonly seed?: number
  /** Number of the first epoch that is iterated; each further iteration counts on. Default 0. */
  readonly epoch?: number
  /** Leave out the last batch where it is smaller. Default false. */
  readonly dropLast?: boolean
  /** First batch of the first iteration, to resume in the middle of an epoch. Default 0. */
  readonly startBatch?: number
  /**
   * Augmentation of each input. Samples that leave it as bytes are scaled and normalised as the data set says; a
   * transform that makes floats of bytes (`toTensor`, `normalize`) has taken that over. Inputs stored as floats are
   * normalised as the data set says after the transform.
   */
  readonly transform?: Transform
  /** How many batches are prepared ahead while the event loop is idle. Default 1; 0 for none. */
  readonly prefetch?: number
  /** Another order than `shuffle` gives. */
  readonly sampler?: Sampler
}

export type Batch = [Tensor, Tensor]

export class Batches implements AsyncIterable<Batch>, Iterable<Batch> {
  readonly dataset: Dataset
  readonly batchSize: number
  private readonly options: BatchOptions
  private iterations = 0

  constructor(dataset: Dataset, batchSize: number, options: BatchOptions) {
    const whole = (name: string, value: number, least: number): void => {
      if (!Number.isSafeInteger(value) || value < least) {
        throw new ValueError(
          `batches: expected ${name} to be a whole number of at least ${least}, got ${value}.`,
        )
      }
    }
    whole('batchSize', batchSize, 1)
    whole('epoch', options.epoch ?? 0, 0)
    whole('startBatch', options.startBatch ?? 0, 0)
    whole('prefetch', options.prefetch ?? 1, 0)
    if (!Number.isSafeInteger(options.seed ?? 0)) {
      throw new ValueError(`batches: expected seed to be a whole number, got ${options.seed}.`)
    }
    this.dataset = dataset
    this.batchSize = batchSize
    this.options = options
  }

  /** Number of batches in a whole epoch. */
  get length(): number {
    const { sampler, dropLast, seed = 0, epoch = 0 } = this.options
    const samples = sampler ? sampler(this.dataset.length, seed, epoch).length : this.dataset.length
    return batchCount(samples, this.batchSize, dropLast ?? false)
  }

  private begin(): BatchMaker {
    const { startBatch = 0, epoch = 0 } = this.options
    const maker = new BatchMaker(this.dataset, this.batchSize, this.options, epoch + this.iterations)
    if (this.iterations === 0) maker.position = startBatch
    this.iterations += 1
    return maker
  }

  /** Synchronous iteration: for scripts and servers, where nothing else waits for the event loop. */
  *[Symbol.iterator](): Generator<Batch, void, undefined> {
    const maker = this.begin()
    while (maker.position < maker.count) yield maker.next()
  }

  [Symbol.asyncIterator](): AsyncIterator<Batch, void> {
    return new Prefetcher(this.begin(), this.options.prefetch ?? 1)
  }
}

const batchCount = (samples: number, size: number, dropLast: boolean): number =>
  dropLast ? Math.floor(samples / size) : Math.ceil(samples / size)

/** Makes the batches of one epoch, one after the other. */
class BatchMaker {
  /** Number of the batch to make next. */
  position = 0
  readonly count: number
  private readonly dataset: Dataset
  private readonly batchSize: number
  private readonly order: Uint32Array
  private readonly seed: number
  private readonly epoch: number
  private readonly transform: Transform | undefined
  private table: { pixels: Float32Array; channels: number } | null = null

  constructor(dataset: Dataset, batchSize: number, options: BatchOptions, epoch: number) {
    this.dataset = dataset
    this.batchSize = batchSize
    this.seed = options.seed ?? 0
    this.epoch = epoch
    this.transform = options.transform
    const sampler = options.sampler ?? (options.shuffle ? randomSampler : sequentialSampler)
    this.order = sampler(dataset.length, this.seed, epoch)
    this.count = batchCount(this.order.length, batchSize, options.dropLast ?? false)
  }

  next(): Batch {
    const from = this.position * this.batchSize
    const picked = this.order.subarray(from, from + this.batchSize)
    this.position += 1
    const stored = this.dataset.indices === null ? picked : picked.map((i) => this.dataset.storedIndex(i))
    return [
      this.transform ? this.transformed(stored, this.transform) : this.inputs(stored),
      this.targets(stored),
    ]
  }

  private inputs(stored: Uint32Array): Tensor {
    const { inputs, inputShape, bytes, normalization } = this.dataset.fields
    const shape = [stored.length, ...inputShape]
    const size = sizeOf(inputShape)
    if (inputs instanceof Uint8Array && bytes === 'pixels') {
      const out = new Float32Array(stored.length * size)
      for (let k = 0; k < stored.length; k++) this.writePixels(inputs, stored[k] * size, size, out, k * size)
      return tensorOver(out, shape)
    }
    const out = gather(inputs, stored, size)
    if (normalization !== null && out instanceof Float32Array) {
      for (let k = 0; k < stored.length; k++) this.normalizeFloats(out.subarray(k * size, (k + 1) * size))
    }
    return tensorOver(out, shape)
  }

  private targets(stored: Uint32Array): Tensor {
    const { targets, targetShape } = this.dataset.fields
    const out = gather(targets, stored, sizeOf(targetShape))
    const shape = [stored.length, ...targetShape]
    // PyTorch's class indices are int64, whatever they are stored in.
    if (out instanceof Uint8Array || out instanceof Int32Array) return tensorOver(widen(out), shape)
    return tensorOver(out, shape)
  }

  private transformed(stored: Uint32Array, transform: Transform): Tensor {
    const { inputs, inputShape, bytes } = this.dataset.fields
    if (!(inputs instanceof Uint8Array && bytes === 'pixels') && !(inputs instanceof Float32Array)) {
      throw new DataError(
        `batches: transforms take pixels or Float32Array inputs, got ${inputs.constructor.name}. Leave transform out.`,
      )
    }
    const size = sizeOf(inputShape)
    let out = new Float32Array(0)
    let shape: readonly number[] = []
    let each = 0
    for (let k = 0; k < stored.length; k++) {
      const at = stored[k]
      const original: Sample = { data: inputs.subarray(at * size, (at + 1) * size), shape: inputShape }
      const sample = transform(original, new SeededRandom(this.seed, this.epoch, at, 0x7a))
      if (k === 0) {
        shape = sample.shape
        each = sizeOf(shape)
        out = new Float32Array(stored.length * each)
      }
      if (!sameShape(sample.shape, shape) || sample.data.length !== each) {
        throw new ShapeError(
          `batches: expected the transform to give every sample of a batch one shape, got ${formatShape(sample.shape)} ` +
            `(${sample.data.length} values) after ${formatShape(shape)}. Crop or resize to a fixed size last.`,
        )
      }
      if (sample.data instanceof Uint8Array) this.writePixels(sample.data, 0, each, out, k * each)
      else {
        out.set(sample.data, k * each)
        // Stored floats that a transform only moved are still to be normalised; floats made from bytes are not.
        if (inputs instanceof Float32Array) this.normalizeFloats(out.subarray(k * each, (k + 1) * each))
      }
    }
    return tensorOver(out, [stored.length, ...shape])
  }

  /** Bytes to normalised floats by a table of 256 entries a channel. */
  private writePixels(from: Uint8Array, start: number, size: number, out: Float32Array, at: number): void {
    this.table ??= makePixelTable(this.dataset.fields.normalization, this.dataset.fields.inputShape)
    const { pixels, channels } = this.table
    const plane = size / channels
    for (let c = 0; c < channels; c++) {
      convertPixels(
        from,
        start + c * plane,
        plane,
        pixels.subarray(c * 256, (c + 1) * 256),
        out,
        at + c * plane,
      )
    }
  }

  private normalizeFloats(values: Float32Array): void {
    const { normalization, inputShape } = this.dataset.fields
    if (normalization === null) return
    const { mean, std } = normalization
    const channels = typeof mean === 'number' && typeof std === 'number' ? 1 : inputShape[0]
    const plane = values.length / channels
    for (let c = 0; c < channels; c++) {
      const m = Math.fround(typeof mean === 'number' ? mean : mean[c])
      const s = Math.fround(typeof std === 'number' ? std : std[c])
      for (let i = c * plane; i < (c + 1) * plane; i++) values[i] = Math.fround(values[i] - m) / s
    }
  }
}

function gather<A extends SampleArray>(from: A, stored: Uint32Array, size: number): A {
  const out = new (from.constructor as new (length: number) => A)(stored.length * size)
  if (size === 1) for (let k = 0; k < stored.length; k++) out[k] = from[stored[k]]
  else {
    for (let k = 0; k < stored.length; k++) {
      const part = from.subarray(stored[k] * size, (stored[k] + 1) * size)
      ;(out as Float32Array).set(part as Float32Array, k * size)
    }
  }
  return out
}

/** Small integers as i64, written as two 32-bit halves because that is several times as fast as BigInt. */
function widen(values: Uint8Array | Int32Array): BigInt64Array {
  const out = new BigInt64Array(values.length)
  const halves = new Int32Array(out.buffer)
  for (let i = 0; i < values.length; i++) {
    halves[2 * i] = values[i]
    halves[2 * i + 1] = values[i] < 0 ? -1 : 0
  }
  return out
}

type Prepared = { batch: Batch } | { error: unknown }

/** Prepares batches in macrotasks of their own, so that work the caller has queued goes first. */
class Prefetcher implements AsyncIterator<Batch, void> {
  private readonly maker: BatchMaker
  private readonly depth: number
  private readonly queue: Prepared[] = []
  private scheduled = false
  private stopped = false

  constructor(maker: BatchMaker, depth: number) {
    this.maker = maker
    this.depth = depth
  }

  async next(): Promise<IteratorResult<Batch, void>> {
    await yieldIfDue()
    if (this.stopped) return { done: true, value: undefined }
    let prepared = this.queue.shift()
    if (prepared === undefined) {
      if (this.maker.position >= this.maker.count) {
        this.stopped = true
        return { done: true, value: undefined }
      }
      prepared = this.prepare()
    }
    if ('error' in prepared) {
      this.stopped = true
      throw prepared.error
    }
    this.schedule()
    return { done: false, value: prepared.batch }
  }

  async return(): Promise<IteratorResult<Batch, void>> {
    this.stopped = true
    this.queue.length = 0
    return { done: true, value: undefined }
  }

  private prepare(): Prepared {
    try {
      return { batch: this.maker.next() }
    } catch (error) {
      return { error }
    }
  }

  private schedule(): void {
    const wanted = (): boolean =>
      !this.stopped && this.queue.length < this.depth && this.maker.position < this.maker.count
    if (this.scheduled || !wanted()) return
    this.scheduled = true
    later(() => {
      this.scheduled = false
      if (!wanted()) return
      const prepared = this.prepare()
      this.queue.push(prepared)
      if ('batch' in prepared) this.schedule()
    })
  }
}

/** Runs `work` in a macrotask. */
function later(work: () => void): void {
  if (typeof setImmediate === 'function') setImmediate(work)
  else setTimeout(work, 0)
}
