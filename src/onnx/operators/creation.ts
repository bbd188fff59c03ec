/** Operators that make tensors: constants, ranges, random numbers and windows. */
import { writeElement } from '../../core/dtype.js'
import { Storage } from '../../core/storage.js'
import * as b from '../../ir/build.js'
import type { Node } from '../../ir/node.js'
import { addLiteral, like, mulLiteral } from '../../ops/operand.js'
import * as random from '../../ops/random.js'
import { defaultGenerator, Generator } from '../../tensor/random.js'
import type { Context, Rule, Rules } from '../context.js'
import { dtypeOf, type ElementType, elementTypeOf } from '../element-type.js'
import { checkElements, checkHostElements } from '../limits.js'
import { constantTensor, int64Tensor, type OnnxTensor, tensorValue } from '../value.js'
import { castTo } from './elementwise.js'

/** A vector of numbers as a leaf of this type. */
export function numbersTensor(
  type: ElementType,
  values: readonly number[],
  shape = [values.length],
): OnnxTensor {
  const dtype = dtypeOf(type)
  const data = new Storage(dtype, values.length).write()
  values.forEach((value, i) => {
    writeElement(dtype, data, i, value)
  })
  return constantTensor({ type, shape, data })
}

const constant: Rule = (c) => {
  const tensor = c.tensorAttribute('value') ?? c.tensorAttribute('sparse_value')
  if (tensor !== null) return tensor
  if (c.hasAttribute('value_float')) return numbersTensor('float', [c.float('value_float')], [])
  if (c.hasAttribute('value_int')) return int64Tensor([c.int('value_int')], [])
  const floats = c.floats('value_floats')
  if (c.hasAttribute('value_floats') && floats !== null) return numbersTensor('float', floats)
  const ints = c.ints('value_ints')
  if (c.hasAttribute('value_ints') && ints !== null) return int64Tensor(ints, [ints.length])
  return c.fail('expected numbers as the value; strings are not supported.')
}

const constantOfShape: Rule = (c) => {
  const shape = c.numbers(0)
  if (shape.some((n) => !(n >= 0))) c.fail(`expected sizes of 0 or more, got [${shape.join(', ')}].`)
  checkElements(shape)
  const value = c.tensorAttribute('value')
  if (value === null) return tensorValue(b.full(shape, 0, 'f32'), 'float')
  const scalar = b.reshape(
    value.node,
    shape.map(() => 1),
  )
  return tensorValue(b.expand(scalar, shape), value.type)
}

const range: Rule = (c) => {
  const [start, limit, delta] = [c.number(0), c.number(1), c.number(2)]
  const count = Math.max(0, Math.ceil((limit - start) / delta))
  if (!Number.isFinite(count)) c.fail(`expected a finite range, got ${start} to ${limit} by ${delta}.`)
  checkHostElements(count)
  return numbersTensor(
    c.type(0),
    Array.from({ length: count }, (_, i) => start + i * delta),
  )
}

const eyeLike: Rule = (c) => {
  c.expectRank(0, 2)
  const shape = c.shape(0)
  const type = c.hasAttribute('dtype') ? elementTypeOf(c.int('dtype'), 'EyeLike') : c.type(0)
  const row = b.iota(shape, 0, 'i32')
  const hit = b.eq(addLiteral(row, c.int('k', 0)), b.iota(shape, 1, 'i32'))
  return tensorValue(b.cast(hit, dtypeOf(type)), type)
}

/** The key of an operator that draws: its own `seed`, or the generator that `manualSeed` seeds. */
const keyOf = (c: Context): Node =>
  (c.hasAttribute('seed') ? new Generator(Math.floor(Math.abs(c.float('seed')))) : defaultGenerator).nextKey()

const drawnType = (c: Context, fallback: ElementType): ElementType =>
  c.hasAttribute('dtype') && c.int('dtype') !== 0 ? elementTypeOf(c.int('dtype'), c.op) : fallback

const randomLike = (c: Context): ElementType => drawnType(c, c.count > 0 ? c.type(0) : 'float')
const randomShape = (c: Context): readonly number[] => (c.count > 0 ? c.shape(0) : (c.ints('shape') ?? []))

const uniform: Rule = (c) => {
  const type = randomLike(c)
  const shape = randomShape(c)
  checkElements(shape)
  return tensorValue(
    random.uniform(keyOf(c), shape, c.float('low', 0), c.float('high', 1), dtypeOf(type)),
    type,
  )
}

const normal: Rule = (c) => {
  const type = randomLike(c)
  const shape = randomShape(c)
  checkElements(shape)
  const z = random.randn(keyOf(c), shape, dtypeOf(type))
  return tensorValue(addLiteral(mulLiteral(z, c.float('scale', 1)), c.float('mean', 0)), type)
}

