/**
 * Sums, differences, products and quotients of sizes as types, by the decimal digits as on paper. A size that is not known gives `number`. Only
 * `reshape`, `flatten`, `cat` and the like pay for it: some tens of instantiations an operation.
 */
import type { Shape } from '../core/shape.js'

/** a + b of two digits, as two digits. */
type Sums = [
  ['00', '01', '02', '03', '04', '05', '06', '07', '08', '09'],
  ['01', '02', '03', '04', '05', '06', '07', '08', '09', '10'],
  ['02', '03', '04', '05', '06', '07', '08', '09', '10', '11'],
  ['03', '04', '05', '06', '07', '08', '09', '10', '11', '12'],
  ['04', '05', '06', '07', '08', '09', '10', '11', '12', '13'],
  ['05', '06', '07', '08', '09', '10', '11', '12', '13', '14'],
  ['06', '07', '08', '09', '10', '11', '12', '13', '14', '15'],
  ['07', '08', '09', '10', '11', '12', '13', '14', '15', '16'],
  ['08', '09', '10', '11', '12', '13', '14', '15', '16', '17'],
  ['09', '10', '11', '12', '13', '14', '15', '16', '17', '18'],
]

/** a · b of two digits, as two digits. */
type Products = [
  ['00', '00', '00', '00', '00', '00', '00', '00', '00', '00'],
  ['00', '01', '02', '03', '04', '05', '06', '07', '08', '09'],
  ['00', '02', '04', '06', '08', '10', '12', '14', '16', '18'],
  ['00', '03', '06', '09', '12', '15', '18', '21', '24', '27'],
  ['00', '04', '08', '12', '16', '20', '24', '28', '32', '36'],
  ['00', '05', '10', '15', '20', '25', '30', '35', '40', '45'],
  ['00', '06', '12', '18', '24', '30', '36', '42', '48', '54'],
  ['00', '07', '14', '21', '28', '35', '42', '49', '56', '63'],
  ['00', '08', '16', '24', '32', '40', '48', '56', '64', '72'],
  ['00', '09', '18', '27', '36', '45', '54', '63', '72', '81'],
]

/** a - b of two digits: what is borrowed, and the digit. */
type Differences = [
  ['00', '19', '18', '17', '16', '15', '14', '13', '12', '11'],
  ['01', '00', '19', '18', '17', '16', '15', '14', '13', '12'],
  ['02', '01', '00', '19', '18', '17', '16', '15', '14', '13'],
  ['03', '02', '01', '00', '19', '18', '17', '16', '15', '14'],
  ['04', '03', '02', '01', '00', '19', '18', '17', '16', '15'],
  ['05', '04', '03', '02', '01', '00', '19', '18', '17', '16'],
  ['06', '05', '04', '03', '02', '01', '00', '19', '18', '17'],
  ['07', '06', '05', '04', '03', '02', '01', '00', '19', '18'],
  ['08', '07', '06', '05', '04', '03', '02', '01', '00', '19'],
  ['09', '08', '07', '06', '05', '04', '03', '02', '01', '00'],
]

type Digit = keyof Sums & `${number}`

type AddDigits<A extends string, B extends string> = A extends Digit
  ? B extends keyof Sums[A]
    ? Sums[A][B]
    : never
  : never

type MultiplyDigits<A extends string, B extends string> = A extends Digit
  ? B extends keyof Products[A]
    ? Products[A][B]
    : never
  : never

type SubtractDigits<A extends string, B extends string> = A extends Digit
  ? B extends keyof Differences[A]
    ? Differences[A][B]
    : never
  : never

type Reverse<T extends string, Done extends string = ''> = T extends `${infer First}${infer Rest}`
  ? Reverse<Rest, `${First}${Done}`>
  : Done

type WithoutZeros<T extends string> = T extends `0${infer Rest}`
  ? Rest extends ''
    ? T
    : WithoutZeros<Rest>
  : T

type ToNumber<Reversed extends string> =
  WithoutZeros<Reverse<Reversed>> extends `${infer N extends number}` ? N : number

/** A + B + carry, all with their last digit first. */
type AddReversed<
  A extends string,
  B extends string,
  Carry extends string = '0',
  Done extends string = '',
> = A extends `${infer X}${infer RestA}`
  ? B extends `${infer Y}${infer RestB}`
    ? AddDigits<X, Y> extends `${infer High}${infer Low}`
      ? AddDigits<Low, Carry> extends `${infer Higher}${infer Lower}`
        ? AddReversed<RestA, RestB, High extends '1' ? '1' : Higher, `${Done}${Lower}`>
        : never
      : never
    : AddDigits<X, Carry> extends `${infer High}${infer Low}`
      ? AddReversed<RestA, '', High, `${Done}${Low}`>
      : never
  : B extends ''
    ? `${Done}${Carry}`
    : AddReversed<B, '', Carry, Done>

