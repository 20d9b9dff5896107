import type { BlockKind } from '../../caching/blocks.js';
import type { Certificate } from '../../caching/certificate.js';
import type { ErrorStatistics } from '../../caching/error_statistics.js';
import type { NoiseSpread } from '../../caching/noise_spread.js';
import type { SearchCurve } from './search_curve.js';

/** The `format` of a report as JSON. */
export const REPORT_FORMAT = 'bac_policy/report@2';

/** A value and the ends of its 95 % bootstrap interval. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Time of a chunk, ms. */
export interface TimeFacts {
  readonly median_ms: number;
  readonly p90_ms: number;
  readonly p99_ms: number;
  /** How many times faster than dense on the same engine, by the medians. */
  readonly vs_dense: number;
  /** The same against eager PyTorch, by way of a bench with peers; null without one. */
  readonly vs_eager: number | null;
  /** Of every chunk, in the order they were made. */
  readonly chunks_ms: readonly number[];
}

/** What a plan does, for its picture. */
export interface PlanFacts {
  readonly file: string | null;
  readonly sha256: string;
  readonly method: Readonly<Record<string, unknown>>;
  readonly steps: number;
  readonly solver: string;
  readonly numerics: string;
  /** `affine`, `noise-scale` or null. */
  readonly correction: string | null;
  /** The rule that decides while denoising, or null. */
  readonly decision: string | null;
  /** Steps at which any block is computed; without step 0 where what comes of it does not matter. */
  readonly evaluations: readonly number[];
  /** In canonical order. */
  readonly blocks: readonly PlannedBlock[];
  /** Computed blocks relative to all. */
  readonly block_update_share: number;
}

/** One block of a plan. */
export interface PlannedBlock {
  readonly layer: number;
  readonly kind: BlockKind;
  readonly updates: readonly number[];
  readonly predict: string;
  readonly int8: boolean;
}

/** How the report's observations look to a plan's drift monitor. */
export interface DriftFacts {
  /** What counts as usual: distance to the nearest calibration condition, excess over ranges, the larger of both. */
  readonly thresholds: { readonly nearest: number; readonly range: number; readonly both: number };
  /** Observations that were looked at. */
  readonly observations: number;
  /** Share of them beyond. */
  readonly beyond: number;
  /** Share of them at which the monitor, shown those of each episode in turn, says `drift`. */
  readonly raised: number;
  /** Per camera, by the name of its input: pictures, and the share of them in which the scene has changed. */
  readonly cameras: Readonly<Record<string, { readonly seen: number; readonly beyond: number }>>;
  /** Of their distances, in units of what is usual. */
  readonly median: number;
  readonly max: number;
}

/** One line of the report: dense or a plan. */
export interface ReportRow {
  readonly name: string;
  /** Name of the method, `dense` for the dense policy. */
  readonly method: string;
  /** What ran it: `compiled`, or `interpreter` where decisions are made while denoising. */
  readonly engine: string;
  /** Multiply-adds relative to the dense compiled engine. */
  readonly cost: number;
  /** null where only the interpreter can run it. */
  readonly time: TimeFacts | null;
  /** Against dense from the same noise; null for dense. */
  readonly error: ErrorStatistics | null;
  /** `error.rms` relative to the policy's own spread over noise seeds. */
  readonly error_of_spread: number | null;
  /** Whether its samples are other ones than those of dense, since it takes other steps (DDIM, DPM-Solver++). */
  readonly other_solver: boolean;
  /** Root mean square error of the same plan without its correction; null where it has none, and for the control. */
  readonly without_correction: Interval | null;
  /** Distance of the distribution of its actions from the dense one, see {@link energyDistance}. */
  readonly distribution_distance: Interval | null;
  /** Whether it has curves and a picture of its own: plans that were given, else those of the frontier. */
  readonly featured: boolean;
  /** Whether no other row has a smaller error for at most its time, or at most its cost. */
  readonly best_at: { readonly its_ms: boolean; readonly its_cost: boolean };
  /** Root mean square difference of the normalised sample from dense after each share of the denoising steps. */
  readonly along_denoising: readonly { readonly share: number; readonly rms: number }[];
  readonly plan: PlanFacts | null;
  readonly certificate: Certificate | null;
  readonly drift: DriftFacts | null;
}

