/** Plans for those who do not want to choose one, from the most exact to the fastest. */
export const PRESETS = ['dense', 'quality', 'balanced', 'fast'] as const;

/** Name of a plan that every policy has. */
export type Preset = (typeof PRESETS)[number];
