/** What the shape rules say: each message names the operation, what was expected and what came. */
import { describe, expect, it } from 'vitest'
import type { DType } from '../../src/core/dtype.js'
import { DTypeError, ShapeError, ValueError } from '../../src/core/errors.js'
import * as b from '../../src/ir/build.js'
import { body } from './op-cases/bodies.js'

const t = (shape: readonly number[], dtype: DType = 'f32') => b.placeholder(shape, dtype)
const plain = { batch: [[], []], contracting: [[1], [0]], accumulate: 'f32' } as const
const convAttrs = { stride: [1], padding: [[0, 0]], dilation: [1], inputDilation: [1], groups: 1 } as const
const windows = { size: [3], stride: [1], dilation: [1] }
const sumStep = body(
  b,
  [
    [[2], 'f32'],
    [[2], 'f32'],
  ],
  ([c, x]) => [b.add(c, x)],
)

const shapes: readonly (readonly [string, () => unknown, RegExp])[] = [
  ['add of different shapes', () => b.add(t([2, 3]), t([3, 2])), /add: shapes \[2, 3\] and \[3, 2\] differ/],
  ['where', () => b.where(t([2], 'bool'), t([3]), t([3])), /where: shapes \[2\] and \[3\] differ/],
  ['reshape', () => b.reshape(t([2, 3]), [4]), /reshape: shape \[2, 3\] has 6 elements, \[4\] would need 4/],
  [
    'reshape to a negative size',
    () => b.reshape(t([2, 3]), [-1, 6]),
    /reshape: expected non-negative integer sizes, got \[-1, 6\]/,
  ],
  [
    'permute twice the same',
    () => b.permute(t([2, 3]), [1, 1]),
    /permute: expected each of the axes 0 to 1 once, got \[1, 1\]/,
  ],
  [
    'permute of another rank',
    () => b.permute(t([2, 3]), [1, 0, 2]),
    /permute: expected 2 entries for shape \[2, 3\], got 3/,
  ],
  [
    'expand',
    () => b.expand(t([2, 3]), [4, 3]),
    /expand: cannot stretch \[2, 3\] to \[4, 3\]: axis 0 has size 2/,
  ],
  [
    'pad to less than nothing',
    () => b.pad(t([3]), [-2], [-2], [0], 0),
    /pad: expected non-negative integer sizes, got \[-1\]/,
  ],
  [
    'pad with negative interior',
    () => b.pad(t([3]), [9], [0], [-1], 0),
    /pad: expected interior ≥ 0, got \[-1\]/,
  ],
  [
    'slice',
    () => b.slice(t([5]), [2], [7], [1]),
    /slice: expected 0 ≤ start ≤ stop ≤ 5 and step ≥ 1 on axis 0 of \[5\], got 2:7:1/,
  ],
  ['slice with step 0', () => b.slice(t([5]), [0], [4], [0]), /got 0:4:0/],
  ['flip', () => b.flip(t([2, 3]), [2]), /flip: expected distinct axes from 0 to 1 of \[2, 3\], got \[2\]/],
  [
    'concat',
    () => b.concat([t([2, 3]), t([3, 2])], 0),
    /concat: shapes \[2, 3\] and \[3, 2\] differ outside axis 0/,
  ],
  ['concat of nothing', () => b.concat([], 0), /concat: expected at least one tensor, got none/],
  [
    'concat on a missing axis',
    () => b.concat([t([2]), t([2])], 1),
    /concat: expected an axis from 0 to 0 of \[2\], got 1/,
  ],
  [
    'reduceSum on a missing axis',
    () => b.reduceSum(t([2, 3]), [2]),
    /reduceSum: expected distinct axes from 0 to 1 of \[2, 3\], got \[2\]/,
  ],
  [
    'reduceSum twice over one axis',
    () => b.reduceSum(t([2, 3]), [1, 1]),
    /reduceSum: expected distinct axes .* got \[1, 1\]/,
  ],
  ['reduceMax of nothing', () => b.reduceMax(t([2, 0]), [1]), /reduceMax: an empty axis of \[2, 0\]/],
  ['argMax of nothing', () => b.argMax(t([0]), 0), /argMax: axis 0 of \[0\] is empty/],
  [
    'argMax on a missing axis',
    () => b.argMax(t([3]), 1),
    /argMax: expected distinct axes from 0 to 0 of \[3\], got \[1\]/,
  ],
  ['cumSum on a missing axis', () => b.cumSum(t([3]), -1, false), /cumSum: .* got \[-1\]/],
  [
    'contract',
    () => b.contract(t([2, 3]), t([4, 5]), plain),
    /contract: paired axes differ in size: axis 1 of \[2, 3\] and axis 0 of \[4, 5\]/,
  ],
  [
    'contract over a missing axis',
    () => b.contract(t([2]), t([2]), plain),
    /contract: expected distinct axes from 0 to 0 of \[2\], got batch \[\] and contracting \[1\]/,
  ],
  [
    'contract with an axis twice',
    () => b.contract(t([2, 3]), t([3, 2]), { ...plain, batch: [[1], [0]] }),
    /contract: expected distinct axes/,
  ],
  [
    'contract with unpaired axes',
    () => b.contract(t([2, 3]), t([3, 2]), { ...plain, batch: [[0], []] }),
    /contract: expected as many axes on the left as on the right/,
  ],
  [
    'conv of different ranks',
    () => b.conv(t([1, 2, 5]), t([3, 2, 3, 3]), convAttrs),
    /conv: expected input .* got \[1, 2, 5\] and \[3, 2, 3, 3\]/,
  ],
  [
    'conv of wrong channels',
    () => b.conv(t([1, 3, 5]), t([4, 2, 3]), convAttrs),
    /conv: input \[1, 3, 5\] has 3 channels, but weight \[4, 2, 3\] with groups 1 takes 2/,
  ],
  [
    'conv of groups that do not divide',
    () => b.conv(t([1, 4, 5]), t([3, 2, 3]), { ...convAttrs, groups: 2 }),
    /3 output channels do not divide/,
  ],
  [
    'conv of a kernel too large',
    () => b.conv(t([1, 1, 2]), t([1, 1, 5]), convAttrs),
    /conv: kernel of size 5 \(dilation 1\) does not fit the input \[1, 1, 2\]/,
  ],
  [
    'conv with strides of another rank',
    () => b.conv(t([1, 1, 5]), t([1, 1, 3]), { ...convAttrs, stride: [1, 1] }),
    /conv: expected 1 entries of stride for input \[1, 1, 5\], got 2/,
  ],
  [
    'window',
    () => b.window(t([2]), windows),
    /window: windows of \[3\] .* do not fit the trailing axes of \[2\]/,
  ],
  [
    'window of more axes',
    () => b.window(t([5]), { size: [2, 2], stride: [1, 1], dilation: [1, 1] }),
    /window: windows of \[2, 2\]/,
  ],
  [
    'fold',
    () => b.fold(t([3, 2]), { ...windows, spatial: [5] }),
    /fold: expected windows of shape \[3, 3\], got \[3, 2\]/,
  ],
  [
    'windowReduce',
    () => b.windowReduce(t([1]), { ...windows, padding: [[0, 1]], kind: 'max' }),
    /windowReduce: windows of \[3\]/,
  ],
  [
    'gather',
    () => b.gather(t([2, 3]), t([3, 1], 'i64'), 1),
    /gather: index \[3, 1\] must have the sizes of \[2, 3\] outside axis 1/,
  ],
  [
    'gather on a missing axis',
    () => b.gather(t([2]), t([2], 'i64'), 1),
    /gather: expected an axis from 0 to 0 of \[2\], got 1/,
  ],
  [
    'scatter',
    () => b.scatter(t([3]), t([2], 'i64'), t([1]), 0, 'add'),
    /scatter: expected updates f32 of the index's shape \[2\], got f32 \[1\]/,
  ],
  [
    'dynamicSlice too large',
    () => b.dynamicSlice(t([3]), [t([], 'i32')], [4]),
    /dynamicSlice: a slice of \[4\] does not fit \[3\]/,
  ],
  [
    'dynamicSlice without starts',
    () => b.dynamicSlice(t([3]), [], [2]),
    /dynamicSlice: expected one 0-d i32 start for each of the 1 axes of \[3\]/,
  ],
  [
    'dynamicUpdate of another rank',
    () => b.dynamicUpdate(t([3]), t([]), [t([], 'i32')]),
    /dynamicUpdate: an update f32 \[\] does not fit f32 \[3\]/,
  ],
  [
    'sort with another payload',
    () => b.sort([t([3]), t([2])], 0, false),
    /sort: keys \[3\] and payload \[2\] differ in shape/,
  ],
  [
    'scan of other steps',
    () => b.scan(sumStep, { consts: [], carry: [t([2])], xs: [t([4, 2])] }, { length: 5 }),
    /scan: input 0 of shape \[4, 2\] should have 5 steps on axis 0/,
  ],
  [
    'scan of another carry',
    () => b.scan(sumStep, { consts: [], carry: [t([3])], xs: [t([5, 2])] }, { length: 5 }),
    /scan: body parameter 0 should be f32 \[2\], got f32 \[3\]/,
  ],
  [
    'scan whose carry changes',
    () =>
      b.scan(
        body(b, [[[2], 'f32']], ([c]) => [b.reduceSum(c, [0])]),
        { consts: [], carry: [t([2])], xs: [] },
        { length: 5 },
      ),
    /scan: carry 0 should be f32 \[2\], got f32 \[\]/,
  ],
  [
    'scan with too few results',
    () =>
      b.scan(
        body(b, [[[2], 'f32']], () => []),
        { consts: [], carry: [t([2])], xs: [] },
        { length: 5 },
      ),
    /scan: expected 1 carry, got 0/,
  ],
  [
    'cond whose branches differ',
    () =>
      b.cond(
        t([], 'bool'),
        [body(b, [[[2], 'f32']], ([x]) => [x]), body(b, [[[2], 'f32']], ([x]) => [b.reduceSum(x, [0])])],
        [t([2])],
      ),
    /cond: branch result 0 should be f32 \[2\], got f32 \[\]/,
  ],
  [
    'while whose body changes the carry',
    () =>
      b.whileLoop(
        body(b, [[[2], 'f32']], () => [b.constant(0, 'bool')]),
        body(b, [[[2], 'f32']], ([x]) => [b.reduceSum(x, [0])]),
        [t([2])],
        0,
      ),
    /while: carry 0 should be f32 \[2\], got f32 \[\]/,
  ],
  [
    'randomBits',
    () => b.randomBits(t([2], 'i32'), [3]),
    /randomBits: expected a key of shape \[3\], got \[2\]/,
  ],
]