/** A - B - borrow, all with their last digit first; '-' when that is below 0. */
type SubtractReversed<
  A extends string,
  B extends string,
  Borrow extends string = '0',
  Done extends string = '',
> = A extends `${infer X}${infer RestA}`
  ? B extends `${infer Y}${infer RestB}`
    ? SubtractDigits<X, Y> extends `${infer High}${infer Low}`
      ? SubtractDigits<Low, Borrow> extends `${infer Higher}${infer Lower}`
        ? SubtractReversed<RestA, RestB, High extends '1' ? '1' : Higher, `${Done}${Lower}`>
        : never
      : never
    : SubtractDigits<X, Borrow> extends `${infer High}${infer Low}`
      ? SubtractReversed<RestA, '', High, `${Done}${Low}`>
      : never
  : B extends ''
    ? Borrow extends '0'
      ? Done
      : '-'
    : SubtractReversed<'0', B, Borrow, Done>

/** How often B goes into A (at most nine times) and what remains, both with their last digit first. */
type DivideDigit<A extends string, B extends string, Times extends readonly unknown[] = []> =
  SubtractReversed<A, B> extends infer Rest extends string
    ? Rest extends '-'
      ? readonly [Times['length'], A]
      : DivideDigit<Rest, B, [...Times, unknown]>
    : never

/** A / B, A with its first digit first: the quotient with its first digit first, the remainder with its last. */
type DivideDigits<
  A extends string,
  B extends string,
  Rest extends string = '',
  Done extends string = '',
> = A extends `${infer X}${infer Others}`
  ? DivideDigit<`${X}${Rest}`, B> extends readonly [infer Q extends number, infer R extends string]
    ? DivideDigits<Others, B, R, `${Done}${Q}`>
    : never
  : readonly [Done, Rest]

/** A · the digit B, last digit first. */
type TimesDigit<
  A extends string,
  B extends string,
  Carry extends string = '0',
  Done extends string = '',
> = A extends `${infer X}${infer Rest}`
  ? MultiplyDigits<X, B> extends `${infer High}${infer Low}`
    ? AddDigits<Low, Carry> extends `${infer Over}${infer Lower}`
      ? AddDigits<High, Over> extends `0${infer Next}`
        ? TimesDigit<Rest, B, Next, `${Done}${Lower}`>
        : never
      : never
    : never
  : `${Done}${Carry}`

type TimesReversed<
  A extends string,
  B extends string,
  Shift extends string = '',
  Sum extends string = '0',
> = B extends `${infer Y}${infer Rest}`
  ? TimesReversed<A, Rest, `${Shift}0`, AddReversed<Sum, `${Shift}${TimesDigit<A, Y>}`>>
  : Sum

/** A + B. */
export type Add<A extends number, B extends number> = number extends A
  ? number
  : number extends B
    ? number
    : ToNumber<AddReversed<Reverse<`${A}`>, Reverse<`${B}`>>>

/** A · B. */
export type Multiply<A extends number, B extends number> = number extends A
  ? number
  : number extends B
    ? number
    : A extends 1
      ? B
      : B extends 1
        ? A
        : ToNumber<TimesReversed<Reverse<`${A}`>, Reverse<`${B}`>>>

/** The number of elements. */
export type Product<S extends Shape, Done extends number = 1> = S extends readonly [
  infer N extends number,
  ...infer Rest extends Shape,
]
  ? Product<Rest, Multiply<Done, N>>
  : S extends readonly []
    ? Done
    : number

/** A - B, or `null` where that is below 0. */
export type Subtract<A extends number, B extends number> = number extends A | B
  ? number
  : B extends 0
    ? A
    : SubtractReversed<Reverse<`${A}`>, Reverse<`${B}`>> extends infer R extends string
      ? R extends '-'
        ? null
        : ToNumber<R>
      : never

/** The integer quotient A / B and the remainder. */
export type Divide<A extends number, B extends number> = number extends A | B
  ? readonly [number, number]
  : B extends 0
    ? readonly [number, number]
    : B extends 1
      ? readonly [A, 0]
      : DivideDigits<`${A}`, Reverse<`${B}`>> extends readonly [
            infer Q extends string,
            infer R extends string,
          ]
        ? readonly [WithoutZeros<Q> extends `${infer N extends number}` ? N : number, ToNumber<R>]
        : never

/** A / B where that is an integer, else `null`. */
export type Quotient<A extends number, B extends number> =
  Divide<A, B> extends readonly [infer Q extends number, infer R extends number]
    ? number extends R
      ? number
      : R extends 0
        ? Q
        : null
    : never
