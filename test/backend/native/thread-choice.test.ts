/** When a program runs alone and when it shares its work again. */
import { expect, test } from 'vitest'
import { ThreadChoice } from '../../../src/backend/native/thread-choice.js'

/** Runs for as long as the times say; returns how many of the runs were alone. */
function simulate(
  choice: ThreadChoice,
  runs: number,
  shared: (run: number) => number,
  alone: number,
): number {
  let single = 0
  for (let run = 0; run < runs; run++) {
    if (choice.single) single++
    choice.ran(choice.single ? alone : shared(run))
  }
  return single
}

test('an undisturbed program shares but for the two runs of the first comparison', () => {
  expect(simulate(new ThreadChoice(), 1000, (run) => (run % 2 ? 1 : 1.6), 2)).toBe(2)
})

test('a long program does not try how long one thread takes', () => {
  expect(simulate(new ThreadChoice(), 100, () => 800, 1500)).toBe(0)
})

test('a slow run right after the first comparison is chance', () => {
  expect(simulate(new ThreadChoice(), 1000, (run) => (run === 6 || run === 7 ? 3 : 1), 2)).toBe(2)
})

test('where the machine was busy from the beginning, the first comparison finds out', () => {
  expect(simulate(new ThreadChoice(), 1000, () => 20, 2)).toBeGreaterThan(970)
})

test('on a busy machine a program runs alone, and tries again ever less often', () => {
  const choice = new ThreadChoice()
  simulate(choice, 10, () => 1, 2)
  expect(simulate(choice, 1000, () => 20, 2)).toBeGreaterThan(970)
})

test('one slow run costs a few runs alone', () => {
  const choice = new ThreadChoice()
  simulate(choice, 10, () => 1, 2)
  expect(simulate(choice, 1000, (run) => (run === 500 ? 20 : 1), 2)).toBeLessThan(20)
})

test('when the machine is free again, work is shared again', () => {
  const choice = new ThreadChoice()
  simulate(choice, 10, () => 1, 2)
  simulate(choice, 300, () => 20, 2)
  simulate(choice, 300, () => 1, 2)
  expect(simulate(choice, 1000, () => 1, 2)).toBe(0)
})

test('a long program that lost little by sharing tries again after few runs', () => {
  const choice = new ThreadChoice()
  simulate(choice, 10, () => 100, 200)
  // Somebody else takes a processor for a while: shared runs take a little longer than those alone.
  simulate(choice, 40, () => 260, 200)
  const single = simulate(choice, 100, () => 100, 200)
  expect(single).toBeLessThan(10)
})
