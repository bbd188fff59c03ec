/** Trees that belong together pair by their keys, whatever order somebody wrote them in, and others are refused. */
import { describe, expect, it } from 'vitest'
import {
  cond,
  customGradient,
  gradients,
  hvp,
  jvp,
  scan,
  type Tensor,
  tensor,
  vjp,
  whileLoop,
} from '../../src/index.js'

type Pair = { a: Tensor; b: Tensor }

async function numbers(tree: Record<string, Tensor>): Promise<Record<string, number>> {
  const entries = Object.entries(tree).map(async ([key, value]) => [key, await value.item()] as const)
  return Object.fromEntries(await Promise.all(entries))
}

/** A value that the types forbid. */
const wrong = (value: unknown): never => value as never

describe('keys in another order', () => {
  const pair = (): Pair => ({ a: tensor(1), b: tensor(10) })

  it.each([true, false])('branches of cond, %s', async (which) => {
    const out = cond(
      tensor(which),
      (a: Tensor) => ({ x: a, y: a.mul(2) }),
      (a: Tensor) => ({ y: a, x: a.mul(100) }),
      tensor(3),
    )
    expect(await numbers(out)).toEqual(which ? { x: 3, y: 6 } : { x: 300, y: 3 })
  })

  it('the carry of whileLoop', async () => {
    const out = whileLoop(
      ({ a }) => a.lt(3),
      ({ a, b }) => ({ b: b.mul(2), a: a.add(1) }),
      { a: tensor(0), b: tensor(10) },
    )
    expect(await numbers(out)).toEqual({ a: 3, b: 80 })
  })

  it('the carry of scan, in trees within trees', async () => {
    const [{ inner }, ys] = scan(
      ({ inner: { a, b } }: { inner: Pair }, _) => [{ inner: { b: b.mul(2), a: a.add(1) } }, { b, a }],
      { inner: pair() },
      null,
      { length: 3 },
    )
    expect(await numbers(inner)).toEqual({ a: 4, b: 80 })
    expect(ys.a.shape).toEqual([3])
  })

  it('tangents of jvp and hvp, cotangents of vjp', async () => {
    const along = (): Pair => ({ b: tensor(0), a: tensor(1) })
    expect(await jvp(({ a, b }: Pair) => a.mul(10).add(b), [pair()], [along()])[1].item()).toBe(10)
    const [, [product]] = hvp(
      ({ a, b }: Pair) => a.square().mul(5).add(b.square()),
      [{ a: tensor(1), b: tensor(2) }],
      [along()],
    )
    expect(await numbers(product)).toEqual({ a: 10, b: 0 })
    const [, back] = vjp((x: Tensor) => ({ x: x.mul(10), y: x.mul(3) }), tensor(1))
    expect(await back({ y: tensor(0), x: tensor(1) })[0].item()).toBe(10)
  })

  it('gradients that customGradient is given', async () => {
    const f = customGradient(
      ({ a, b }: Pair) => a.mul(b),
      () => [{ b: tensor(7), a: tensor(5) }],
    )
    expect(await numbers(gradients(f)(pair()))).toEqual({ a: 5, b: 7 })
  })
})

describe('another structure', () => {
  const a = tensor(1)
  const cases: [string, () => unknown, RegExp][] = [
    [
      'branches of cond',
      () =>
        cond(
          tensor(true),
          () => ({ x: a, y: a }),
          wrong(() => [a, a]),
        ),
      /cond: expected a result of the second branch with \{ x, y \}, got an array of 2/,
    ],
    [
      'the carry of scan as an array',
      () =>
        scan(
          wrong(() => [[a, a], a]),
          { a, b: a },
          null,
          { length: 2 },
        ),
      /scan: expected a carry from the body with \{ a, b \}, got an array of 2/,
    ],
    [
      'other keys of a carry',
      () =>
        scan(
          wrong(() => [{ p: a, q: a }, a]),
          { a, b: a },
          null,
          { length: 2 },
        ),
      /with \{ a, b \}, got \{ p, q \}/,
    ],
    [
      'a number in a carry',
      () =>
        whileLoop(
          () => a.lt(0),
          wrong(() => ({ a: [1] })),
          { a: [a] },
        ),
      /whileLoop: expected a carry from the body with a tensor at a\.0, got 1/,
    ],
    [
      'tangents of jvp',
      () => jvp((t: Pair) => t.a, [{ a, b: a }], wrong([{ p: a, q: a }])),
      /jvp: expected tangents with \{ a, b \} at 0, got \{ p, q \}/,
    ],
    [
      'cotangents of vjp',
      () => vjp((t: Tensor) => ({ t }), a)[1](wrong(a)),
      /vjp: expected cotangents with \{ t \}, got a tensor/,
    ],
    [
      'gradients of customGradient',
      () =>
        gradients(
          customGradient(
            (t: Pair) => t.a,
            () => wrong([{ a }]),
          ),
        )({ a, b: a }),
      /customGradient: expected gradients of arguments 0 with \{ a, b \}, got \{ a \}/,
    ],
    ['no tensor to differentiate', () => gradients(wrong(() => a))(wrong([])), /got an array of 0/],
    [
      'argnums in an object',
      () =>
        gradients(
          wrong(() => a),
          wrong({ argnums: [0] }),
        )(wrong(a)),
      /argnums: expected a number or a list of numbers, got \{ argnums \}/,
    ],
    [
      'half a step',
      () =>
        scan(
          wrong(() => [a, a]),
          a,
          null,
          { length: 2.5 },
        ),
      /scan: expected length to be a whole number of at least 0, got 2.5/,
    ],
    [
      'fewer steps than none',
      () =>
        scan(
          wrong(() => [a, a]),
          a,
          null,
          { length: -3 },
        ),
      /got -3/,
    ],
    [
      'half a checkpoint',
      () =>
        scan(
          wrong(() => [a, a]),
          a,
          null,
          { length: 2, checkpoint: 1.5 },
        ),
      /scan: expected checkpoint to be/,
    ],
    [
      'inputs that are not stacked',
      () =>
        scan(
          wrong(() => [a, a]),
          a,
          a,
        ),
      /scan: expected inputs stacked along axis 0, got a 0-d tensor/,
    ],
  ]
  it.each(cases)('%s', (_, call, message) => {
    expect(call).toThrow(message)
  })
})
