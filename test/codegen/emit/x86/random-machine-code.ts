/**
 * Random functions of machine instructions over virtual registers, with what they do in plain JavaScript beside each:
 * many values of every class that live across loops, jumps and calls, and short-lived ones.
 */
import type { Assembler } from '../../../../src/codegen/emit/x86/assembler.js'
import {
  inView,
  MachineFunction,
  memory,
  type RegisterClass,
  type View,
  type VirtualRegister,
} from '../../../../src/codegen/emit/x86/machine-code.js'
import type { Random } from '../../../helpers/random.js'

/** What a function works on: values by the register's id, and memory. */
interface State {
  readonly general: Map<number, bigint>
  readonly vectors: Map<number, Int32Array>
  readonly masks: Map<number, number>
  readonly doubles: Map<number, number>
  readonly memory: DataView
}

type Action = (s: State) => void

export interface RandomFunction {
  readonly function: MachineFunction
  /** Does to `memory` what the function does. `parameters` are the second and third. */
  interpret(memory: DataView, parameters: readonly [bigint, bigint]): void
  /** Bytes that it reads and writes. */
  readonly memoryBytes: number
}

const wrap = (x: bigint): bigint => BigInt.asIntN(64, x)

export function randomFunction(random: Random, a: Assembler, avx512: boolean, floor: number): RandomFunction {
  const f = new MachineFunction()
  const lanes = avx512 ? 16 : 8
  const view: View = avx512 ? 'zmm' : 'ymm'
  const vectorBytes = 4 * lanes
  const [base, first, second] = [f.parameter(), f.parameter(), f.parameter()]
  const many = (c: RegisterClass, low: number, high: number): VirtualRegister[] =>
    Array.from({ length: random.integer(low, high) }, () => f.register(c))
  const general = [...many('gpr', 2, 24)]
  const vectors = many('vec', 2, 45)
  const masks = avx512 ? many('mask', 1, 12) : []
  const doubles = many('vec', 1, 8)
  const slots = 16
  const memoryBytes = slots * 64
  const at = (): number => 64 * random.integer(0, slots)

  const code: Action[] = []
  const say = (into: Action[], action: Action): void => void into.push(action)
  const r64 = (r: VirtualRegister) => inView(r, 'r64')
  const v = (r: VirtualRegister) => inView(r, view)
  const laneWise =
    (
      to: VirtualRegister,
      x: VirtualRegister,
      y: VirtualRegister,
      op: (p: number, q: number) => number,
    ): Action =>
    (s) => {
      const [p, q] = [s.vectors.get(x.id)!, s.vectors.get(y.id)!]
      s.vectors.set(
        to.id,
        p.map((value, i) => op(value, q[i])),
      )
    }
  const readVector = (s: State, offset: number): Int32Array =>
    Int32Array.from({ length: lanes }, (_, i) => s.memory.getInt32(offset + 4 * i, true))

  for (const r of general) {
    const value = BigInt(random.integer(-(2 ** 30), 2 ** 30)) * (random.next() < 0.3 ? 2n ** 20n : 1n)
    f.plain('define', 'mov', [
      r64(r),
      random.next() < 0.5 || value > 2n ** 30n || value < -(2n ** 30n) ? value : Number(value),
    ])
    say(code, (s) => s.general.set(r.id, value))
  }
  for (const [r, k] of [
    [first, 0],
    [second, 1],
  ] as const) {
    // Some parameters live long, some are never looked at.
    if (random.next() < 0.7) general.push(r)
    void k
  }
  for (const r of vectors) {
    const offset = at()
    f.plain('define', 'vmovups', [v(r), memory(base, offset)])
    say(code, (s) => s.vectors.set(r.id, readVector(s, offset)))
  }
  for (const r of masks) {
    const [x, y] = [random.pick(vectors), random.pick(vectors)]
    f.plain('define', 'vpcmpd', [inView(r, 'k'), v(x), v(y), 1])
    say(code, (s) => {
      const [p, q] = [s.vectors.get(x.id)!, s.vectors.get(y.id)!]
      s.masks.set(
        r.id,
        p.reduce((bits, value, i) => bits | (value < q[i] ? 1 << i : 0), 0),
      )
    })
  }
  for (const r of doubles) {
    const x = random.pick(general)
    f.clear(r, 'xmm')
    f.plain('modify', 'vcvtsi2sd', [inView(r, 'xmm'), inView(r, 'xmm'), r64(x)])
    say(code, (s) => s.doubles.set(r.id, Number(s.general.get(x.id)!)))
  }

  const arithmetic = (out: Action[]): void => {
    const kind = random.integer(0, avx512 ? 16 : 12)
    const [x, y, z] = [random.pick(general), random.pick(general), random.pick(general)]
    const [p, q, o] = [random.pick(vectors), random.pick(vectors), random.pick(vectors)]
    switch (kind) {
      case 0: {
        const op = random.pick(['add', 'sub', 'xor', 'and', 'or', 'imul'] as const)
        f.plain('modify', op, [r64(x), r64(y)])
        const does = {
          add: (m: bigint, n: bigint) => m + n,
          sub: (m: bigint, n: bigint) => m - n,
          xor: (m: bigint, n: bigint) => m ^ n,
          and: (m: bigint, n: bigint) => m & n,
          or: (m: bigint, n: bigint) => m | n,
          imul: (m: bigint, n: bigint) => m * n,
        }[op]
        say(out, (s) => s.general.set(x.id, wrap(does(s.general.get(x.id)!, s.general.get(y.id)!))))
        return
      }
      case 1: {
        const scale = random.pick([1, 2, 4, 8] as const)
        const disp = random.integer(-1000, 1000)
        f.plain('define', 'lea', [r64(z), { ...memory(x, disp), index: r64(y), scale }])
        say(out, (s) =>
          s.general.set(
            z.id,
            wrap(s.general.get(x.id)! + s.general.get(y.id)! * BigInt(scale) + BigInt(disp)),
          ),
        )
        return
      }
      case 2: {
        f.plain('define', 'mov', [inView(z, 'r32'), inView(x, 'r32')])
        say(out, (s) => s.general.set(z.id, BigInt.asUintN(32, s.general.get(x.id)!)))
        return
      }
      case 3: {
        f.plain('use', 'cmp', [r64(x), r64(y)])
        f.plain('modify', 'cmovl', [r64(z), r64(x)])
        say(out, (s) => {
          if (s.general.get(x.id)! < s.general.get(y.id)!) s.general.set(z.id, s.general.get(x.id)!)
        })
        return
      }
      case 4: {
        const [flag, wide] = [f.register('gpr'), f.register('gpr')]
        f.plain('use', 'cmp', [r64(x), r64(y)])
        f.plain('define', 'setle', [inView(flag, 'r8')])
        f.plain('define', 'movzx', [inView(wide, 'r32'), inView(flag, 'r8')])
        f.plain('modify', 'add', [r64(z), r64(wide)])
        say(out, (s) => {
          const more = s.general.get(x.id)! <= s.general.get(y.id)! ? 1n : 0n
          s.general.set(z.id, wrap(s.general.get(z.id)! + more))
        })
        return
      }
      case 5: {
        const [dividend, divisor] = [f.register('gpr'), f.register('gpr')]
        f.plain('define', 'mov', [inView(dividend, 'r32'), inView(x, 'r32')])
        f.plain('define', 'mov', [inView(divisor, 'r32'), inView(y, 'r32')])
        f.plain('modify', 'or', [r64(divisor), 1])
        const result = random.pick(['quotient', 'remainder'] as const)
        f.add({
          kind: 'divide',
          wide: true,
          signed: random.next() < 0.5,
          dividend,
          divisor,
          target: z,
          result,
        })
        say(out, (s) => {
          const m = BigInt.asUintN(32, s.general.get(x.id)!)
          const n = BigInt.asUintN(32, s.general.get(y.id)!) | 1n
          s.general.set(z.id, result === 'quotient' ? m / n : m % n)
        })
        return
      }
      case 6: {
        const offset = at()
        f.plain('use', 'mov', [memory(base, offset), r64(x)])
        say(out, (s) => s.memory.setBigInt64(offset, s.general.get(x.id)!, true))
        return
      }
      case 7: {
        const offset = at()
        if (random.next() < 0.5) {
          f.plain('use', 'vmovups', [memory(base, offset), v(p)])
          say(out, (s) =>
            s.vectors.get(p.id)!.forEach((value, i) => {
              s.memory.setInt32(offset + 4 * i, value, true)
            }),
          )
        } else {
          f.plain('define', 'vpaddd', [v(o), v(p), memory(base, offset)])
          say(out, (s) => {
            const m = readVector(s, offset)
            s.vectors.set(
              o.id,
              s.vectors.get(p.id)!.map((value, i) => value + m[i]),
            )
          })
        }
        return
      }
      case 8:
      case 9: {
        const op = random.pick(['vpaddd', 'vpsubd', 'vpmulld', 'vxorps'] as const)
        f.plain('define', op, [v(o), v(p), v(q)])
        const does = {
          vpaddd: (m: number, n: number) => m + n,
          vpsubd: (m: number, n: number) => m - n,
          vpmulld: Math.imul,
          vxorps: (m: number, n: number) => m ^ n,
        }[op]
        say(out, laneWise(o, p, q, does))
        return
      }
      case 10: {
        const staging = f.frame(64)
        f.plain('use', 'vmovups', [memory('frame', staging), v(p)])
        const lane = random.integer(0, lanes)
        f.plain('define', 'mov', [inView(z, 'r32'), memory('frame', staging + 4 * lane)])
        say(out, (s) => s.general.set(z.id, BigInt(s.vectors.get(p.id)![lane] >>> 0)))
        return
      }
      case 11: {
        const [d, e] = [random.pick(doubles), random.pick(doubles)]
        if (random.next() < 0.6) {
          f.plain('define', 'vaddsd', [inView(d, 'xmm'), inView(d, 'xmm'), inView(e, 'xmm')])
          say(out, (s) => s.doubles.set(d.id, s.doubles.get(d.id)! + s.doubles.get(e.id)!))
        } else {
          f.add({ kind: 'call', symbol: 'floor', address: floor, arguments: [d], target: e })
          say(out, (s) => s.doubles.set(e.id, Math.floor(s.doubles.get(d.id)!)))
        }
        return
      }
      case 12: {
        const [k, l, m] = [random.pick(masks), random.pick(masks), random.pick(masks)]
        const op = random.pick(['kandw', 'korw', 'kxorw', 'kandnw'] as const)
        f.plain('define', op, [inView(k, 'k'), inView(l, 'k'), inView(m, 'k')])
        const does = {
          kandw: (b: number, c: number) => b & c,
          korw: (b: number, c: number) => b | c,
          kxorw: (b: number, c: number) => b ^ c,
          kandnw: (b: number, c: number) => ~b & c & 0xffff,
        }[op]
        say(out, (s) => s.masks.set(k.id, does(s.masks.get(l.id)!, s.masks.get(m.id)!)))
        return
      }
      case 13: {
        const k = random.pick(masks)
        const zero = random.next() < 0.5
        f.plain('define', 'vpaddd', [v(o), v(p), v(q)], k, zero)
        say(out, (s) => {
          const [m, n, old, bits] = [
            s.vectors.get(p.id)!,
            s.vectors.get(q.id)!,
            s.vectors.get(o.id)!,
            s.masks.get(k.id)!,
          ]
          s.vectors.set(
            o.id,
            m.map((value, i) => ((bits >> i) & 1 ? value + n[i] : zero ? 0 : old[i])),
          )
        })
        return
      }
      case 14: {
        const k = random.pick(masks)
        f.plain('define', 'vblendmps', [v(o), v(p), v(q)], k)
        say(out, (s) => {
          const [m, n, bits] = [s.vectors.get(p.id)!, s.vectors.get(q.id)!, s.masks.get(k.id)!]
          s.vectors.set(
            o.id,
            m.map((value, i) => ((bits >> i) & 1 ? n[i] : value)),
          )
        })
        return
      }
      default: {
        const k = random.pick(masks)
        f.plain('define', 'vpcmpd', [inView(k, 'k'), v(p), v(q), 1])
        say(out, laneCompare(k, p, q))
      }
    }
  }
  const laneCompare =
    (k: VirtualRegister, p: VirtualRegister, q: VirtualRegister): Action =>
    (s) => {
      const [m, n] = [s.vectors.get(p.id)!, s.vectors.get(q.id)!]
      s.masks.set(
        k.id,
        m.reduce((bits, value, i) => bits | (value < n[i] ? 1 << i : 0), 0),
      )
    }

  const block = (out: Action[], depth: number): void => {
    const count = random.integer(3, 20)
    for (let i = 0; i < count; i++) {
      const kind = random.next()
      if (depth > 0 && kind < 0.12) {
        const counter = f.register('gpr')
        const rounds = random.integer(1, 4)
        f.plain('define', 'mov', [r64(counter), rounds])
        const body: Action[] = []
        f.loop(() => {
          const again = a.label()
          f.label(again)
          block(body, depth - 1)
          f.plain('modify', 'sub', [r64(counter), 1])
          f.jump('ne', again)
        })
        say(out, (s) => {
          for (let round = 0; round < rounds; round++) for (const action of body) action(s)
        })
      } else if (depth > 0 && kind < 0.22) {
        const [x, y] = [random.pick(general), random.pick(general)]
        const skip = a.label()
        f.plain('use', 'cmp', [r64(x), r64(y)])
        f.jump('l', skip)
        const body: Action[] = []
        block(body, depth - 1)
        f.label(skip)
        say(out, (s) => {
          if (s.general.get(x.id)! >= s.general.get(y.id)!) for (const action of body) action(s)
        })
      } else arithmetic(out)
    }
  }
  block(code, 3)

  // Everything that lives goes to memory, mixed.
  const fold = (offset: number, register: VirtualRegister): void => {
    f.plain('use', 'add', [memory(base, offset), r64(register)])
    say(code, (s) =>
      s.memory.setBigInt64(
        offset,
        wrap(s.memory.getBigInt64(offset, true) + s.general.get(register.id)!),
        true,
      ),
    )
  }
  for (const r of general) fold(at(), r)
  for (const r of vectors) {
    const offset = at()
    const sum = f.register('vec')
    f.plain('define', 'vpaddd', [v(sum), v(r), memory(base, offset)])
    f.plain('use', 'vmovups', [memory(base, offset), v(sum)])
    say(code, (s) => {
      const m = readVector(s, offset)
      for (const [i, value] of s.vectors.get(r.id)!.entries())
        s.memory.setInt32(offset + 4 * i, value + m[i], true)
    })
  }
  for (const r of masks) {
    const bits = f.register('gpr')
    f.plain('define', 'kmovw', [inView(bits, 'r32'), inView(r, 'k')])
    const offset = at()
    f.plain('use', 'mov', [memory(base, offset), inView(bits, 'r32')])
    say(code, (s) => s.memory.setInt32(offset, s.masks.get(r.id)!, true))
  }
  for (const r of doubles) {
    const offset = at() + vectorBytes - 8
    f.plain('use', 'vmovsd', [memory(base, offset), inView(r, 'xmm')])
    say(code, (s) => s.memory.setFloat64(offset, s.doubles.get(r.id)!, true))
  }

  return {
    function: f,
    memoryBytes,
    interpret(data, [x, y]) {
      const state: State = {
        general: new Map([
          [first.id, x],
          [second.id, y],
        ]),
        vectors: new Map(),
        masks: new Map(),
        doubles: new Map(),
        memory: data,
      }
      for (const action of code) action(state)
    },
  }
}
