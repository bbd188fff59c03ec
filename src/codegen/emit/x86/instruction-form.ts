/**
 * Reads the notation of the instruction table: a line per mnemonic, its forms separated by ` | `, of which an earlier
 * one is preferred. A form is
 *
 *     roles operands : [prefix.][map.]opcode[/digit] properties
 *
 * - roles, a letter for each operand, where it is encoded: R (reg of ModRM), M (r/m of ModRM), V (vvvv of VEX), O (low
 *   bits of the opcode), I (immediate), S (register in the top bits of an immediate), C (nowhere: it is implied);
 *   `-` where there are no operands.
 * - operands, destination first: r8 r16 r32 r64 x y z k are registers; `g` is r16, r32 or r64, `v` is x, y or z, the
 *   same in all operands; `h` is the vector half as long as `v`, but at least x; `…/m` is that or memory; m is memory
 *   (m32 of 32 bits, mg as long as `g`); mv and mh are memory indexed by the vector `v` or `h`; i8, i32, i64, iz
 *   (16 or 32 bits, as the operands) are signed immediates, u8, u32 unsigned ones, b8 either; `cl` and `one` are implied.
 * - prefix np, 66, f3 or f2; map 0f, 38 (0F38) or 3a (0F3A), none for one-byte opcodes; digit fills reg of ModRM.
 * - properties of VEX and EVEX: vw0 vw1 vwig vg and ew0 ew1 say that the encoding exists, with that W (`vg`: by the
 *   operands, `ig`: ignored); l1 is L where no vector says it; yz: no xmm; nok, needk: no mask, a mask required.
 *   How many bytes memory has: nN, `vl`, `vl/2`, `vl/4`, `vl/8` by the vector length, `dup` for vmovddup; b4, b8: an
 *   element of that many bytes can be broadcast. By these EVEX scales displacements of a byte; byN: by N bytes instead.
 * - properties of the others: w1 (REX.W), o16 (16-bit operands), 32+ (not 16-bit), lock, modrm=hex.
 */
import { InternalError } from '../../../core/errors.js'

export type Length = 128 | 256 | 512
export type ImmediateType = 'i8' | 'u8' | 'b8' | 'iz' | 'i32' | 'u32' | 'i64'

export interface OperandType {
  /** A kind of register, or one that follows the form's length or size; null for others. */
  readonly register: 'r8' | 'r16' | 'r32' | 'r64' | 'x' | 'y' | 'z' | 'k' | 'g' | 'v' | 'h' | null
  readonly memory: boolean
  /** The vector of indices in memory operands of gathers and scatters. */
  readonly index: 'v' | 'h' | null
  /** Bits of memory that the operand itself tells: a number, or as `g`. */
  readonly bits: number | 'g'
  readonly immediate: ImmediateType | null
  /** The operand must be cl or 1 and is not encoded. */
  readonly implied: boolean
}

/** Bytes of memory of a vector form: a count, or the vector's divided. */
export type MemoryBytes =
  | { readonly count: number }
  | { readonly part: 1 | 2 | 4 | 8 }
  | { readonly dup: true }

export interface Form {
  readonly roles: string
  readonly operands: readonly OperandType[]
  readonly prefix: 0 | 1 | 2 | 3
  readonly map: 0 | 1 | 2 | 3
  readonly opcode: number
  /** reg of ModRM where no operand is there, or -1. */
  readonly digit: number
  /** The whole ModRM byte of instructions without operands, or -1. */
  readonly modrm: number
  readonly legacy: boolean
  readonly vex: boolean
  readonly evex: boolean
  readonly vexW: 0 | 1 | 'g'
  readonly evexW: 0 | 1
  readonly rexW: boolean
  readonly size16: boolean
  readonly lock: boolean
  readonly bytes: MemoryBytes | null
  /** What displacements of a byte count in where it is not what memory has, or 0. */
  readonly step: number
  readonly broadcast: 0 | 4 | 8
  readonly mask: 'allowed' | 'none' | 'required'
  /** Vector lengths where an operand follows them, else the one of the form. */
  readonly lengths: readonly Length[]
  /** Sizes of `g`, or none where no operand follows them. */
  readonly sizes: readonly (16 | 32 | 64)[]
}

const prefixes = { np: 0, '66': 1, f3: 2, f2: 3 } as const
const maps = { '0f': 1, '38': 2, '3a': 3 } as const

