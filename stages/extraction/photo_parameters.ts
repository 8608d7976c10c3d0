/** What `photo_features` is asked, after defaults; its node says what each means. */
export interface PhotoParameters {
  readonly test: number | string;
  readonly validation: number | string;
  /** Pixels. */
  readonly side: number;
  readonly regions: "grid" | "proposals" | "objects";
  readonly grid: number;
  readonly max_regions: number;
  readonly cased: boolean;
  readonly max_text_length: number;
  readonly on_bad_image: "fail" | "skip";
  readonly xla: boolean;
}
