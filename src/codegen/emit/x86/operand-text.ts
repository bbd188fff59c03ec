/** Operands as people write them, in messages and listings. */
import type { Operand, Reg } from './registers.js'

const names64 = ['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi']
const names8 = ['al', 'cl', 'dl', 'bl', 'spl', 'bpl', 'sil', 'dil']

function registerText({ kind, n }: Reg): string {
  switch (kind) {
    case 'r64':
      return names64[n] ?? `r${n}`
    case 'r32':
      return n < 8 ? `e${names64[n].slice(1)}` : `r${n}d`
    case 'r16':
      return n < 8 ? names64[n].slice(1) : `r${n}w`
    case 'r8':
      return names8[n] ?? `r${n}b`
    default:
      return `${kind}${n}`
  }
}

export function operandText(operand: Operand): string {
  if (typeof operand !== 'object') return String(operand)
  if ('code' in operand) return registerText(operand)
  const { base, index, scale, disp, label } = operand
  const terms: string[] = label === undefined ? [] : [`rip+label${label.id}`]
  if (base !== null) terms.push(registerText(base))
  if (index !== null) terms.push(`${registerText(index)}*${scale}`)
  if (disp !== 0 || terms.length === 0) terms.push(String(disp))
  return `[${terms.join('+')}]${operand.broadcast === true ? '{broadcast}' : ''}`
}
