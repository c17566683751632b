/** Colours of clusters by number, told apart on white: the first twelve chosen, then around the colour wheel by the golden angle. */
const CHOSEN = ['#1f77b4', '#ff7f0e', '#2ca02c', '#d62728', '#9467bd', '#8c564b', '#e377c2', '#17becf', '#bcbd22', '#3b4cc0', '#b40426', '#117733'];
/** Of what is in no cluster. */
const NONE = '#b0b0b0';

/** The colour of a cluster as `#rrggbb`. */
export function colourOf(cluster: number | null): string {
  if (cluster === null) return NONE;
  return CHOSEN[cluster] ?? wheel(cluster * 137.508, 0.62 - 0.16 * (cluster % 3));
}

/** A hue in degrees at a lightness, as `#rrggbb`. */
function wheel(hue: number, lightness: number): string {
  const reach = 0.65 * Math.min(lightness, 1 - lightness);
  const channel = (n: number): string => {
    const k = (n + hue / 30) % 12;
    const value = lightness - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return Math.round(value * 255).toString(16).padStart(2, '0');
  };
  return `#${channel(0)}${channel(8)}${channel(4)}`;
}
