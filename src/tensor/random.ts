/**
 * Random numbers: a counter-based generator whose state is a buffer, so that compiled steps draw anew at each replay
 * and every backend draws the same bits.
 */
import { DTypeError, ShapeError, TraceError, ValueError } from '../core/errors.js'
import { Storage } from '../core/storage.js'
import * as build from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { examples, isRepeated, isSymbolic, tracing } from '../runtime/state.js'
import { checkTensor } from './base.js'
import { Buffer } from './parameter.js'
import { Tensor } from './tensor.js'

function stateStorage(low: number, high: number, counter: number): Storage {
  const storage = new Storage('i32', 3)
  ;(storage.write() as Int32Array).set([low, high, counter])
  return storage
}

const repeatedDraw =
  'Expected no random draw (rand, dropout, …) inside vmap, scan or whileLoop: it would be the same for every example or ' +
  'step. Draw outside, with an axis for the examples or steps, and pass the numbers in; vmap also takes ' +
  "{ randomness: 'different' } or 'same'."

function splitSeed(seed: number): [number, number] {
  if (!Number.isSafeInteger(seed)) throw new ValueError(`Expected an integer seed, got ${seed}.`)
  return [seed | 0, Math.floor(seed / 2 ** 32) | 0]
}

/** A seed that differs at each call: 53 random bits. */
const freshSeed = (): number => {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2))
  return (high >>> 11) * 2 ** 32 + low
}

/**
 * A stream of random numbers. Equal seeds give equal streams, on every device. Pass it as `generator` to what draws;
 * a compiled step reads and advances it as state.
 */
export class Generator {
  /** i32[3]: the seed's low and high word, and how many draws there were. */
  readonly state: Buffer

  /** Default seed: 67280421310721, as PyTorch's. */
  constructor(seed = 67280421310721) {
    this.state = new Buffer(new Tensor(build.buffer(stateStorage(...splitSeed(seed), 0), [3])))
  }

  /** Starts the stream of another seed. Returns the generator. */
  manualSeed(seed: number): this {
    this.setState(new Tensor(build.buffer(stateStorage(...splitSeed(seed), 0), [3])))
    return this
  }

  /** Starts the stream of a seed that differs at each call, and returns that seed. */
  seed(): number {
    const seed = freshSeed()
    this.manualSeed(seed)
    return seed
  }

  /** The seed that the present stream started from. */
  initialSeed(): number {
    const [low, high] = this.state.dataSync() as Int32Array
    return high * 2 ** 32 + (low >>> 0)
  }

  /** The present state, for `setState` later. */
  getState(): Tensor {
    return this.state.detach()
  }

  /** Goes back to a state of `getState`. */
  setState(state: Tensor): void {
    checkTensor(state)
    if (state.dtype !== 'i32') throw new DTypeError(`setState: expected an i32 tensor, got ${state.dtype}.`)
    if (state.size !== 3) throw new ShapeError(`setState: expected 3 elements, got ${state.size}.`)
    this.state.assign(state)
  }

  /** @internal The key of the next draw; moves the stream on. */
  nextKey(): Node {
    if (isRepeated()) throw new TraceError(repeatedDraw)
    const key = this.state.node
    const storage = key.storage
    if (tracing === null && !isSymbolic() && storage !== null) {
      // Eager draws advance on the host: no pending work for a counter.
      const [low, high, counter] = storage.array() as Int32Array
      this.state.assign(new Tensor(build.buffer(stateStorage(low, high, (counter + 1) | 0), [3])))
      return key
    }
    const counter = build.cast(build.eq(build.iota([3], 0, 'i32'), build.full([3], 2, 'i32')), 'i32')
    const draws = examples.reduce((n, { size }) => n * size, 1)
    this.state.assign(new Tensor(build.add(key, build.mul(counter, build.full([3], draws, 'i32')))))
    if (examples.length === 0) return key
    // Example i of a batch takes the draw i places on.
    const number = examples.reduce(
      (n, { index, size }) => build.add(build.mul(n, build.constant(size, 'i32')), index),
      build.constant(0, 'i32'),
    )
    return build.add(key, build.mul(counter, build.expand(build.reshape(number, [1]), [3])))
  }
}

/** The generator that random functions use by default. */
export const defaultGenerator = new Generator(0x5eed)

/** Seeds the default generator and returns it. */
export const manualSeed = (seed: number): Generator => defaultGenerator.manualSeed(seed)

/** Seeds the default generator differently at each call and returns the seed. */
export const seed = (): number => defaultGenerator.seed()

/** The seed that the default generator's present stream started from. */
export const initialSeed = (): number => defaultGenerator.initialSeed()

/** The default generator's state, for `setRngState` later. */
export const getRngState = (): Tensor => defaultGenerator.getState()

/** Sets the default generator back to a state of `getRngState`. */
export const setRngState = (state: Tensor): void => defaultGenerator.setState(state)
