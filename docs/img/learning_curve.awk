# Draws the test return of several runs over environment steps, and their mean, as SVG.
#
#   awk -f docs/img/learning_curve.awk RUN/metrics.csv ... > docs/img/learning_curve.svg
#
# The mean at the i-th evaluation is that of the i-th evaluations of all runs.

BEGIN {
  FS = ","
  left = 56; right = 16; top = 40; bottom = 48; width = 720; height = 340
  max_x = 150000; max_y = 20
}

function x_of(t) { return left + (width - left - right) * t / max_x }
function y_of(v) { return height - bottom - (height - top - bottom) * v / max_y }
function point(t, v) { return sprintf("%.1f,%.1f ", x_of(t), y_of(v)) }

FNR == 1 { ++n_runs; n = 0 }
$4 == "test_return_mean" {
  ++n
  line[n_runs] = line[n_runs] point($1, $5)
  sum_t[n] += $1; sum_v[n] += $5; ++count[n]
  if (n > n_points) n_points = n
}

END {
  printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" ", width, height
  printf "width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"13\" role=\"img\">\n", width, height
  print "<title>Test return of QMIX on the small stag hunt over environment steps</title>"
  # mid tones where the viewer knows no colour scheme; they are legible on white and on black
  print "<style>"
  print "  text { fill: #6e7781 } .title { font-weight: bold } .grid { stroke: #8b949e; stroke-opacity: .35 }"
  print "  .seed { fill: none; stroke: #4493f8; stroke-opacity: .45; stroke-width: 1.2 }"
  print "  .mean { fill: none; stroke: #1f7ae0; stroke-width: 3; stroke-linejoin: round }"
  print "  .best { stroke: #2da44e; stroke-width: 1.5; stroke-dasharray: 6 4 }"
  print "  @media (prefers-color-scheme: light) { text { fill: #424a53 } }"
  print "  @media (prefers-color-scheme: dark) { text { fill: #c9d1d9 } .mean { stroke: #58a6ff } }"
  print "</style>"
  for (v = 0; v <= max_y; v += 5) {
    if (v < max_y) printf "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>\n", left, width - right, y_of(v), y_of(v)
    printf "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%d</text>\n", left - 8, y_of(v) + 4.5, v
  }
  for (t = 0; t <= max_x; t += 25000) {
    anchor = t == max_x ? "end" : "middle"
    printf "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%s</text>\n", x_of(t), height - bottom + 20, anchor, t == 0 ? "0" : t / 1000 "k"
  }
  printf "<line class=\"best\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>\n", left, width - right, y_of(max_y), y_of(max_y)
  printf "<text x=\"%d\" y=\"%.1f\">maximum</text>\n", left + 6, y_of(max_y) + 17
  for (i = 1; i <= n_runs; ++i) printf "<polyline class=\"seed\" points=\"%s\"/>\n", line[i]
  for (i = 1; i <= n_points; ++i) mean = mean point(sum_t[i] / count[i], sum_v[i] / count[i])
  printf "<polyline class=\"mean\" points=\"%s\"/>\n", mean
  printf "<text class=\"title\" x=\"%d\" y=\"22\">Test return, QMIX on the small stag hunt: %d seeds (thin) and their mean</text>\n", left, n_runs
  printf "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">environment steps</text>\n", x_of(max_x / 2), height - 8
  print "</svg>"
}
