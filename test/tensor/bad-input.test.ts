/** What plain JavaScript can pass and no type checker stops: each mistake is an error that says what to do. */
import { describe, expect, it } from 'vitest'
import {
  Buffer,
  bernoulli,
  ChainruleError,
  cat,
  compile,
  cond,
  full,
  functional,
  gradients,
  ones,
  Parameter,
  type Tensor,
  tensor,
  valueAndGrad,
  where,
  zeros,
} from '../../src/index.js'

/** A value that the types forbid. */
const wrong = (value: unknown): never => value as never

const x = ones([2, 3])

const notTensors: [string, () => unknown][] = [
  ['add of an array', () => x.add(wrong([1, 2, 3]))],
  ['add of a string', () => x.add(wrong('2'))],
  ['add of a boolean', () => x.add(wrong(true))],
  ['add of undefined', () => x.add(wrong(undefined))],
  ['add of null', () => x.add(wrong(null))],
  ['matmul', () => x.matmul(wrong([[1], [2], [3]]))],
  ['gather', () => x.gather(0, wrong([[0]]))],
  ['where', () => where(wrong([true]), 1, 2)],
  ['cat', () => cat(wrong([1, 2]))],
  [
    'cond',
    () =>
      cond(
        wrong(true),
        () => x,
        () => x,
      ),
  ],
  ['linear', () => functional.linear(wrong([[1, 2, 3]]), x)],
  ['crossEntropy', () => functional.crossEntropy(x, wrong([0, 1]))],
  ['assign', () => new Parameter(x).assign(wrong([1]))],
  ['Parameter', () => new Parameter(wrong([1, 2]))],
  ['Buffer', () => new Buffer(wrong(3))],
  [
    'grad',
    () => {
      new Parameter(x).grad = wrong([1])
    },
  ],
]

describe('a value where a tensor belongs', () => {
  it.each(notTensors)('%s', (_, call) => {
    expect(call).toThrow(/Expected a tensor, got .*tensor\(values\)/)
  })
})

describe('functions of layers inside a compiled step', () => {
  // Every function of the namespace, at every place of its first two arguments.
  const functions = Object.entries(functional).filter(([, fn]) => typeof fn === 'function')
  it('there are many', () => expect(functions.length).toBeGreaterThan(80))
  for (const [name, fn] of functions) {
    it(`${name} of something else is an error with a sentence`, () => {
      const call = fn as (...args: unknown[]) => unknown
      const calls: unknown[][] = [[[1, 2]], ['a'], [3], [x, 'a']]
      for (const args of calls) {
        const step = compile(() => {
          call(...args)
          return x
        })
        let error: unknown
        try {
          step()
        } catch (e) {
          error = e
        }
        // A second argument may be left to default, or be of any kind.
        if (args.length === 1) expect(error, JSON.stringify(args)).toBeDefined()
        if (error !== undefined) expect(error, JSON.stringify(args)).toBeInstanceOf(ChainruleError)
      }
    })
  }
})

describe('sizes and axes that are no list', () => {
  it.each([
    ['zeros(2, 3)', () => zeros(wrong(2)), /zeros: expected one array of integers/],
    ['zeros()', () => zeros(wrong(undefined)), /zeros: expected one array of integers/],
    ['reshape(3, 2)', () => x.reshape(wrong(3)), /reshape: expected one array of integers/],
    [
      'permute(1, 0)',
      () => (x as Tensor).permute(1 as unknown as number[]),
      /permute: expected one array of integers/,
    ],
    [
      'sum({ keepdim })',
      () => (x as Tensor).sum(wrong([{ keepdim: true }].at(0))),
      /sum: expected an axis.*Options come after/,
    ],
    ['pad mode', () => x.pad([1, 1], { mode: wrong('edge') }), /pad: expected mode constant, reflect/],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(message)
  })
})

describe('values that no one can mean', () => {
  it.each([
    ['zeros', () => zeros([2], { dtype: wrong('float32') })],
    ['full', () => full([2], 1, { dtype: wrong('float32') })],
    ['to', () => x.to(wrong('cuda'))],
    ['a name of Object.prototype', () => x.to(wrong('toString'))],
  ])('dtype of %s', (_, call) => {
    expect(call).toThrow(/Expected a dtype \(f32, f64/)
  })

  it('full takes a number, bernoulli a probability', () => {
    expect(() => full([2], wrong('a'))).toThrow(/full: expected a number/)
    expect(() => bernoulli(2, { shape: [3] })).toThrow(/bernoulli: expected p from 0 to 1/)
  })

  it('a gradient with respect to a number', () => {
    const f = (k: Tensor) => x.mul(k).sum()
    expect(() => gradients(f)(wrong(3))).toThrow(/argument 0 of the function to differentiate, got 3/)
    expect(() => valueAndGrad(f)(wrong(3))).toThrow(/argument 0/)
    expect(gradients(f)(tensor(3)).itemSync()).toBe(6)
  })
})

describe('JavaScript operators', () => {
  it('comparison and arithmetic throw; text works', () => {
    expect(() => wrong(x) > wrong(tensor(1))).toThrow(/a\.lt\(b\)/)
    expect(() => wrong(x) * 2).toThrow(/a\.mul\(b\)/)
    expect(`${tensor(2)}`).toBe('tensor(2.)')
    expect(['loss', tensor(2)].join(' ')).toBe('loss tensor(2.)')
  })
})
