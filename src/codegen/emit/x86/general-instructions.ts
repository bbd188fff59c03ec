/** The table of general-purpose instructions (see `instruction-form.ts` for the notation). */
import { type Condition, conditionCodes } from './conditions.js'
import { named } from './instruction-families.js'

const hex = (byte: number): string => byte.toString(16).padStart(2, '0')

const arithmetic = (n: number): string =>
  [
    `MR g/m g : ${hex(n * 8 + 1)}`,
    `RM g g/m : ${hex(n * 8 + 3)}`,
    `MR r8/m r8 : ${hex(n * 8)}`,
    `RM r8 r8/m : ${hex(n * 8 + 2)}`,
    `MI g/m i8 : 83/${n}`,
    `MI g/m iz : 81/${n}`,
    `MI r8/m b8 : 80/${n}`,
  ].join(' | ')

const lockedArithmetic = (n: number): string =>
  [
    `MR mg g : lock ${hex(n * 8 + 1)}`,
    `MR m8 r8 : lock ${hex(n * 8)}`,
    `MI mg i8 : lock 83/${n}`,
    `MI mg iz : lock 81/${n}`,
    `MI m8 b8 : lock 80/${n}`,
  ].join(' | ')

const shift = (n: number): string =>
  [
    `MC g/m one : d1/${n}`,
    `MI g/m u8 : c1/${n}`,
    `MC g/m cl : d3/${n}`,
    `MC r8/m one : d0/${n}`,
    `MI r8/m u8 : c0/${n}`,
    `MC r8/m cl : d2/${n}`,
  ].join(' | ')

const unary = (n: number): string => `M g/m : f7/${n} | M r8/m : f6/${n}`
const bitTest = (opcode: string, n: number): string => `MR g/m g : 0f.${opcode} | MI g/m u8 : 0f.ba/${n}`

const conditions = Object.keys(conditionCodes) as Condition[]
const code = (condition: Condition, base: number): string => hex(base + conditionCodes[condition])

