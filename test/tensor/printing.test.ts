/** Tensors as text: PyTorch's own texts, suffixes, options, what `console.log` shows, statistics, graphs. */
import { inspect } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import type { DType } from '../../src/core/dtype.js'
import { ValueError } from '../../src/core/errors.js'
import type { Shape } from '../../src/core/shape.js'
import { compile } from '../../src/tensor/compile.js'
import { full, ones, tensor, zeros } from '../../src/tensor/creation.js'
import { describeGraph } from '../../src/tensor/describe-graph.js'
import { formatTensor } from '../../src/tensor/format.js'
import { Parameter } from '../../src/tensor/parameter.js'
import { type PrintOptions, setPrintOptions } from '../../src/tensor/print-options.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { vmap } from '../../src/tensor/transforms.js'
import { readGolden } from '../helpers/goldens.js'

interface Row {
  readonly shape: Shape
  readonly dtype: DType
  readonly data: string | readonly string[]
  readonly text: string
  readonly options?: PrintOptions
}

const valuesOf = ({ data }: Row): ArrayLike<number | bigint> =>
  typeof data === 'string'
    ? new Float64Array(new Uint8Array(Buffer.from(data, 'base64')).buffer)
    : data.map(BigInt)

/** PyTorch's text in our notation. Other suffixes do not occur: the goldens' default dtype is each row's. */
const ours = (row: Row): string =>
  row.text
    .replaceAll('True', 'true')
    .replaceAll('False', 'false')
    .replace(/size=\((.*?),?\)/, 'shape=[$1]')
    .replace(/, dtype=torch\.(int64)\)$/, ', dtype=i64)')
    .replace(/, dtype=torch\.bool\)$/, ', dtype=bool)')

afterEach(() => {
  setPrintOptions({ profile: 'default' })
})

describe('printing against PyTorch', () => {
  const rows = readGolden<Row[]>('printing')
  it('has every dtype and kind of shape', () => {
    expect(rows.length).toBeGreaterThan(150)
    expect(new Set(rows.map((r) => r.dtype))).toEqual(new Set(['f32', 'f64', 'f16', 'i64', 'bool']))
  })
  rows.forEach((row, i) => {
    it(`${i}: ${row.dtype} [${row.shape}]${row.options ? ` ${JSON.stringify(row.options)}` : ''}`, () => {
      setPrintOptions(row.options ?? {})
      const values = valuesOf(row)
      const at = (k: number): number | bigint => values[k]
      const text = formatTensor({ shape: row.shape, dtype: row.dtype, at })
      expect(text.replace(/(,)?\s*dtype=(f64|f16)(?=\)$)/, '')).toBe(ours(row))
    })
  })
})

