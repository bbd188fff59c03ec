/**
 * A hyper-parameter as state: a number to the user, 0-d buffers to the graph, so that setting it compiles nothing.
 */
import { ValueError } from '../core/errors.js'
import { tensor } from '../tensor/creation.js'
import { noGrad } from '../tensor/grad-mode.js'
import { observe } from '../tensor/observe.js'
import { Buffer } from '../tensor/parameter.js'

/** What else the update needs of a slot's value, computed in double precision when it is set. */
export type Derived = Readonly<Record<string, (value: number) => number>>

/** How a hyper-parameter is checked and what is derived from it. */
export interface SlotRule {
  readonly check: (value: number) => boolean
  /** The sentence's end after "expected": "lr to be at least 0". */
  readonly expected: string
  readonly derived?: Derived
}

export class Slot {
  /** The value, f32. */
  readonly buffer: Buffer
  /** One buffer for each derived value. */
  readonly derived: Readonly<Record<string, Buffer>>
  #value: number
  #name: string
  #rule: SlotRule

  constructor(name: string, value: number, rule: SlotRule) {
    this.#name = name
    this.#value = value
    this.#rule = rule
    this.#check(value)
    this.buffer = new Buffer(tensor(value, { dtype: 'f32' }))
    const derived: Record<string, Buffer> = {}
    for (const [key, fn] of Object.entries(rule.derived ?? {})) {
      derived[key] = new Buffer(tensor(fn(value), { dtype: 'f32' }))
    }
    this.derived = derived
  }

  #check(value: number): void {
    if (typeof value === 'number' && this.#rule.check(value)) return
    throw new ValueError(`Optimizer: expected ${this.#name} to be ${this.#rule.expected}, got ${value}.`)
  }

  get value(): number {
    observe(this, 'value', this.#value)
    return this.#value
  }

  set value(value: number) {
    this.#check(value)
    if (Object.is(value, this.#value)) return
    this.#value = value
    noGrad(() => {
      this.buffer.assign(tensor(value, { dtype: 'f32' }))
      for (const [key, fn] of Object.entries(this.#rule.derived ?? {})) {
        this.derived[key].assign(tensor(fn(value), { dtype: 'f32' }))
      }
    })
  }
}

const nonNegative: SlotRule = { check: (v) => v >= 0, expected: 'at least 0' }
const decay: SlotRule = { check: (v) => v >= 0 && v < 1, expected: 'at least 0 and below 1' }

/** The rules of the usual hyper-parameters. */
export const slotRules = {
  nonNegative,
  /** A decay rate β with 1 - β and log β, which f32 could not give from β without losing digits. */
  decay: {
    ...decay,
    derived: { complement: (v: number) => 1 - v, log: (v: number) => Math.log(v) },
  } satisfies SlotRule,
  /** A rate with its complement 1 - v; any number. */
  rate: {
    check: Number.isFinite,
    expected: 'finite',
    derived: { complement: (v: number) => 1 - v },
  } satisfies SlotRule,
}
