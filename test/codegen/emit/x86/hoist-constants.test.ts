/** Constants of inner loops stand in registers: their loads took longer than a polynomial's arithmetic. */
import { describe, expect, it } from 'vitest'
import { Assembler } from '../../../../src/codegen/emit/x86/assembler.js'
import { writeKernel } from '../../../../src/codegen/emit/x86/write-kernel.js'
import { atomIndex, loopVar, scaleIndex } from '../../../../src/codegen/index-expression.js'
import { type Expr, ExprBuilder, type Kernel } from '../../../../src/codegen/loop-ir.js'
import { expandUnary } from '../../../../src/codegen/math.js'
import { optimise } from '../../../../src/codegen/optimise.js'
import { instructionSets, runNativeKernel } from './run-native-kernel.js'

const lanes = 8
const rounds = 4

/** y = f(x), a vector a round. */
function kernelOf(f: (b: ExprBuilder, x: Expr) => Expr): Kernel {
  const b = new ExprBuilder()
  const variable = loopVar('i', 0, rounds - 1)
  const index = scaleIndex(atomIndex(variable), lanes)
  const value = f(b, b.load(0, 'f32', index, lanes))
  const size = rounds * lanes
  return {
    name: 'kernel',
    buffers: [
      { name: 'x', dtype: 'f32', size, access: 'read', kind: 'argument' },
      { name: 'y', dtype: 'f32', size, access: 'write', kind: 'argument' },
    ],
    body: [{ kind: 'for', variable, step: 1, body: [{ kind: 'store', buffer: 1, index, stride: 1, value }] }],
  }
}

/** The instructions between the label that the last jump goes back to and that jump. */
function loopOf(kernel: Kernel, avx512: boolean): string[] {
  const a = new Assembler({ avx512, listing: true })
  const options = { avx512, fusedMultiplyAdd: true, hostFunctions: new Map<string, number>() }
  writeKernel(a, optimise(kernel), options, 1)
  a.finish()
  const lines = a.listing.split('\n').map((line) => line.replace(/^\s*[0-9a-f]+\s+/, ''))
  const end = lines.findLastIndex((line) => line.startsWith('jle '))
  const start = lines.indexOf(`${lines[end].slice(4)}:`)
  return lines.slice(start, end)
}

const constants = (lines: readonly string[]): number => lines.filter((line) => line.includes('[rip')).length

describe('constants of an inner loop', () => {
  const exp = kernelOf((b, x) => expandUnary(b, 'exp', x))

  it('are loaded before it where there are registers', () => {
    const loop = loopOf(exp, true)
    expect(loop.length).toBeGreaterThan(20)
    expect(constants(loop)).toBe(0)
  })

  it('stay in memory where the loop needs the registers', () => {
    // 16 registers: some constants find room beside the values, no value loses its own.
    const loop = loopOf(exp, false)
    expect(constants(loop)).toBeGreaterThan(0)
    expect(loop.filter((line) => /\[r(sp|bp)/.test(line))).toEqual([])
  })

  it('are what they were', () => {
    // More constants than registers, each lane of each used once.
    const many = kernelOf((b, x) => {
      let sum = x
      for (let i = 1; i <= 40; i++)
        sum = b.binary('add', b.binary('mul', sum, b.const(1 / i, 'f32', lanes)), b.const(i, 'f32', lanes))
      return sum
    })
    const x = Float32Array.from({ length: rounds * lanes }, (_, i) => i / 7)
    const expected = x.map((value) => {
      let sum = value
      for (let i = 1; i <= 40; i++) sum = Math.fround(Math.fround(sum * Math.fround(1 / i)) + i)
      return sum
    })
    for (const set of instructionSets) {
      const y = new Float32Array(x.length)
      runNativeKernel(many, [x, y], set)
      expect(y).toEqual(expected)
    }
  })
})
