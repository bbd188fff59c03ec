/**
 * Sizes of what slides a window over spatial axes, as types: convolution, pooling, their transposes, padding. A setting
 * is one number for all axes or a list; what is not known gives `number`.
 */
import type { Shape } from '../core/shape.js'
import type { Add, Divide, Multiply, Subtract } from './shape-arithmetic.js'

/** One number for all spatial axes, or one an axis. */
export type PerAxis = number | readonly number[]

/** Size, stride, padding and dilation of a window. */
export interface WindowType {
  readonly kernel: PerAxis
  readonly stride: PerAxis
  readonly padding: PerAxis | 'same' | 'valid'
  readonly dilation: PerAxis
}

/**
 * The default of a setting of a layer whose size K is known; any where K is not, so that `Conv2d` as the type of a field
 * stands for every convolution.
 */
export type Unless<K, Every, Default> = number extends K ? Every : Default

/** A window as a type. A stride of `null` is the window's size. */
export interface Window<
  K extends PerAxis,
  Stride extends PerAxis | null = null,
  Pad extends PerAxis | 'same' | 'valid' = 0,
  Dilation extends PerAxis = 1,
> extends WindowType {
  readonly kernel: K
  readonly stride: Stride extends PerAxis ? Stride : K
  readonly padding: Pad
  readonly dilation: Dilation
}

/** The window, or `null` where a last one that is partly inside may count. */
export type Ceiled<Ceil extends boolean, W extends WindowType> = [Ceil] extends [false] ? W : null

/** The setting of axis I, I being a key of a tuple. */
type Of<V, I> = V extends number
  ? V
  : V extends readonly number[]
    ? I extends keyof V
      ? V[I] & number
      : number
    : number

/** What a window of `Kernel` elements `Dilation` apart covers. */
type Span<Kernel extends number, Dilation extends number> = Dilation extends 1
  ? Kernel
  : Subtract<Kernel, 1> extends infer Gaps extends number
    ? Add<Multiply<Gaps, Dilation>, 1>
    : number

type Places<
  Rest extends number | null,
  Stride extends number,
  Kernel extends number,
  Size extends number,
> = Rest extends number
  ? Stride extends 1
    ? Add<Rest, 1>
    : Add<Divide<Rest, Stride>[0], 1>
  : `a window over ${Kernel} does not fit a size of ${Size}`

/** floor((Size + 2·Pad - Span) / Stride) + 1, or a message. */
type Slide<
  Size extends number,
  Cover extends number,
  Stride extends number,
  Pad extends number,
> = number extends Size | Cover | Stride | Pad
  ? number
  : Places<Subtract<Add<Size, Add<Pad, Pad>>, Cover>, Stride, Cover, Add<Size, Add<Pad, Pad>>>

/** (Size - 1)·Stride + Span + Extra - 2·Pad. */
type Unslide<
  Size extends number,
  Cover extends number,
  Stride extends number,
  Pad extends number,
  Extra extends number,
> =
  Subtract<Size, 1> extends infer Steps extends number
    ? Subtract<Add<Add<Multiply<Steps, Stride>, Cover>, Extra>, Add<Pad, Pad>> extends infer N extends number
      ? N
      : number
    : number

/** Padding 'valid' is none. */
type Padding<P> = P extends 'valid' ? 0 : P

type SlideAxes<Space extends Shape, W extends WindowType> = {
  readonly [I in keyof Space]: Slide<
    Space[I],
    Span<Of<W['kernel'], I>, Of<W['dilation'], I>>,
    Of<W['stride'], I>,
    Of<Padding<W['padding']>, I>
  >
}

/** How often a window fits each axis, or a message; unknown sizes where the window is `null`. */
export type SlideSizes<Space extends Shape, W extends WindowType | null> = W extends WindowType
  ? W['padding'] extends 'same'
    ? Space
    : number extends W['kernel']
      ? { readonly [I in keyof Space]: number }
      : Checked<SlideAxes<Space, W>>
  : { readonly [I in keyof Space]: number }

/** The sizes, or the first message among them. */
type Checked<R extends readonly unknown[]> = R extends Shape ? R : Extract<R[number], string>

/** The sizes from which a window gives `Space`, plus `Extra`. */
export type UnslideSizes<
  Space extends Shape,
  W extends WindowType | null,
  Extra extends PerAxis = 0,
> = W extends WindowType
  ? {
      readonly [I in keyof Space]: Unslide<
        Space[I],
        Span<Of<W['kernel'], I>, Of<W['dilation'], I>>,
        Of<W['stride'], I>,
        Of<W['padding'], I>,
        Of<Extra, I>
      >
    }
  : { readonly [I in keyof Space]: number }

/** A size repeated for R axes, or the list of R sizes; unknown sizes else. */
export type SizesOf<R extends keyof Repeats, N> = N extends number
  ? Repeats<N>[R]
  : N extends Repeats[R]
    ? N
    : Repeats[R]

export interface Repeats<N extends number = number> {
  1: readonly [N]
  2: readonly [N, N]
  3: readonly [N, N, N]
}

/** Each size times a factor: integers only, others give sizes that are not known. */
export type ScaleSizes<Space extends Shape, F> = {
  readonly [I in keyof Space]: `${Of<F, I>}` extends `${string}.${string}`
    ? number
    : Multiply<Space[I], Of<F, I>>
}

/** A size with `P` more, fewer where P is negative. */
type Grow<N extends number, P extends number> = number extends N | P
  ? number
  : `${P}` extends `-${infer Less extends number}`
    ? Subtract<N, Less> extends infer Rest extends number
      ? Rest
      : number
    : Add<N, P>

/** Sizes with (before, after) added, the pairs from the last axis backwards, or one amount for all sides. */
export type PadSizes<Space extends Shape, P> = P extends number
  ? { readonly [I in keyof Space]: Grow<Grow<Space[I], P>, P> }
  : PadPairs<Space, P, readonly []>

/** What `pad` does to a tensor. */
export type Padded<S extends Shape, P> = number extends S['length'] ? Shape : PadSizes<S, P>

type PadPairs<Space extends Shape, P, Done extends Shape> = Space extends readonly [
  ...infer Lead extends Shape,
  infer N extends number,
]
  ? P extends readonly [infer Before extends number, infer After extends number, ...infer Rest]
    ? PadPairs<Lead, Rest, readonly [Grow<Grow<N, Before>, After>, ...Done]>
    : PadPairs<Lead, P, readonly [P extends readonly [] ? N : number, ...Done]>
  : Done
