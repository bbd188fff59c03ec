/** The table of all instructions the assembler knows: a mnemonic's forms, in the notation of `instruction-form.ts`. */
import { conversionInstructions } from './conversion-instructions.js'
import { floatInstructions } from './float-instructions.js'
import { generalInstructions } from './general-instructions.js'
import { integerInstructions } from './integer-instructions.js'
import { maskInstructions } from './mask-instructions.js'

export const instructions = {
  ...generalInstructions,
  ...floatInstructions,
  ...integerInstructions,
  ...conversionInstructions,
  ...maskInstructions,
}

export type Mnemonic = keyof typeof instructions
