/** Checks of derivatives against central differences, for functions and layers of one's own. */
import { isFloat } from '../core/dtype.js'
import { ChainruleError, ValueError } from '../core/errors.js'
import { formatShape } from '../core/shape.js'
import { checkTensor } from './base.js'
import { tensor } from './creation.js'
import { noGrad } from './grad-mode.js'
import { jvp } from './jvp.js'
import { Generator } from './random.js'
import { randn } from './random-tensors.js'
import type { Tensor } from './tensor.js'
import { vjp } from './vjp.js'

export interface GradcheckOptions {
  /** Half the distance of the two points of a difference. Default 1e-6. */
  readonly eps?: number
  /** Absolute tolerance. Default 1e-5. */
  readonly atol?: number
  /** Relative tolerance. Default 1e-3. */
  readonly rtol?: number
  /** Throw where derivatives differ, and not only return false. Default true. */
  readonly raiseException?: boolean
  /** Check forward mode as well. Default false. */
  readonly checkForwardAd?: boolean
}

type TensorFunction = (...inputs: Tensor[]) => Tensor | readonly Tensor[]

const listOf = (value: Tensor | readonly Tensor[]): readonly Tensor[] =>
  Array.isArray(value) ? (value as readonly Tensor[]) : [value as Tensor]

/** Numbers of the inputs to differentiate: those that require a gradient, or all floats where none does. */
function checkedInputs(inputs: readonly Tensor[], eps: number | undefined): number[] {
  inputs.forEach(checkTensor)
  const float = inputs.flatMap((x, i) => (isFloat(x.dtype) ? [i] : []))
  const asked = float.filter((i) => inputs[i].requiresGrad)
  const chosen = asked.length > 0 ? asked : float
  if (chosen.length === 0) throw new ValueError('gradcheck: expected at least one float input, got none.')
  for (const i of chosen) {
    if (inputs[i].dtype !== 'f64' && eps === undefined) {
      throw new ValueError(
        `gradcheck: expected f64 inputs, because differences in ${inputs[i].dtype} are mostly rounding, but input ${i} is ` +
          `${inputs[i].dtype}. Convert with .to('f64'), or pass eps, atol and rtol that fit.`,
      )
    }
  }
  return chosen
}

const numbers = async (x: Tensor): Promise<number[]> => [...(await x.data())].map(Number)

/** `values` in the dtype and shape of `like`. */
const tensorLike = (like: Tensor, values: readonly number[]): Tensor =>
  tensor(Float64Array.from(values), { dtype: 'f64' }).to(like.dtype).reshape(like.shape)

const oneHot = (like: Tensor, at: number): Tensor =>
  tensorLike(
    like,
    Array.from({ length: like.size }, (_, i) => (i === at ? 1 : 0)),
  )

/** Position of a flat index, as `[1, 2]`. */
function position(flat: number, shape: readonly number[]): string {
  const at: number[] = []
  let rest = flat
  for (let i = shape.length - 1; i >= 0; i--) {
    at.unshift(rest % shape[i])
    rest = Math.floor(rest / shape[i])
  }
  return formatShape(at)
}

/** Derivatives of each output element (outer) in each element of an input (inner), by output. */
type Table = number[][][]

async function numericTable(
  f: TensorFunction,
  inputs: readonly Tensor[],
  k: number,
  eps: number,
): Promise<Table> {
  const base = await numbers(inputs[k])
  const at = async (i: number, step: number): Promise<number[][]> => {
    const moved = tensorLike(
      inputs[k],
      base.map((v, j) => (j === i ? v + step : v)),
    )
    const outputs = noGrad(() => listOf(f(...inputs.map((x, j) => (j === k ? moved : x)))))
    return Promise.all(outputs.map(numbers))
  }
  const table: Table = []
  for (let i = 0; i < base.length; i++) {
    const [high, low] = [await at(i, eps), await at(i, -eps)]
    high.forEach((values, o) => {
      table[o] ??= values.map(() => new Array<number>(base.length).fill(0))
      values.forEach((v, j) => {
        table[o][j][i] = (v - low[o][j]) / (2 * eps)
      })
    })
  }
  return table
}

interface Disagreement {
  readonly what: string
  readonly input: number
  readonly output: number
  readonly at: string
  readonly from: string
  readonly numeric: number
  readonly analytic: number
}

const describe = (d: Disagreement, { atol, rtol }: { atol: number; rtol: number }): string =>
  `gradcheck: the ${d.what} of output ${d.output}${d.from} in input ${d.input} at ${d.at} is ${d.analytic}, but differences ` +
  `give ${d.numeric} (allowed ${atol} + ${rtol}·|numeric|). The function's derivative is wrong there, or the function is ` +
  'not differentiable at these inputs, or not the same at each call.'

