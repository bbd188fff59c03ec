/** Programs made by hand on every compiled backend: commands, status, host calls, threads. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { piecesOf } from '../../src/codegen/emit/pieces.js'
import { atomIndex, constantIndex, loopVar } from '../../src/codegen/index-expression.js'
import { ExprBuilder, type Kernel, register } from '../../src/codegen/loop-ir.js'
import type { Place, Program } from '../../src/codegen/program.js'
import { DeviceError, ValueError } from '../../src/core/errors.js'
import { Storage } from '../../src/core/storage.js'
import { type CompiledBackend, compiledBackends } from '../helpers/compiled-backends.js'
import {
  add,
  buffer,
  call,
  f32,
  less,
  map,
  mixing,
  n,
  place,
  ramp,
  read,
  storage,
  times,
} from '../helpers/hand-made-program.js'

for (const { name, make, absent } of await compiledBackends()) {
  describe.skipIf(absent !== null)(
    `commands on ${name}, on one thread and on two${absent === null ? '' : ` (${absent})`}`,
    () => {
      let one: CompiledBackend
      let two: CompiledBackend
      beforeAll(async () => {
        one = await make({ threads: 1 })
        two = await make({ threads: 2 })
        expect(two.activeThreads).toBe(2)
      })
      afterAll(() => {
        one.close()
        two.close()
      })

      /** Runs on both backends, demands equal bits, and returns them. */
      function both(program: Program, inputs: readonly ArrayLike<number>[]): number[][] {
        const results = [one, two].map((backend) => {
          const outputs = program.outputs.map(
            ({ shape }) =>
              new Storage(
                'f32',
                shape.reduce((a, b) => a * b, 1),
              ),
          )
          const given = inputs.map(storage)
          const executable = backend.compileProgram(program)
          for (let again = 0; again < 3; again++) executable.run(given, outputs)
          return outputs.map(read)
        })
        expect(results[1]).toEqual(results[0])
        expect(two.activeThreads).toBe(2)
        return results[0]
      }

      it('threads meet where kernels depend on each other', () => {
        const [got] = both(mixing(40), [ramp(n, 1 / 8)])
        let values = Float32Array.from(ramp(n, 1 / 8), (x) => x + 1)
        for (let r = 0; r < 40; r++) {
          values = values.map((x) => {
            let sum = x
            for (const y of values) sum = Math.fround(sum + y)
            return sum * (1 / n)
          })
        }
        expect(got).toEqual(Array.from(values, (x) => Math.fround(x + 1)))
      })

      it('loops move their places, forwards and backwards', () => {
        for (const reverse of [false, true]) {
          // state = 2·state + x[t]; y[t] = state
          const b = new ExprBuilder()
          const i = loopVar('i', 0, 31)
          const at = atomIndex(i)
          const kernel: Kernel = {
            name: 'step',
            buffers: [buffer('state', 32, 'readwrite'), buffer('x', 32, 'read'), buffer('y', 32, 'write')],
            body: [
              {
                kind: 'parallel',
                variable: i,
                body: [
                  {
                    kind: 'store',
                    buffer: 0,
                    index: at,
                    stride: 1,
                    value: b.binary(
                      'add',
                      b.binary('mul', b.const(2, 'f32'), b.load(0, 'f32', at)),
                      b.load(1, 'f32', at),
                    ),
                  },
                  { kind: 'store', buffer: 2, index: at, stride: 1, value: b.load(0, 'f32', at) },
                ],
              },
            ],
          }
          const moving = (base: 'input' | 'output'): Place => place(base, 0, 0, [{ loop: 7, bytes: 128 }])
          const program: Program = {
            kernels: [map('zero', 32, times(0)), kernel],
            commands: [
              call(0, place('input'), place('arena')),
              {
                kind: 'loop',
                id: 7,
                count: 5,
                reverse,
                body: [call(1, place('arena'), moving('input'), moving('output'))],
              },
            ],
            arenaBytes: 128,
            donations: new Map(),
            inputs: [f32(5, 32)],
            outputs: [f32(5, 32)],
          }
          const [got] = both(program, [ramp(160)])
          const state = new Array<number>(32).fill(0)
          const wanted = new Array<number>(160)
          for (let step = 0; step < 5; step++) {
            const t = reverse ? 4 - step : step
            for (let k = 0; k < 32; k++) wanted[t * 32 + k] = state[k] = 2 * state[k] + t * 32 + k
          }
          expect(got).toEqual(wanted)
        }
      })

      it('every piece of a shared kernel is done once in each round', async () => {
        // done[p] += 1 once the sum of x, which takes a while, is known.
        const [pieces, size] = [41, 16_384]
        const b = new ExprBuilder()
        const p = loopVar('p', 0, pieces - 1)
        const i = loopVar('i', 0, size - 1)
        const sum = register('sum', 'f32', 1)
        const once = b.select(
          b.binary('eq', b.register(sum), b.const(0, 'f32')),
          b.const(1, 'f32'),
          b.const(100, 'f32'),
        )
        const kernel: Kernel = {
          name: 'count',
          buffers: [buffer('x', size, 'read'), buffer('done', pieces, 'readwrite')],
          body: [
            {
              kind: 'parallel',
              variable: p,
              body: [
                { kind: 'set', register: sum, value: b.const(0, 'f32') },
                {
                  kind: 'for',
                  variable: i,
                  step: 1,
                  body: [
                    {
                      kind: 'set',
                      register: sum,
                      value: b.mulAdd(
                        b.load(0, 'f32', atomIndex(i)),
                        b.load(0, 'f32', atomIndex(i)),
                        b.register(sum),
                      ),
                    },
                  ],
                },
                {
                  kind: 'store',
                  buffer: 1,
                  index: atomIndex(p),
                  stride: 1,
                  value: b.binary('add', b.load(1, 'f32', atomIndex(p)), once),
                },
              ],
            },
          ],
        }
        for (const threads of [2, 3]) expect(piecesOf(kernel, threads)).toBeGreaterThan(1)
        const count = call(0, place('input'), place('output'))
        const program: Program = {
          kernels: [kernel],
          commands: [
            { kind: 'copy', from: place('input'), to: place('output'), bytes: 4 * pieces },
            count,
            { kind: 'loop', id: 3, count: 5, reverse: false, body: [count, count] },
            {
              kind: 'loop',
              id: 4,
              count: 4,
              reverse: false,
              body: [count, { kind: 'loop', id: 5, count: 3, reverse: false, body: [count] }],
            },
          ],
          arenaBytes: 0,
          donations: new Map(),
          inputs: [f32(size)],
          outputs: [f32(pieces)],
        }
        const zeros = new Array<number>(size).fill(0)
        const [got] = both(program, [zeros])
        expect(got).toEqual(new Array<number>(pieces).fill(1 + 10 + 4 * 4))
        // More threads than processors: some are put aside with a piece in their hands.
        const three = await make({ threads: 3 })
        const executable = three.compileProgram(program)
        const output = new Storage('f32', pieces)
        for (let run = 0; run < 50; run++) {
          executable.run([storage(zeros)], [output])
          expect(read(output)).toEqual(got)
        }
        three.close()
      })

      it('while and if follow flags that kernels compute', () => {
        for (const shared of [true, false]) {
          const kernels = [
            map('double', 64, times(2), shared),
            map('same', 64, add(0), shared),
            less(1000),
            less(1200),
            map('negate', 64, times(-1), shared),
          ]
          const flag = place('arena', 0, 512)
          const program: Program = {
            kernels,
            commands: [
              call(1, place('input'), place('arena')),
              {
                kind: 'while',
                condition: [call(2, place('arena'), flag)],
                flag,
                body: [
                  call(0, place('arena'), place('arena', 0, 256)),
                  call(1, place('arena', 0, 256), place('arena')),
                ],
              },
              call(3, place('arena'), flag),
              {
                kind: 'if',
                flag,
                then: [call(1, place('arena'), place('output'))],
                otherwise: [call(4, place('arena'), place('output'))],
              },
            ],
            arenaBytes: 576,
            donations: new Map(),
            inputs: [f32(64)],
            outputs: [f32(64)],
          }
          const from = (start: number): number[] => Array.from({ length: 64 }, (_, i) => start + i)
          expect(both(program, [from(70)])[0]).toEqual(from(70).map((x) => x * 16)) // 1120
          expect(both(program, [from(80)])[0]).toEqual(from(80).map((x) => x * -16)) // 1280
          expect(both(program, [from(3000)])[0]).toEqual(from(3000).map((x) => -x)) // no round at all
        }
      })

      it('copies, large ones shared by the threads', () => {
        for (const size of [1, 1000, 40_000, 100_003]) {
          const program: Program = {
            kernels: [],
            commands: [
              { kind: 'copy', from: place('input'), to: place('arena'), bytes: size * 4 },
              { kind: 'copy', from: place('arena'), to: place('output'), bytes: size * 4 },
            ],
            arenaBytes: Math.ceil(size / 16) * 64,
            donations: new Map(),
            inputs: [f32(size)],
            outputs: [f32(size)],
          }
          expect(both(program, [ramp(size)])[0]).toEqual(ramp(size))
        }
      })

      it('host calls see what kernels wrote and write for the next', () => {
        const seen: number[] = []
        const program: Program = {
          kernels: [map('plus', 32, add(1))],
          commands: [
            call(0, place('input'), place('arena')),
            {
              kind: 'call',
              kernel: {
                name: 'reverse',
                run([x], [y]) {
                  seen.push(x.data[0] as number)
                  expect(x.shape).toEqual([32])
                  ;(y.data as Float32Array).set([...(x.data as Float32Array)].reverse())
                },
              },
              inputs: [{ ...f32(32), place: place('arena') }],
              outputs: [{ ...f32(32), place: place('arena', 0, 128) }],
            },
            call(0, place('arena', 0, 128), place('output')),
          ],
          arenaBytes: 256,
          donations: new Map(),
          inputs: [f32(32)],
          outputs: [f32(32)],
        }
        expect(both(program, [ramp(32)])[0]).toEqual(ramp(32).map((x) => 33 - x))
        expect(seen).toEqual([1, 1, 1, 1, 1, 1])
      })

      it('an error in a host call passes through, and the backend goes on', () => {
        const program: Program = {
          kernels: [],
          commands: [
            {
              kind: 'call',
              kernel: {
                name: 'fails',
                run: () => {
                  throw new RangeError('no')
                },
              },
              inputs: [],
              outputs: [{ ...f32(1000), place: place('output') }],
            },
          ],
          arenaBytes: 0,
          donations: new Map(),
          inputs: [],
          outputs: [f32(1000)],
        }
        expect(() => one.compileProgram(program).run([], [new Storage('f32', 1000)])).toThrow(RangeError)
        expect(both(mixing(1), [ramp(n)])[0]).toHaveLength(n)
      })

      it('a run inside a host call is refused', () => {
        const inner = one.compileProgram(mixing(1))
        const program: Program = {
          kernels: [],
          commands: [
            {
              kind: 'call',
              kernel: { name: 'nested', run: () => inner.run([storage(ramp(n))], [new Storage('f32', n)]) },
              inputs: [],
              outputs: [],
            },
          ],
          arenaBytes: 0,
          donations: new Map(),
          inputs: [],
          outputs: [],
        }
        expect(() => one.compileProgram(program).run([], [])).toThrow(DeviceError)
      })

      it('an index out of range throws after the run and names the kernel', () => {
        const b = new ExprBuilder()
        const row = register('row', 'i32', 1)
        const at = atomIndex({ kind: 'dynamic', value: b.register(row), low: 0, high: 3 })
        const kernel: Kernel = {
          name: 'pick_row',
          buffers: [
            { ...buffer('index', 1, 'read'), dtype: 'i32' },
            buffer('y', 1, 'write'),
            buffer('x', 4, 'read'),
          ],
          body: [
            { kind: 'check', register: row, value: b.load(0, 'i32', constantIndex(0)), low: 0, high: 3 },
            { kind: 'store', buffer: 1, index: constantIndex(0), stride: 1, value: b.load(2, 'f32', at) },
          ],
        }
        const program: Program = {
          kernels: [map('plus', 16, add(1)), kernel],
          commands: [call(1, place('input'), place('output'), place('input', 1))],
          arenaBytes: 0,
          donations: new Map(),
          inputs: [{ shape: [1], dtype: 'i32' }, f32(4)],
          outputs: [f32(1)],
        }
        for (const backend of [one, two]) {
          const executable = backend.compileProgram(program)
          const index = new Storage('i32', 1)
          const out = new Storage('f32', 1)
          index.write()[0] = 2
          executable.run([index, storage([5, 6, 7, 8])], [out])
          expect(read(out)).toEqual([7])
          index.write()[0] = 4
          expect(() => executable.run([index, storage([5, 6, 7, 8])], [out])).toThrow(ValueError)
          expect(() => executable.run([index, storage([5, 6, 7, 8])], [out])).toThrow(/pick_row/)
          index.write()[0] = 0
          executable.run([index, storage([5, 6, 7, 8])], [out])
          expect(read(out)).toEqual([5])
        }
      })
    },
  )
}