/** One chunk, dense and by plans. */
export interface OverlayFacts {
  /** Why it was chosen: `median error`, `largest error`, ... */
  readonly what: string;
  /** Index among the observations measured on. */
  readonly observation: number;
  readonly lines: readonly {
    readonly name: string;
    /** (Ta, A), physical. */
    readonly actions: readonly (readonly number[])[];
  }[];
}

/** What plans do on observations from elsewhere. */
export interface ElsewhereFacts {
  /** As the user calls them. */
  readonly name: string;
  readonly count: number;
  readonly available: number;
  readonly sources: readonly SourceFacts[];
  /** Dense against dense from other noise. */
  readonly noise_spread: number;
  readonly rows: readonly ElsewhereRow[];
}

/** What one plan does there. */
export interface ElsewhereRow {
  readonly name: string;
  /** Root mean square error against dense. */
  readonly error: Interval;
  readonly without_correction: Interval | null;
  readonly drift: DriftFacts | null;
}

/** How alike a block's features are at all pairs of denoising steps. */
export interface SimilarityFacts {
  readonly layer: number;
  readonly kind: BlockKind;
  /** Cosine, (n, n), n the denoising steps or fewer where neighbours were averaged. */
  readonly cosine: readonly (readonly number[])[];
}

/** A file that numbers came from. */
export interface SourceFacts {
  readonly name: string;
  readonly sha256: string;
}

/** Everything that a report says, in JSON; pages and Markdown only format it. */
export interface ReportFacts {
  readonly format: typeof REPORT_FORMAT;
  readonly policy: {
    readonly directory: string;
    readonly sha256: string;
    readonly source: string;
    readonly layers: number;
    readonly embedding: number;
    readonly horizon: number;
    readonly executed_actions: number;
    readonly denoising_steps: number;
    readonly solver: string;
    readonly joints: readonly { readonly name: string; readonly unit: string }[];
  };
  readonly observations: {
    readonly count: number;
    readonly available: number;
    readonly episodes: number | null;
    /** Whether none of them was calibrated on, as far as files and episodes tell. */
    readonly held_out: boolean;
    readonly sources: readonly SourceFacts[];
  };
  readonly calibration: {
    readonly file: string;
    readonly sha256: string;
    readonly samples: number;
    readonly sources: readonly SourceFacts[];
  };
  /** Dense against dense from other noise. */
  readonly noise_spread: NoiseSpread;
  /** Dense from other noise against dense: the same statistics as of plans. */
  readonly noise_error: ErrorStatistics;
  /** Name of the row of an affine policy without a network (S = 0); null where the calibration has no dense runs. */
  readonly control: string | null;
  /** Whether anything beats the searched plans; null without any. */
  readonly search_curve: SearchCurve | null;
  /** Eager PyTorch in a bench with peers, or null. */
  readonly eager: {
    readonly file: string;
    readonly eager_ms: number;
    readonly dense_ms: number;
  } | null;
  /** Dense first. */
  readonly rows: readonly ReportRow[];
  readonly overlays: readonly OverlayFacts[];
  /** Featured plans and the control on observations unlike those of the calibration. */
  readonly elsewhere: readonly ElsewhereFacts[];
  readonly similarity: readonly SimilarityFacts[];
  /** Methods that made no plan, and why. */
  readonly skipped: readonly { readonly name: string; readonly why: string }[];
  readonly made: {
    readonly command: string;
    /** Commands that make the other inputs anew, in order. */
    readonly before: readonly string[];
    readonly date: string;
    readonly versions: Readonly<Record<string, string>>;
    readonly machine: { readonly cpu: string; readonly cores: number };
    readonly threads: number;
    readonly seed: number;
    readonly chunks: number;
  };
}
