/**
 * Cases whose expected output is one draw of NumPy's random numbers, which nobody else can draw. What can be checked is:
 * shape, dtype, and that each value is one that the operator may give.
 */
import type { Tensor } from '../../src/index.js'

type Check = (actual: Tensor, inputs: readonly Tensor[], output: number) => Promise<string | null>

const sameShape = (actual: Tensor, x: Tensor): string | null =>
  actual.shape.join() === x.shape.join()
    ? null
    : `shape [${actual.shape.join(', ')}], expected [${x.shape.join(', ')}]`

/** Every element is 0 or 1. */
const bernoulli: Check = async (actual, [p]) => {
  const values = Array.from(await actual.data(), Number)
  return (
    sameShape(actual, p) ?? (values.every((v) => v === 0 || v === 1) ? null : 'values other than 0 and 1')
  )
}

/** Every element of the first output is 0 or x/(1 − ratio); the second is a mask. */
const dropout: Check = async (actual, [x, ratio], output) => {
  const wrong = sameShape(actual, x)
  if (wrong !== null) return wrong
  if (output === 1) return actual.dtype === 'bool' ? null : `the mask is ${actual.dtype}`
  const r = ratio === undefined ? 0.5 : await ratio.item()
  const [before, after] = [await x.data(), await actual.data()]
  for (let i = 0; i < after.length; i++) {
    const kept = Number(before[i]) / (1 - r)
    const value = Number(after[i])
    if (value !== 0 && Math.abs(value - kept) > 1e-5 * Math.abs(kept)) return `element ${i} is ${value}`
  }
  return null
}

export const randomCases: Readonly<Record<string, Check>> = {
  'node/test_bernoulli': bernoulli,
  'node/test_bernoulli_double': bernoulli,
  'node/test_bernoulli_seed': bernoulli,
  'node/test_training_dropout': dropout,
  'node/test_training_dropout_default': dropout,
  'node/test_training_dropout_default_mask': dropout,
  'node/test_training_dropout_mask': dropout,
}