describe('tensors as text', () => {
  it('have suffixes in our notation, on a line of their own where the last is full', () => {
    expect(String(zeros([2], { dtype: 'f64' }))).toBe('tensor([0., 0.], dtype=f64)')
    expect(String(zeros([0, 3], { dtype: 'i64' }))).toBe('tensor([], shape=[0, 3], dtype=i64)')
    expect(String(tensor([0.1, 1], { dtype: 'f16' }))).toBe('tensor([0.1000, 1.0000], dtype=f16)')
    expect(String(tensor([0.1, 1], { dtype: 'bf16' }))).toBe('tensor([0.1001, 1.0000], dtype=bf16)')
    expect(String(tensor([1, 255], { dtype: 'u8' }))).toBe('tensor([  1, 255], dtype=u8)')
    const x = ones([2], { requiresGrad: true })
    expect(String(x)).toBe('tensor([1., 1.], requiresGrad=true)')
    expect(String(x.mul(2))).toBe('tensor([2., 2.], gradFn=<mul>)')
    expect(String(full([17], 1.5, { requiresGrad: true, dtype: 'f64' }))).toMatch(
      /1\.5000\],\n {7}dtype=f64, requiresGrad=true\)$/,
    )
    expect(String(new Parameter(ones([1])))).toBe('Parameter containing:\ntensor([1.], requiresGrad=true)')
  })

  it('show i64 exactly', () => {
    const x = tensor(new BigInt64Array([2n ** 53n + 1n, -(2n ** 63n)]))
    expect(String(x)).toBe('tensor([    9007199254740993, -9223372036854775808])')
  })

  it('compute what is pending, and say so where there is nothing to compute', () => {
    expect(String(ones([2]).add(1))).toBe('tensor([2., 2.])')
    const seen: string[] = []
    const step = compile((x: Tensor) => {
      seen.push(inspect(x))
      return x.mul(2)
    })
    step(ones([2]))
    vmap((x: Tensor) => {
      seen.push(inspect({ y: x.add(1) }))
      return x
    })(ones([2, 3]))
    expect(seen[0]).toBe('Tensor(traced, shape=[2], dtype=f32)')
    expect(seen.at(-1)).toBe('{ y: Tensor(traced, shape=[3], dtype=f32) }')
  })

  it('look right in console.log and util.inspect, inside of objects too', () => {
    expect(inspect(tensor([[1, 2]]))).toBe('tensor([[1., 2.]])')
    const two = tensor([
      [1, 2],
      [3, 4],
    ])
    expect(inspect({ two })).toBe('{\n  two: tensor([[1., 2.],\n          [3., 4.]])\n}')
    expect(inspect({ a: { b: { c: { two } } } }, { depth: 1 })).toContain('[Object]')
    expect(inspect([[[two]]], { depth: 2 })).toContain('[Tensor f32[2, 2]]')
    const bad = tensor([1, 2]).indexSelect(0, tensor([5], { dtype: 'i64' }))
    expect(inspect(bad)).toMatch(/^Tensor\(shape=\[1\], dtype=f32, no value: .*out of range/s)
  })

  it('setPrintOptions gives back what was in force and refuses nonsense', () => {
    const before = setPrintOptions({ precision: 2 })
    expect(before).toEqual({ precision: 4, threshold: 1000, edgeItems: 3, lineWidth: 80, sciMode: null })
    expect(String(tensor([0.123456]))).toBe('tensor([0.12])')
    setPrintOptions(before)
    expect(String(tensor([0.123456]))).toBe('tensor([0.1235])')
    expect(() => setPrintOptions({ precision: -1 })).toThrow(ValueError)
    expect(() => setPrintOptions({ digits: 3 } as PrintOptions)).toThrow(
      /expected the options .* got 'digits'/,
    )
    expect(() => setPrintOptions({ profile: 'tall' as never })).toThrow(/default, short, full, got tall/)
  })
})

describe('describe()', () => {
  it('gives statistics of the finite values and counts the others', async () => {
    const s = await tensor([4, 1, Number.NaN, 3, 2, Number.POSITIVE_INFINITY, 0, -Infinity]).describe()
    expect({ ...s }).toEqual({
      shape: [8],
      dtype: 'f32',
      count: 8,
      mean: 2,
      std: Math.sqrt(2.5),
      min: 0,
      q25: 1,
      median: 2,
      q75: 3,
      max: 4,
      nanCount: 1,
      infCount: 2,
      zeroCount: 1,
    })
    expect(String(s)).toBe(
      [
        'tensor of shape [8], f32',
        'count  8',
        'mean   2',
        'std    1.58114',
        'min    0',
        'q25    1',
        'median 2',
        'q75    3',
        'max    4',
        'nan    1',
        'inf    2',
        'zero   1',
      ].join('\n'),
    )
    expect(inspect(s)).toBe(String(s))
    const quartiles = await tensor([1, 2, 3, 4], { dtype: 'i64' }).describe()
    expect([quartiles.q25, quartiles.median, quartiles.q75]).toEqual([1.75, 2.5, 3.25])
    expect((await zeros([0]).describe()).mean).toBeNaN()
    expect((await tensor([true, false]).describe()).mean).toBe(0.5)
  })
})

describe('describeGraph', () => {
  it('lists what a tensor will compute, without computing it', () => {
    const x = tensor([1, 2])
    const y = x.mul(x).sum()
    expect(describeGraph(y)).toBe(
      '%0 = buffer : f32[2]\n%1 = mul %0 %0 : f32[2]\n%2 = reduceSum %1 {axes: [0]} : f32[]\nreturn %2',
    )
    y.itemSync()
    expect(describeGraph(y)).toBe('%0 = reduceSum (computed) {axes: [0]} : f32[]\nreturn %0')
    expect(() => describeGraph(3 as never)).toThrow(/Expected a tensor/)
  })
})
