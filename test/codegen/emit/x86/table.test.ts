/** Every instruction of the x86 table, in all forms, against a disassembler and another assembler. */
import { describe, expect, it } from 'vitest'
import { Assembler } from '../../../../src/codegen/emit/x86/assembler.js'
import { instructions, type Mnemonic } from '../../../../src/codegen/emit/x86/instructions.js'
import { binutilsMissing, disassemble, gnuAssembled } from './binutils.js'
import { type Case, casesOf, randomNumbers } from './instruction-cases.js'

/** objdump writes no size for their memory. */
const sizeless = new Set<Mnemonic>(['vlddqu'])
/** objdump marks EVEX that seems needless, these forms as well, which VEX does not have. */
const withoutVex = /^\{evex\} (?=vpermpd |vps(ll|rl|ra)[wdq]+ \w+, ?\w+ PTR .*,0x)/

/** The text by which two writings of an instruction are compared. */
function normalised(text: string, { mnemonic, options }: Case): string {
  const plain = text.replace(/[+-]0x0\]/, ']').replace('OWORD PTR', 'XMMWORD PTR')
  if (options.size !== undefined && !sizeless.has(mnemonic)) return plain
  return plain.replace(/\w+ PTR /, '')
}

function agrees(found: string, one: Case): boolean {
  // The count of a broadcast is written only where the registers do not tell it.
  const expected = found.includes('{1to') ? one.expected : one.expected.replace(/\{1to\d+\}/, '')
  return normalised(found.replace(withoutVex, ''), one) === normalised(expected, one)
}

describe.skipIf(binutilsMissing !== null)(`the x86 table ${binutilsMissing ?? ''}`, () => {
  const assembler = new Assembler({ avx512: true })
  const start = assembler.label()
  assembler.bind(start)
  const random = randomNumbers(2026)
  const mnemonics = Object.keys(instructions) as Mnemonic[]
  const cases = mnemonics.flatMap((mnemonic) => casesOf(mnemonic, start, random))
  const starts = cases.map(({ mnemonic, operands, options }) => {
    const position = assembler.position
    assembler.emit(mnemonic, operands, options)
    return position
  })
  const code = assembler.finish()

  it('has cases for all its forms', () => {
    expect(new Set(cases.map(({ mnemonic }) => mnemonic)).size).toBe(mnemonics.length)
    expect(cases.length).toBeGreaterThan(70_000)
  })

  it('agrees with objdump', () => {
    const found = new Map(disassemble(code).map(({ position, text }) => [position, text]))
    const wrong: string[] = []
    cases.forEach((one, i) => {
      const text = found.get(starts[i])
      if (text === undefined) wrong.push(`${one.expected} | no instruction begins here`)
      else if (!agrees(text, one)) wrong.push(`${one.expected} | objdump: ${text}`)
    })
    expect(wrong.slice(0, 40)).toEqual([])
    // Boundaries coincide: the disassembler found as many instructions as were written.
    expect(found.size).toBe(cases.length)
  })

  it('the GNU assembler takes all of it and needs hardly fewer bytes', () => {
    // Other assemblers name addresses after `rip` and strings another way.
    const chosen = cases.map((_, i) => i).filter((i) => !/rip:|PTR es:/.test(cases[i].expected))
    const lines = chosen.map((i) => cases[i].expected.replace(/\w+ BCST /, ''))
    const theirs = gnuAssembled(lines)
    expect(theirs.length).toBe(chosen.length)
    let equal = 0
    const longer: string[] = []
    chosen.forEach((index, i) => {
      const own = code.subarray(starts[index], starts[index + 1] ?? code.length)
      if (Buffer.compare(own, theirs[i]) === 0) equal++
      // It swaps the operands of moves for a shorter prefix, and knows the short forms for the accumulator.
      else if (own.length > theirs[i].length + 1) longer.push(lines[i])
    })
    expect(longer).toEqual([])
    expect(equal / chosen.length).toBeGreaterThan(0.99)
  })
})
