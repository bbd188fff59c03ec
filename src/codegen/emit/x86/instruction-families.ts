/**
 * Families of instructions that differ by element type only, written once: `vadd` becomes vaddps, vaddpd, vaddss and
 * vaddsd. See `instruction-form.ts` for the notation.
 */

/** The entries that `entry` gives for each name. */
export function named<T, K extends string>(
  names: readonly T[],
  entry: (name: T) => [K, string],
): Record<K, string> {
  return Object.fromEntries(names.map(entry)) as Record<K, string>
}

/** Which encodings of a family there are besides EVEX. */
type Vex = 'vex' | 'evex'

const w = (vex: Vex, bits: string, width: 0 | 1): string =>
  vex === 'vex' ? `v${bits} ew${width}` : `ew${width}`

type Packed<N extends string> = Record<`${N}ps` | `${N}pd`, string>
type Scalar<N extends string> = Record<`${N}ss` | `${N}sd`, string>
type Floats<N extends string> = Packed<N> & Scalar<N>

/** `ps` and `pd` in map 0F, told apart by the prefix: `np`, `66`. */
export function packed<const N extends string>(
  name: N,
  shape: string,
  opcode: string,
  vex: Vex = 'vex',
): Packed<N> {
  return {
    [`${name}ps`]: `${shape} : np.0f.${opcode} ${w(vex, 'wig', 0)} vl b4`,
    [`${name}pd`]: `${shape} : 66.0f.${opcode} ${w(vex, 'wig', 1)} vl b8`,
  } as Packed<N>
}

/** `ss` and `sd` in map 0F, told apart by the prefix: `f3`, `f2`. */
export function scalar<const N extends string>(
  name: N,
  shape: string,
  opcode: string,
  vex: Vex = 'vex',
): Scalar<N> {
  return {
    [`${name}ss`]: `${shape} : f3.0f.${opcode} ${w(vex, 'wig', 0)} n4`,
    [`${name}sd`]: `${shape} : f2.0f.${opcode} ${w(vex, 'wig', 1)} n8`,
  } as Scalar<N>
}

/** Two operands and a result in all four types: vadd and its like. */
export function arithmetic<const N extends string>(name: N, opcode: string): Floats<N> {
  return { ...packed(name, 'RVM v v v/m', opcode), ...scalar(name, 'RVM x x x/m', opcode) }
}

/** All four types told apart by W and, scalars from vectors, by the opcode; EVEX only. */
export function newer<const N extends string>(
  name: N,
  [shape, opcode]: readonly [string, string],
  [scalarShape, scalarOpcode]: readonly [string, string],
): Floats<N> {
  return {
    [`${name}ps`]: `${shape} : 66.${opcode} ew0 vl b4`,
    [`${name}pd`]: `${shape} : 66.${opcode} ew1 vl b8`,
    [`${name}ss`]: `${scalarShape} : 66.${scalarOpcode} ew0 n4`,
    [`${name}sd`]: `${scalarShape} : 66.${scalarOpcode} ew1 n8`,
  } as Floats<N>
}

type Orders = '132' | '213' | '231'

/** The three operand orders of a fused multiply-add, packed and (where there are any) scalar. */
export function fused<const N extends string>(name: N, low: number): Floats<`${N}${Orders}`> {
  const forms: Record<string, string> = {}
  for (const [order, high] of [
    ['132', 0x90],
    ['213', 0xa0],
    ['231', 0xb0],
  ] as const) {
    const opcode = `66.38.${(high + low).toString(16)}`
    const scalarOpcode = `66.38.${(high + low + 1).toString(16)}`
    forms[`${name}${order}ps`] = `RVM v v v/m : ${opcode} vw0 ew0 vl b4`
    forms[`${name}${order}pd`] = `RVM v v v/m : ${opcode} vw1 ew1 vl b8`
    forms[`${name}${order}ss`] = `RVM x x x/m : ${scalarOpcode} vw0 ew0 n4`
    forms[`${name}${order}sd`] = `RVM x x x/m : ${scalarOpcode} vw1 ew1 n8`
  }
  return forms as Floats<`${N}${Orders}`>
}

/** The alternating multiply-adds, which have no scalar forms. */
export function alternating<const N extends string>(name: N, low: number): Packed<`${N}${Orders}`> {
  const forms = Object.entries(fused(name, low)).filter(([key]) => /p[sd]$/.test(key))
  return Object.fromEntries(forms) as Packed<`${N}${Orders}`>
}

/** `ps` and `pd` told apart by W; EVEX only. */
export function byWidth<const N extends string>(
  name: N,
  shape: string,
  opcode: string,
  extra = '',
): Packed<N> {
  return {
    [`${name}ps`]: `${shape} : ${opcode} ew0 vl b4 ${extra}`,
    [`${name}pd`]: `${shape} : ${opcode} ew1 vl b8 ${extra}`,
  } as Packed<N>
}

type Wide<N extends string> = Record<`${N}d` | `${N}q`, string>

/** `d` and `q` told apart by W; with `vex` VEX has both as well. */
export function wide<const N extends string>(
  name: N,
  shape: string,
  opcode: string,
  vex: Vex = 'evex',
): Wide<N> {
  return {
    [`${name}d`]: `${shape} : ${opcode} ${w(vex, 'w0', 0)} vl b4`,
    [`${name}q`]: `${shape} : ${opcode} ${w(vex, 'w1', 1)} vl b8`,
  } as Wide<N>
}

type Narrow<N extends string> = Record<`${N}b` | `${N}w`, string>

/** `b` and `w` told apart by W, which have no broadcast; EVEX only. */
export function narrow<const N extends string>(name: N, shape: string, opcode: string): Narrow<N> {
  return {
    [`${name}b`]: `${shape} : ${opcode} ew0 vl`,
    [`${name}w`]: `${shape} : ${opcode} ew1 vl`,
  } as Narrow<N>
}

/** A logical shift by a count in a vector or an immediate. `w0` and `b4` are of the element; words have no broadcast. */
export function shiftForms(
  byVector: string,
  byImmediate: string,
  width: 0 | 1,
  broadcast: '' | 'b4' | 'b8',
): string {
  return [
    `RVM v v x/m : 66.0f.${byVector} vwig ew${width} n16`,
    `VMI v v u8 : 66.0f.${byImmediate} vwig`,
    `VMI v v/m u8 : 66.0f.${byImmediate} ew${width} vl ${broadcast}`,
  ].join(' | ')
}

/** A comparison into a vector (VEX) or a mask (EVEX). */
export function compareForms(opcode: string, width: 0 | 1, broadcast: '' | 'b4' | 'b8'): string {
  return `RVM v v v/m : 66.${opcode} vwig vl | RVM k v v/m : 66.${opcode} ew${width} vl ${broadcast}`
}
