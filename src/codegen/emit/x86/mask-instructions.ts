/** The table of instructions on mask registers (see `instruction-form.ts`). */
import { named } from './instruction-families.js'

/** Prefix and W by width, the same in most instructions. */
const widths = { b: '66 vw0', w: 'np vw0', d: '66 vw1', q: 'np vw1' } as const
type Width = keyof typeof widths
const letters = Object.keys(widths) as Width[]

function each<const N extends string>(
  name: N,
  shape: string,
  opcode: string,
  length: '' | 'l1',
): Record<`${N}${Width}`, string> {
  return named(letters, (letter): [`${N}${Width}`, string] => {
    const [prefix, w] = widths[letter].split(' ')
    return [`${name}${letter}`, `${shape} : ${prefix}.0f.${opcode} ${w} ${length}`]
  })
}

export const maskInstructions = {
  kmovb:
    'RM k k/m : 66.0f.90 vw0 n1 | MR m k : 66.0f.91 vw0 n1 | RM k r32 : 66.0f.92 vw0 | RM r32 k : 66.0f.93 vw0',
  kmovw:
    'RM k k/m : np.0f.90 vw0 n2 | MR m k : np.0f.91 vw0 n2 | RM k r32 : np.0f.92 vw0 | RM r32 k : np.0f.93 vw0',
  kmovd:
    'RM k k/m : 66.0f.90 vw1 n4 | MR m k : 66.0f.91 vw1 n4 | RM k r32 : f2.0f.92 vw0 | RM r32 k : f2.0f.93 vw0',
  kmovq:
    'RM k k/m : np.0f.90 vw1 n8 | MR m k : np.0f.91 vw1 n8 | RM k r64 : f2.0f.92 vw1 | RM r64 k : f2.0f.93 vw1',
  ...each('kand', 'RVM k k k', '41', 'l1'),
  ...each('kandn', 'RVM k k k', '42', 'l1'),
  ...each('kor', 'RVM k k k', '45', 'l1'),
  ...each('kxnor', 'RVM k k k', '46', 'l1'),
  ...each('kxor', 'RVM k k k', '47', 'l1'),
  ...each('kadd', 'RVM k k k', '4a', 'l1'),
  ...each('knot', 'RM k k', '44', ''),
  ...each('kortest', 'RM k k', '98', ''),
  ...each('ktest', 'RM k k', '99', ''),
  kunpckbw: 'RVM k k k : 66.0f.4b vw0 l1',
  kunpckwd: 'RVM k k k : np.0f.4b vw0 l1',
  kunpckdq: 'RVM k k k : np.0f.4b vw1 l1',
  kshiftrb: 'RMI k k u8 : 66.3a.30 vw0',
  kshiftrw: 'RMI k k u8 : 66.3a.30 vw1',
  kshiftrd: 'RMI k k u8 : 66.3a.31 vw0',
  kshiftrq: 'RMI k k u8 : 66.3a.31 vw1',
  kshiftlb: 'RMI k k u8 : 66.3a.32 vw0',
  kshiftlw: 'RMI k k u8 : 66.3a.32 vw1',
  kshiftld: 'RMI k k u8 : 66.3a.33 vw0',
  kshiftlq: 'RMI k k u8 : 66.3a.33 vw1',
  vpmovm2b: 'RM v k : f3.38.28 ew0 nok',
  vpmovm2w: 'RM v k : f3.38.28 ew1 nok',
  vpmovm2d: 'RM v k : f3.38.38 ew0 nok',
  vpmovm2q: 'RM v k : f3.38.38 ew1 nok',
  vpmovb2m: 'RM k v : f3.38.29 ew0 nok',
  vpmovw2m: 'RM k v : f3.38.29 ew1 nok',
  vpmovd2m: 'RM k v : f3.38.39 ew0 nok',
  vpmovq2m: 'RM k v : f3.38.39 ew1 nok',
  vpbroadcastmb2q: 'RM v k : f3.38.2a ew1 nok',
  vpbroadcastmw2d: 'RM v k : f3.38.3a ew0 nok',
} as const