const dtypes: readonly (readonly [string, () => unknown, RegExp])[] = [
  ['add of two dtypes', () => b.add(t([2]), t([2], 'f64')), /add: expected equal dtypes, got f32 and f64/],
  [
    'add of bool',
    () => b.add(t([2], 'bool'), t([2], 'bool')),
    /add: expected number elements, got bool\. Cast first/,
  ],
  ['exp of integers', () => b.exp(t([2], 'i32')), /exp: expected float elements, got i32/],
  ['and of floats', () => b.and(t([2]), t([2])), /and: expected bits elements, got f32/],
  [
    'shift of bool',
    () => b.shiftLeft(t([2], 'bool'), t([2], 'bool')),
    /shiftLeft: expected integer elements, got bool/,
  ],
  ['where on numbers', () => b.where(t([2]), t([2]), t([2])), /where: expected bool elements, got f32/],
  [
    'where of two dtypes',
    () => b.where(t([2], 'bool'), t([2]), t([2], 'i32')),
    /where: expected equal dtypes, got f32 and i32/,
  ],
  [
    'bitcast to another size',
    () => b.bitcast(t([2]), 'f64'),
    /bitcast: expected dtypes of equal size, got f32 and f64/,
  ],
  [
    'concat of two dtypes',
    () => b.concat([t([2]), t([2], 'f16')], 0),
    /concat: expected equal dtypes, got f32 and f16/,
  ],
  ['reduceSum of bool', () => b.reduceSum(t([2], 'bool'), [0]), /reduceSum: expected numbers, got bool/],
  ['argMax of bool', () => b.argMax(t([2], 'bool'), 0), /argMax: expected numbers, got bool/],
  [
    'contract of two dtypes',
    () => b.contract(t([2, 3]), t([3, 2], 'f64'), plain),
    /contract: expected two numeric tensors of one dtype, got f32 and f64/,
  ],
  [
    'conv of integers',
    () => b.conv(t([1, 1, 5], 'i32'), t([1, 1, 3], 'i32'), convAttrs),
    /conv: expected two float tensors of one dtype, got i32 and i32/,
  ],
  [
    'gather with float indices',
    () => b.gather(t([2]), t([2]), 0),
    /gather: expected i32 or i64 indices, got f32\. Cast first/,
  ],
  [
    'scan of another dtype',
    () => b.scan(sumStep, { consts: [], carry: [t([2], 'f64')], xs: [t([5, 2])] }, { length: 5 }),
    /scan: body parameter 0 should be f32 \[2\], got f64 \[2\]/,
  ],
  [
    'cond on a number',
    () => b.cond(t([]), [body(b, [], () => []), body(b, [], () => [])], []),
    /cond: predicate 0 should be bool \[\], got f32 \[\]/,
  ],
  ['randomBits', () => b.randomBits(t([3]), [3]), /randomBits: expected an i32 key, got f32/],
]