function operandType(text: string): OperandType {
  const plain = { register: null, memory: false, index: null, bits: 0, immediate: null, implied: false }
  if (text === 'cl') return { ...plain, register: 'r8', implied: true }
  if (text === 'one') return { ...plain, immediate: 'u8', implied: true }
  if (/^([iub](8|32|64)|iz)$/.test(text)) return { ...plain, immediate: text as ImmediateType }
  if (text === 'mv' || text === 'mh') return { ...plain, memory: true, index: text === 'mv' ? 'v' : 'h' }
  const memory = /^m(g|\d*)$/.exec(text)
  if (memory !== null) return { ...plain, memory: true, bits: memory[1] === 'g' ? 'g' : Number(memory[1]) }
  const register = /^(r8|r16|r32|r64|[xyzkgvh])(\/m)?$/.exec(text)
  if (register === null) throw new InternalError(`expected an operand type of the x86 table, got '${text}'`)
  const [, kind, orMemory] = register
  const bits = kind === 'g' ? kind : Number(kind.slice(1)) || 0
  return { ...plain, register: kind as OperandType['register'], memory: orMemory !== undefined, bits }
}

function memoryBytes(property: string): MemoryBytes | null {
  if (property === 'dup') return { dup: true }
  if (property === 'vl') return { part: 1 }
  const part = /^vl\/([248])$/.exec(property)
  if (part !== null) return { part: Number(part[1]) as 2 | 4 | 8 }
  const count = /^n(\d+)$/.exec(property)
  return count === null ? null : { count: Number(count[1]) }
}

/** The vector lengths of a form whose operands are of these types. */
function lengthsOf(operands: readonly OperandType[], has: (property: string) => boolean): readonly Length[] {
  const uses = (register: string): boolean =>
    operands.some((o) => o.register === register || o.index === register)
  if (uses('v') || uses('h')) return has('yz') ? [256, 512] : [128, 256, 512]
  if (uses('z')) return [512]
  return uses('y') || has('l1') ? [256] : [128]
}

export function parseForm(text: string): Form {
  const [shape, encoding] = text.split(' : ')
  const [roles, ...types] = shape.trim().split(/\s+/)
  const operands = types.map(operandType)
  if (roles !== '-' && roles.length !== operands.length)
    throw new InternalError(`expected a role for each operand in the x86 table, got '${text}'`)
  const properties = encoding.trim().split(/\s+/)
  const has = (property: string): boolean => properties.includes(property)
  // Only `lock` and `o16` come before the opcode; of the properties after it `b4` and `b8` look like one.
  const opcodeText = properties.find((p) => /^((np|66|f3|f2)\.)?((0f|38|3a)\.)?[\da-f]{2}(\/\d)?$/.test(p))
  if (opcodeText === undefined) throw new InternalError(`expected an opcode in the x86 table, got '${text}'`)
  const [bytes, digit] = opcodeText.split('/')
  const parts = bytes.split('.')
  const opcode = Number.parseInt(parts.pop()!, 16)
  const map = parts.find((p): p is keyof typeof maps => p in maps)
  const prefix = parts.find((p): p is keyof typeof prefixes => p in prefixes)
  const modrm = properties.find((p) => p.startsWith('modrm='))
  const vex = properties.find((p) => /^v(w|g)/.test(p))
  const evex = properties.find((p) => p.startsWith('ew'))
  const sized = operands.some((o) => o.register === 'g' || o.bits === 'g')
  const known =
    /^(vw0|vw1|vwig|vg|ew0|ew1|l1|yz|nok|needk|n\d+|vl|vl\/[248]|dup|by\d|b4|b8|w1|o16|32\+|lock|modrm=..)$/
  const unknown = properties.find((p) => p !== opcodeText && !known.test(p))
  if (unknown !== undefined)
    throw new InternalError(`expected properties of the x86 table, got '${unknown}' in '${text}'`)
  return {
    roles: roles === '-' ? '' : roles,
    operands,
    prefix: prefix === undefined ? 0 : prefixes[prefix],
    map: map === undefined ? 0 : maps[map],
    opcode,
    digit: digit === undefined ? -1 : Number(digit),
    modrm: modrm === undefined ? -1 : Number.parseInt(modrm.slice(6), 16),
    legacy: vex === undefined && evex === undefined,
    vex: vex !== undefined,
    evex: evex !== undefined,
    vexW: vex === 'vg' ? 'g' : vex === 'vw1' ? 1 : 0,
    evexW: evex === 'ew1' ? 1 : 0,
    rexW: has('w1'),
    size16: has('o16'),
    lock: has('lock'),
    bytes: properties.map(memoryBytes).find((b) => b !== null) ?? null,
    step: Number(properties.find((p) => p.startsWith('by'))?.slice(2) ?? 0),
    broadcast: has('b4') ? 4 : has('b8') ? 8 : 0,
    mask: has('nok') ? 'none' : has('needk') ? 'required' : 'allowed',
    lengths: lengthsOf(operands, has),
    sizes: !sized ? [] : vex !== undefined || has('32+') ? [32, 64] : [16, 32, 64],
  }
}
