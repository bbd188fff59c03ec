/**
 * A data set in memory: inputs and targets in the compact types they are stored in (pictures as bytes), turned into
 * tensors one batch at a time.
 */
import { DataError, ValueError } from '../core/errors.js'
import { formatShape, sizeOf } from '../core/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { Batches, type BatchOptions } from './batches.js'
import { randomSampler } from './sampler.js'

/** Types that samples are stored in. Bytes that are pictures become f32 tensors; the others keep their type. */
export type SampleArray = Uint8Array | Float32Array | Float64Array | Int32Array | BigInt64Array

/** (x - mean) / std for each channel, after bytes were scaled to 0…1. */
export interface Normalization {
  readonly mean: number | readonly number[]
  readonly std: number | readonly number[]
}

export interface DatasetFields {
  /** All inputs, one after the other. Not copied. */
  readonly inputs: SampleArray
  /** Shape of one input, for example [1, 28, 28]. Default [] (one number each). */
  readonly inputShape?: readonly number[]
  /** All targets, one after the other. Not copied. */
  readonly targets: SampleArray
  /** Shape of one target. Default [] (a class index or a number). */
  readonly targetShape?: readonly number[]
  /**
   * What to do with inputs stored as bytes: 'pixels' (default) gives f32 from 0 to 1, then normalised; 'bytes' gives u8
   * tensors as they are.
   */
  readonly bytes?: 'pixels' | 'bytes'
  /** Applied to pixels and to Float32Array inputs. Default none. */
  readonly normalization?: Normalization | null
  /** Names of the classes, where targets are class indices. */
  readonly classes?: readonly string[]
}

export class Dataset {
  readonly fields: Required<DatasetFields>
  /** Which stored samples are part of this set, in order; null for all. */
  readonly indices: Uint32Array | null
  /** Number of samples. */
  readonly length: number

  constructor(fields: DatasetFields, indices: Uint32Array | null = null) {
    const { inputs, targets, inputShape = [], targetShape = [], classes = [], normalization = null } = fields
    this.fields = {
      inputs,
      targets,
      inputShape,
      targetShape,
      classes,
      normalization,
      bytes: fields.bytes ?? 'pixels',
    }
    const stored = inputs.length / sizeOf(inputShape)
    if (!Number.isInteger(stored) || targets.length !== stored * sizeOf(targetShape)) {
      throw new DataError(
        `Dataset: expected as many inputs of shape ${formatShape(inputShape)} as targets of shape ` +
          `${formatShape(targetShape)}, got ${inputs.length} and ${targets.length} values.`,
      )
    }
    if (indices?.some((i) => i >= stored)) {
      throw new DataError(
        `Dataset: expected indices below ${stored}, got ${indices.find((i) => i >= stored)}.`,
      )
    }
    this.indices = indices
    this.length = indices?.length ?? stored
  }

  /** Shape of one input. */
  get inputShape(): readonly number[] {
    return this.fields.inputShape
  }

  /** Names of the classes; empty where there are none. */
  get classes(): readonly string[] {
    return this.fields.classes
  }

  /**
   * Batches of [x, y] tensors, as an async iterable (which keeps the event loop alive) and as an iterable.
   *
   * x has shape [n, ...inputShape], y [n, ...targetShape]; class indices are i64. Iterating again is the next epoch with
   * another order where `shuffle` is set; the order depends on `seed` and epoch only. See `BatchOptions`.
   */
  batches(batchSize: number, options: BatchOptions = {}): Batches {
    return new Batches(this, batchSize, options)
  }

  /** Samples `i` as a batch of one: [x, y]. */
  get(i: number): [Tensor, Tensor] {
    if (!Number.isInteger(i) || i < 0 || i >= this.length) {
      throw new ValueError(`Dataset.get: expected an index from 0 to ${this.length - 1}, got ${i}.`)
    }
    for (const batch of this.subset([i]).batches(1)) return batch
    throw new ValueError('Dataset.get: the data set is empty.')
  }

  /** The stored index of sample `i`. */
  storedIndex(i: number): number {
    return this.indices === null ? i : this.indices[i]
  }

  /** The samples at `positions`, in that order, without copying data. */
  subset(positions: ArrayLike<number>): Dataset {
    const indices = Uint32Array.from(positions, (i) => {
      if (!Number.isInteger(i) || i < 0 || i >= this.length) {
        throw new ValueError(`Dataset.subset: expected indices from 0 to ${this.length - 1}, got ${i}.`)
      }
      return this.storedIndex(i)
    })
    return new Dataset(this.fields, indices)
  }

  /** The first `n` samples (all if there are fewer). */
  take(n: number): Dataset {
    return this.slice(0, n)
  }

  /** Samples `start` to `end` (not included), as `Array.prototype.slice`. */
  slice(start: number, end = this.length): Dataset {
    const positions: number[] = []
    const from = start < 0 ? Math.max(0, this.length + start) : start
    const to = end < 0 ? this.length + end : Math.min(end, this.length)
    for (let i = from; i < to; i++) positions.push(i)
    return this.subset(positions)
  }

  /**
   * Random parts without overlap: `sizes` are counts, or fractions that sum to at most 1. The same seed gives the same
   * parts.
   */
  split(sizes: readonly number[], options: { seed?: number } = {}): Dataset[] {
    const fractions = sizes.every((n) => n <= 1) && sizes.reduce((a, b) => a + b, 0) <= 1 + 1e-9
    const counts = fractions ? sizes.map((n) => Math.floor(n * this.length + 1e-9)) : [...sizes]
    const total = counts.reduce((a, b) => a + b, 0)
    if (counts.some((n) => !Number.isInteger(n) || n < 0) || total > this.length) {
      throw new ValueError(
        `Dataset.split: expected counts or fractions of at most ${this.length} samples, got ${formatShape(sizes)}.`,
      )
    }
    const order = randomSampler(this.length, options.seed ?? 0, 0)
    let start = 0
    return counts.map((count) => {
      start += count
      return this.subset(order.subarray(start - count, start))
    })
  }

  /** The same samples with another normalisation; null for none (pixels from 0 to 1). */
  withNormalization(normalization: Normalization | null): Dataset {
    return new Dataset({ ...this.fields, normalization }, this.indices)
  }
}