describe('shapes', () => {
  it.each(shapes)('%s', (_, build, message) => {
    expect(build).toThrow(ShapeError)
    expect(build).toThrow(message)
  })
})

describe('dtypes', () => {
  it.each(dtypes)('%s', (_, build, message) => {
    expect(build).toThrow(DTypeError)
    expect(build).toThrow(message)
  })
})

describe('values', () => {
  it('conv with stride 0', () => {
    const build = () => b.conv(t([1, 1, 5]), t([1, 1, 3]), { ...convAttrs, stride: [0] })
    expect(build).toThrow(ValueError)
    expect(build).toThrow(/conv: expected positive integers, got stride \[0\]/)
  })
  it.each([
    [
      'a placeholder',
      t([2]),
      /scan: expected a body that reads its parameters and constants only, but it reads a placeholder from outside \(f32 \[2\]\)/,
    ],
    ['a constant, which it may,', b.full([2], 0, 'f32'), null],
    [
      'a scalar',
      b.expand(b.reshape(b.scalar(2, 'f32'), [1]), [2]),
      /reads a scalar from outside \(f32 \[\]\)\. Pass it in/,
    ],
  ] as const)('a body that reads %s from outside', (_, outside, message) => {
    const build = () =>
      b.scan(
        body(b, [[[2], 'f32']], ([c]) => [b.add(c, outside)]),
        { consts: [], carry: [t([2])], xs: [] },
        { length: 2 },
      )
    if (message === null) return expect(build).not.toThrow()
    expect(build).toThrow(ValueError)
    expect(build).toThrow(message)
  })
})