/**
 * Compares the derivatives of f (tensors to a tensor or a list of them) with central differences at `inputs`: all
 * inputs that require a gradient, or all floats where none does. Inputs should be f64. Throws ChainruleError that names
 * input, element and both values where they differ; with `raiseException: false` returns false.
 */
export async function gradcheck(
  f: TensorFunction,
  inputs: Tensor | readonly Tensor[],
  { eps, atol = 1e-5, rtol = 1e-3, raiseException = true, checkForwardAd = false }: GradcheckOptions = {},
): Promise<boolean> {
  const given = listOf(inputs).map((x) => {
    checkTensor(x)
    return x
  })
  const chosen = checkedInputs(given, eps)
  const detached = given.map((x) => x.detach())
  const [result, back] = vjp(f as (...list: Tensor[]) => Tensor | Tensor[], ...detached)
  const outputs = listOf(result)
  const tables = new Map<number, Table>()
  for (const k of chosen) tables.set(k, await numericTable(f, detached, k, eps ?? 1e-6))

  const compare = (
    what: string,
    k: number,
    o: number,
    j: number,
    i: number,
    analytic: number,
  ): Disagreement | null => {
    const numeric = tables.get(k)![o][j][i]
    if (Math.abs(analytic - numeric) <= atol + rtol * Math.abs(numeric)) return null
    const from = outputs[o].rank === 0 ? '' : ` at ${position(j, outputs[o].shape)}`
    return { what, input: k, output: o, from, at: position(i, detached[k].shape), numeric, analytic }
  }
  const fail = (d: Disagreement): false => {
    if (raiseException) throw new ChainruleError(describe(d, { atol, rtol }))
    return false
  }

  for (const [o, output] of outputs.entries()) {
    if (!isFloat(output.dtype)) continue
    for (let j = 0; j < output.size; j++) {
      const seeds = outputs.map((y, p) => (p === o ? oneHot(y, j) : tensorLike(y, new Array(y.size).fill(0))))
      const found = back((Array.isArray(result) ? seeds : seeds[0]) as Tensor & Tensor[])
      for (const k of chosen) {
        for (const [i, analytic] of (await numbers(found[k])).entries()) {
          const d = compare('gradient', k, o, j, i, analytic)
          if (d !== null) return fail(d)
        }
      }
    }
  }
  if (!checkForwardAd) return true
  for (const k of chosen) {
    for (let i = 0; i < detached[k].size; i++) {
      const along = detached.map((x, p) =>
        p === k ? oneHot(x, i) : tensorLike(x, new Array(x.size).fill(0)),
      )
      const [, tangents] = jvp(f as (...list: Tensor[]) => Tensor | Tensor[], detached, along)
      for (const [o, tangent] of listOf(tangents).entries()) {
        for (const [j, analytic] of (await numbers(tangent)).entries()) {
          const d = compare('tangent', k, o, j, i, analytic)
          if (d !== null) return fail(d)
        }
      }
    }
  }
  return true
}

/**
 * `gradcheck` of the gradient: compares second derivatives with differences of first ones, for random (seeded) or given
 * cotangents of the outputs.
 */
export async function gradgradcheck(
  f: TensorFunction,
  inputs: Tensor | readonly Tensor[],
  gradOutputs: Tensor | readonly Tensor[] | null = null,
  options: GradcheckOptions = {},
): Promise<boolean> {
  const given = listOf(inputs)
  const chosen = checkedInputs(given, options.eps)
  const outputs = noGrad(() => listOf(f(...given.map((x) => x.detach()))))
  const generator = new Generator(20260101)
  const seeds =
    gradOutputs === null
      ? outputs.map((y) => randn(y.shape, { dtype: y.dtype, generator }))
      : listOf(gradOutputs)
  if (seeds.length !== outputs.length) {
    throw new ValueError(`gradgradcheck: expected ${outputs.length} gradOutputs, got ${seeds.length}.`)
  }
  const n = given.length
  const firstOrder = (...list: Tensor[]): Tensor[] => {
    const [result, back] = vjp(f as (...xs: Tensor[]) => Tensor | Tensor[], ...list.slice(0, n))
    const cotangents = list.slice(n)
    const found = back((Array.isArray(result) ? cotangents : cotangents[0]) as Tensor & Tensor[])
    return chosen.map((k) => found[k])
  }
  const asked = chosen.some((k) => given[k].requiresGrad)
  const leaf = (x: Tensor): Tensor => {
    const y = x.detach()
    if (asked && isFloat(y.dtype)) y.requiresGrad = true
    return y
  }
  const all = [...given.map((x, i) => (chosen.includes(i) ? leaf(x) : x.detach())), ...seeds.map(leaf)]
  return gradcheck(firstOrder, all, options)
}
