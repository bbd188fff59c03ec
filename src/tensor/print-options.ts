/** How tensors print: digits, and from what size on they are shortened. */
import { ValueError } from '../core/errors.js'

export interface PrintOptions {
  /** Digits after the point. Default 4. */
  readonly precision?: number
  /** Tensors of more elements are shortened. Default 1000; Infinity prints everything. */
  readonly threshold?: number
  /** Elements shown at each end of a shortened axis. Default 3. */
  readonly edgeItems?: number
  /** Characters a line. Default 80. */
  readonly lineWidth?: number
  /** Scientific notation: always, never, or (null, the default) where the values ask for it. */
  readonly sciMode?: boolean | null
  /** Sets the other options at once, before those given beside it. */
  readonly profile?: PrintProfile
}

/** 'default'; 'short' (2 digits, 2 edge items); 'full' (never shortened). */
export type PrintProfile = 'default' | 'short' | 'full'

type Settings = Required<Omit<PrintOptions, 'profile'>>

const defaults: Settings = { precision: 4, threshold: 1000, edgeItems: 3, lineWidth: 80, sciMode: null }

const profiles: Readonly<Record<PrintProfile, Settings>> = {
  default: defaults,
  short: { ...defaults, precision: 2, edgeItems: 2 },
  full: { ...defaults, threshold: Number.POSITIVE_INFINITY },
}

let settings = defaults

/** What is in force. */
export const printOptions = (): Settings => settings

const bounds = {
  precision: [0, 60],
  threshold: [0, Number.POSITIVE_INFINITY],
  edgeItems: [1, Number.POSITIVE_INFINITY],
  lineWidth: [1, Number.POSITIVE_INFINITY],
} as const

/**
 * Changes how tensors print from now on (`torch.set_printoptions`); what is left out stays as it is. Returns the
 * options that were in force, to set them again later. Throws ValueError for values out of range.
 */
export function setPrintOptions({ profile, ...options }: PrintOptions): PrintOptions {
  const before = settings
  if (profile !== undefined && !Object.hasOwn(profiles, profile)) {
    throw new ValueError(
      `setPrintOptions: expected profile ${Object.keys(profiles).join(', ')}, got ${String(profile)}.`,
    )
  }
  const next: Record<string, unknown> = { ...(profile === undefined ? settings : profiles[profile]) }
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue
    if (!Object.hasOwn(defaults, name)) {
      throw new ValueError(
        `setPrintOptions: expected the options ${Object.keys(defaults).join(', ')} and profile, got '${name}'.`,
      )
    }
    if (name === 'sciMode') {
      if (value !== null && typeof value !== 'boolean')
        throw new ValueError(`setPrintOptions: expected sciMode true, false or null, got ${String(value)}.`)
    } else {
      const [low, high] = bounds[name as keyof typeof bounds]
      const whole = Number.isInteger(value) || value === Number.POSITIVE_INFINITY
      if (!whole || (value as number) < low || (value as number) > high) {
        throw new ValueError(
          `setPrintOptions: expected ${name} to be an integer from ${low} to ${high}, got ${String(value)}.`,
        )
      }
    }
    next[name] = value
  }
  settings = next as unknown as Settings
  return before
}
