/** What `inspect` found: the same facts for machines and for people. */
export interface Description {
  /** Printed with `--json`, together with its `kind`. */
  readonly facts: { readonly kind: string } & Readonly<Record<string, unknown>>;
  readonly text: string;
}
