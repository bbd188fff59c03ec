/** Environment variables, where there is an environment: browsers have none. */

export const environment = (key: string): string | undefined =>
  typeof process === 'object' && process !== null ? process.env?.[key] : undefined