export const generalInstructions = {
  mov: [
    'MR g/m g : 89',
    'MR r8/m r8 : 88',
    'RM g g/m : 8b',
    'RM r8 r8/m : 8a',
    // The shortest way to a constant: 32 bits that the processor extends by zeros, then by the sign, then all 64.
    'OI r64 u32 : b8',
    'OI r32 iz : b8',
    'OI r16 iz : o16 b8',
    'OI r8 b8 : b0',
    'MI g/m iz : c7/0',
    'MI r8/m b8 : c6/0',
    'OI r64 i64 : b8 w1',
  ].join(' | '),
  movzx: 'RM g r8/m : 0f.b6 | RM r32 r16/m : 0f.b7 | RM r64 r16/m : 0f.b7 w1',
  movsx: 'RM g r8/m : 0f.be | RM r32 r16/m : 0f.bf | RM r64 r16/m : 0f.bf w1',
  // The same by names that tell memory's size.
  movzx8: 'RM g r8/m : 0f.b6',
  movzx16: 'RM r32 r16/m : 0f.b7 | RM r64 r16/m : 0f.b7 w1',
  movsx8: 'RM g r8/m : 0f.be',
  movsx16: 'RM r32 r16/m : 0f.bf | RM r64 r16/m : 0f.bf w1',
  movsxd: 'RM r64 r32/m : 63 w1',
  movnti: 'MR mg g : 0f.c3 32+',
  lea: 'RM g m : 8d',
  xchg: 'MR g/m g : 87 | MR r8/m r8 : 86',
  bswap: 'O r32 : 0f.c8 | O r64 : 0f.c8 w1',
  push: 'O r64 : 50 | M m64 : ff/6 | I i8 : 6a | I i32 : 68',
  pop: 'O r64 : 58 | M m64 : 8f/0',
  leave: '- : c9',

  add: arithmetic(0),
  or: arithmetic(1),
  adc: arithmetic(2),
  sbb: arithmetic(3),
  and: arithmetic(4),
  sub: arithmetic(5),
  xor: arithmetic(6),
  cmp: arithmetic(7),
  test: 'MR g/m g : 85 | MR r8/m r8 : 84 | MI g/m iz : f7/0 | MI r8/m b8 : f6/0',
  not: unary(2),
  neg: unary(3),
  mul: unary(4),
  imul: `${unary(5)} | RM g g/m : 0f.af | RMI g g/m i8 : 6b | RMI g g/m iz : 69`,
  div: unary(6),
  idiv: unary(7),
  inc: 'M g/m : ff/0 | M r8/m : fe/0',
  dec: 'M g/m : ff/1 | M r8/m : fe/1',
  rol: shift(0),
  ror: shift(1),
  shl: shift(4),
  shr: shift(5),
  sar: shift(7),
  cdqe: '- : 98 w1',
  cdq: '- : 99',
  cqo: '- : 99 w1',
  bt: bitTest('a3', 4),
  bts: bitTest('ab', 5),
  btr: bitTest('b3', 6),
  btc: bitTest('bb', 7),
  bsf: 'RM g g/m : 0f.bc',
  bsr: 'RM g g/m : 0f.bd',
  popcnt: 'RM g g/m : f3.0f.b8',
  tzcnt: 'RM g g/m : f3.0f.bc',
  lzcnt: 'RM g g/m : f3.0f.bd',
  ...named(conditions, (c): [`cmov${Condition}`, string] => [`cmov${c}`, `RM g g/m : 0f.${code(c, 0x40)}`]),
  ...named(conditions, (c): [`set${Condition}`, string] => [`set${c}`, `M r8/m : 0f.${code(c, 0x90)}/0`]),

  andn: 'RVM g g g/m : np.38.f2 vg',
  bextr: 'RMV g g/m g : np.38.f7 vg',
  blsr: 'VM g g/m : np.38.f3/1 vg',
  blsmsk: 'VM g g/m : np.38.f3/2 vg',
  blsi: 'VM g g/m : np.38.f3/3 vg',
  bzhi: 'RMV g g/m g : np.38.f5 vg',
  pdep: 'RVM g g g/m : f2.38.f5 vg',
  pext: 'RVM g g g/m : f3.38.f5 vg',
  mulx: 'RVM g g g/m : f2.38.f6 vg',
  rorx: 'RMI g g/m u8 : f2.3a.f0 vg',
  shlx: 'RMV g g/m g : 66.38.f7 vg',
  sarx: 'RMV g g/m g : f3.38.f7 vg',
  shrx: 'RMV g g/m g : f2.38.f7 vg',

  jmp: 'M r64/m : ff/4',
  call: 'M r64/m : ff/2',
  ret: '- : c3',
  nop: '- : 90',
  pause: '- : f3.90',
  int3: '- : cc',
  ud2: '- : 0f.0b',
  syscall: '- : 0f.05',
  cpuid: '- : 0f.a2',
  rdtsc: '- : 0f.31',
  rdtscp: '- : 0f.01 modrm=f9',
  xgetbv: '- : 0f.01 modrm=d0',
  lfence: '- : 0f.ae modrm=e8',
  mfence: '- : 0f.ae modrm=f0',
  sfence: '- : 0f.ae modrm=f8',
  ldmxcsr: 'M m32 : 0f.ae/2',
  stmxcsr: 'M m32 : 0f.ae/3',
  prefetchnta: 'M m : 0f.18/0',
  prefetcht0: 'M m : 0f.18/1',
  prefetcht1: 'M m : 0f.18/2',
  prefetcht2: 'M m : 0f.18/3',
  prefetchw: 'M m : 0f.0d/1',
  clflush: 'M m : 0f.ae/7',
  'rep movsb': '- : f3.a4',
  'rep movsq': '- : f3.a5 w1',
  'rep stosb': '- : f3.aa',
  'rep stosq': '- : f3.ab w1',

  xadd: 'MR g/m g : 0f.c1 | MR r8/m r8 : 0f.c0',
  cmpxchg: 'MR g/m g : 0f.b1 | MR r8/m r8 : 0f.b0',
  'lock xadd': 'MR mg g : lock 0f.c1 | MR m8 r8 : lock 0f.c0',
  'lock cmpxchg': 'MR mg g : lock 0f.b1 | MR m8 r8 : lock 0f.b0',
  'lock cmpxchg16b': 'M m128 : lock 0f.c7/1 w1',
  'lock add': lockedArithmetic(0),
  'lock or': lockedArithmetic(1),
  'lock and': lockedArithmetic(4),
  'lock sub': lockedArithmetic(5),
  'lock xor': lockedArithmetic(6),
  'lock inc': 'M mg : lock ff/0 | M m8 : lock fe/0',
  'lock dec': 'M mg : lock ff/1 | M m8 : lock fe/1',
} as const
