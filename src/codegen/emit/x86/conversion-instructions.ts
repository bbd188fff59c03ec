/** The table of conversions between element types of vectors and to general registers (see `instruction-form.ts`). */

const extend = (opcode: string, part: 2 | 4 | 8): string =>
  `RM v ${part === 2 ? 'h' : 'x'}/m : 66.38.${opcode} vwig ew0 vl/${part}`
const truncate = (opcode: string, part: 2 | 4 | 8): string =>
  `MR ${part === 2 ? 'h' : 'x'}/m v : f3.38.${opcode} ew0 vl/${part}`
const fromGeneral = (prefix: string, opcode: string, vex: boolean): string =>
  [0, 1]
    .map((w) => {
      const encodings = `${vex ? `vw${w}` : ''} ew${w}`
      return `RVM x x r${w * 32 + 32}/m : ${prefix}.0f.${opcode} ${encodings} n${w * 4 + 4} nok`
    })
    .join(' | ')
const toGeneral = (prefix: string, opcode: string, vex: boolean, n: number): string =>
  [0, 1]
    .map((w) => {
      const encodings = `${vex ? `vw${w}` : ''} ew${w}`
      return `RM r${w * 32 + 32} x/m : ${prefix}.0f.${opcode} ${encodings} n${n} nok`
    })
    .join(' | ')

export const conversionInstructions = {
  vcvtdq2ps: 'RM v v/m : np.0f.5b vwig ew0 vl b4',
  vcvtps2dq: 'RM v v/m : 66.0f.5b vwig ew0 vl b4',
  vcvttps2dq: 'RM v v/m : f3.0f.5b vwig ew0 vl b4',
  vcvtdq2pd: 'RM v h/m : f3.0f.e6 vwig ew0 vl/2 b4',
  vcvtpd2dq: 'RM h v/m : f2.0f.e6 vwig ew1 vl b8',
  vcvttpd2dq: 'RM h v/m : 66.0f.e6 vwig ew1 vl b8',
  vcvtps2pd: 'RM v h/m : np.0f.5a vwig ew0 vl/2 b4',
  vcvtpd2ps: 'RM h v/m : 66.0f.5a vwig ew1 vl b8',
  vcvtss2sd: 'RVM x x x/m : f3.0f.5a vwig ew0 n4',
  vcvtsd2ss: 'RVM x x x/m : f2.0f.5a vwig ew1 n8',

  vcvtqq2ps: 'RM h v/m : np.0f.5b ew1 vl b8',
  vcvtqq2pd: 'RM v v/m : f3.0f.e6 ew1 vl b8',
  vcvtps2qq: 'RM v h/m : 66.0f.7b ew0 vl/2 b4',
  vcvtpd2qq: 'RM v v/m : 66.0f.7b ew1 vl b8',
  vcvttps2qq: 'RM v h/m : 66.0f.7a ew0 vl/2 b4',
  vcvttpd2qq: 'RM v v/m : 66.0f.7a ew1 vl b8',
  vcvtudq2ps: 'RM v v/m : f2.0f.7a ew0 vl b4',
  vcvtudq2pd: 'RM v h/m : f3.0f.7a ew0 vl/2 b4',
  vcvtuqq2ps: 'RM h v/m : f2.0f.7a ew1 vl b8',
  vcvtuqq2pd: 'RM v v/m : f3.0f.7a ew1 vl b8',
  vcvtps2udq: 'RM v v/m : np.0f.79 ew0 vl b4',
  vcvtpd2udq: 'RM h v/m : np.0f.79 ew1 vl b8',
  vcvttps2udq: 'RM v v/m : np.0f.78 ew0 vl b4',
  vcvttpd2udq: 'RM h v/m : np.0f.78 ew1 vl b8',
  vcvtps2uqq: 'RM v h/m : 66.0f.79 ew0 vl/2 b4',
  vcvtpd2uqq: 'RM v v/m : 66.0f.79 ew1 vl b8',
  vcvttps2uqq: 'RM v h/m : 66.0f.78 ew0 vl/2 b4',
  vcvttpd2uqq: 'RM v v/m : 66.0f.78 ew1 vl b8',

  vcvtsi2ss: fromGeneral('f3', '2a', true),
  vcvtsi2sd: fromGeneral('f2', '2a', true),
  vcvtusi2ss: fromGeneral('f3', '7b', false),
  vcvtusi2sd: fromGeneral('f2', '7b', false),
  vcvtss2si: toGeneral('f3', '2d', true, 4),
  vcvtsd2si: toGeneral('f2', '2d', true, 8),
  vcvttss2si: toGeneral('f3', '2c', true, 4),
  vcvttsd2si: toGeneral('f2', '2c', true, 8),
  vcvtss2usi: toGeneral('f3', '79', false, 4),
  vcvtsd2usi: toGeneral('f2', '79', false, 8),
  vcvttss2usi: toGeneral('f3', '78', false, 4),
  vcvttsd2usi: toGeneral('f2', '78', false, 8),

  vcvtph2ps: 'RM v h/m : 66.38.13 vw0 ew0 vl/2',
  vcvtps2ph: 'MRI h/m v u8 : 66.3a.1d vw0 ew0 vl/2',
  vcvtneps2bf16: 'RM h v/m : f3.38.72 ew0 vl b4',
  vcvtne2ps2bf16: 'RVM v v v/m : f2.38.72 ew0 vl b4',
  vdpbf16ps: 'RVM v v v/m : f3.38.52 ew0 vl b4',

  vpmovsxbw: extend('20', 2),
  vpmovsxbd: extend('21', 4),
  vpmovsxbq: extend('22', 8),
  vpmovsxwd: extend('23', 2),
  vpmovsxwq: extend('24', 4),
  vpmovsxdq: extend('25', 2),
  vpmovzxbw: extend('30', 2),
  vpmovzxbd: extend('31', 4),
  vpmovzxbq: extend('32', 8),
  vpmovzxwd: extend('33', 2),
  vpmovzxwq: extend('34', 4),
  vpmovzxdq: extend('35', 2),
  vpmovwb: truncate('30', 2),
  vpmovdb: truncate('31', 4),
  vpmovqb: truncate('32', 8),
  vpmovdw: truncate('33', 2),
  vpmovqw: truncate('34', 4),
  vpmovqd: truncate('35', 2),
  vpmovswb: truncate('20', 2),
  vpmovsdb: truncate('21', 4),
  vpmovsqb: truncate('22', 8),
  vpmovsdw: truncate('23', 2),
  vpmovsqw: truncate('24', 4),
  vpmovsqd: truncate('25', 2),
  vpmovuswb: truncate('10', 2),
  vpmovusdb: truncate('11', 4),
  vpmovusqb: truncate('12', 8),
  vpmovusdw: truncate('13', 2),
  vpmovusqw: truncate('14', 4),
  vpmovusqd: truncate('15', 2),
} as const