const bernoulli: Rule = (c) => {
  const type = drawnType(c, c.type(0))
  const p = c.x(0)
  const draws = random.rand(keyOf(c), p.shape, p.dtype === 'f64' ? 'f64' : 'f32')
  return tensorValue(b.cast(b.lt(draws, b.cast(p, draws.dtype)), dtypeOf(type)), type)
}

const multinomial: Rule = (c) => {
  c.expectRank(0, 2)
  const [rows, classes] = c.shape(0)
  const count = c.int('sample_size', 1)
  checkElements([rows, count, classes])
  const logits = b.expand(b.reshape(c.x(0), [rows, 1, classes]), [rows, count, classes])
  const type = c.int('dtype', 6) === 7 ? 'int64' : 'int32'
  return tensorValue(b.cast(random.categorical(keyOf(c), logits), dtypeOf(type)), type)
}

/** Σ aₖ·cos(2πk·i/n) for a window of `size` values; n is size, or size − 1 where the window is symmetric. */
const cosineWindow =
  (coefficients: readonly number[]): Rule =>
  (c) => {
    const size = c.number(0)
    checkHostElements(size)
    const n = c.int('periodic', 1) !== 0 ? size : size - 1
    const values = Array.from({ length: size }, (_, i) =>
      coefficients.reduce((sum, a, k) => sum + a * Math.cos((2 * Math.PI * k * i) / n), 0),
    )
    return numbersTensor(elementTypeOf(c.int('output_datatype', 1), c.op), values)
  }

const mel = (hertz: number): number => 2595 * Math.log10(1 + hertz / 700)
const hertz = (m: number): number => 700 * (10 ** (m / 2595) - 1)

/** Triangles on the mel scale over the bins of a spectrum: (dft_length/2 + 1, num_mel_bins). */
const melWeightMatrix: Rule = (c) => {
  const [bins, length, rate, low, high] = [0, 1, 2, 3, 4].map((i) => c.number(i))
  const rows = Math.floor(length / 2) + 1
  checkHostElements(rows * bins)
  const step = (mel(high) - mel(low)) / (bins + 2)
  const edges = Array.from({ length: bins + 2 }, (_, i) =>
    Math.floor(((length + 1) * hertz(mel(low) + i * step)) / rate),
  )
  const values = new Array<number>(rows * bins).fill(0)
  for (let k = 0; k < bins; k++) {
    const [from, center, to] = [edges[k], edges[k + 1], edges[k + 2]]
    const put = (j: number, value: number): void => {
      if (j >= 0 && j < rows) values[j * bins + k] = value
    }
    if (center === from) put(center, 1)
    else for (let j = from; j <= center; j++) put(j, (j - from) / (center - from))
    if (to > center) for (let j = center; j < to; j++) put(j, (to - j) / (to - center))
  }
  return numbersTensor(elementTypeOf(c.int('output_datatype', 1), c.op), values, [rows, bins])
}

/** `on` at each index along a new axis and `off` elsewhere; an index that is no class gives only `off`. */
const oneHot: Rule = (c) => {
  const depth = c.number(1)
  const indices = castTo(c.tensor(0), 'int64').node
  const axis = c.axis(c.int('axis', -1), indices.shape.length + 1)
  const shape = [...indices.shape.slice(0, axis), depth, ...indices.shape.slice(axis)]
  checkElements(shape)
  const target = b.where(b.lt(indices, like(indices, 0)), addLiteral(indices, depth), indices)
  const wide = b.expand(b.reshape(target, shape.with(axis, 1)), shape)
  const values = c.x(2)
  const of = (i: number): Node =>
    b.expand(
      b.reshape(
        b.sliceAxis(values, 0, i, i + 1),
        shape.map(() => 1),
      ),
      shape,
    )
  return c.like(b.where(b.eq(b.iota(shape, axis, 'i64'), wide), of(1), of(0)), 2)
}

export const creation: Rules = {
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Range: range,
  EyeLike: eyeLike,
  RandomUniform: uniform,
  RandomUniformLike: uniform,
  RandomNormal: normal,
  RandomNormalLike: normal,
  Bernoulli: bernoulli,
  Multinomial: multinomial,
  HannWindow: cosineWindow([0.5, -0.5]),
  HammingWindow: cosineWindow([25 / 46, -21 / 46]),
  BlackmanWindow: cosineWindow([0.42, -0.5, 0.08]),
  MelWeightMatrix: melWeightMatrix,
  OneHot: oneHot,
}
