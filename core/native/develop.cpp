#include "develop.h"

#include <math.h>
#include <string.h>

#include <optional>

#include "density_estimator.h"

namespace bloom {
namespace {

using Color = float __attribute__((ext_vector_type(4)));  // red, green, blue, alpha

constexpr int kBand = 64;  // rows that one job makes

struct Frame {
  const Histogram& histogram;
  const Development& how;
  const ImageShape& shape;
  int columns, rows;

  const Histogram::Cell& cell(int row, int column) const { return histogram.cell(uint64_t(row) * columns + column); }

  // The colour of a cell, its weight taken through the logarithm.
  Color lit(const Histogram::Cell& cell) const {
    const double weight = double(cell.weight) / kHitUnit, scale = how.k1 * log1p(how.k2 * weight) / weight / kHitUnit;
    return {float(double(cell.red) * scale), float(double(cell.green) * scale), float(double(cell.blue) * scale), float(double(cell.weight) * scale)};
  }

  // Hits that say how sure a cell is: its own, or with supersampling those of the cells around it.
  double hits(int row, int column) const {
    const int ss = shape.supersample, half = ss / 2;
    if (ss == 1) return double(cell(row, column).weight) / kHitUnit;
    uint64_t sum = 0;
    for (int y = std::max(row - half, 0); y <= std::min(row + half, rows - 1); ++y)
      for (int x = std::max(column - half, 0); x <= std::min(column + half, columns - 1); ++x) sum += cell(y, x).weight;
    const double even = ss % 2 ? 1.0 : double(ss) / (ss + 1);
    return double(sum) / kHitUnit * even * even;
  }
};

// Rows [from, to) of the histogram, lit.
void light(const Frame& frame, int from, int to, Color* out) {
  for (int row = from; row < to; ++row)
    for (int column = 0; column < frame.columns; ++column) {
      const Histogram::Cell& cell = frame.cell(row, column);
      *out++ = cell.weight ? frame.lit(cell) : Color(0.0f);
    }
}

// The same with every cell spread by the kernel of its hits. A band takes from all rows that reach into it, in their order.
void spread(const Frame& frame, const DensityEstimator& estimator, int from, int to, Color* out) {
  const int columns = frame.columns, reach = estimator.reach();
  std::fill(out, out + size_t(to - from) * columns, Color(0.0f));
  for (int row = std::max(from - reach, 0); row < std::min(to + reach, frame.rows); ++row)
    for (int column = 0; column < columns; ++column) {
      const Histogram::Cell& cell = frame.cell(row, column);
      if (!cell.weight) continue;
      const Color color = frame.lit(cell);
      const DensityEstimator::Kernel& kernel = estimator.of(frame.hits(row, column));
      const int side = 2 * kernel.reach + 1, left = std::max(column - kernel.reach, 0), right = std::min(column + kernel.reach, columns - 1);
      for (int y = std::max(row - kernel.reach, from); y <= std::min(row + kernel.reach, to - 1); ++y) {
        const float* taps = kernel.taps.data() + (y - row + kernel.reach) * side + kernel.reach - column;
        Color* line = out + size_t(y - from) * columns;
        for (int x = left; x <= right; ++x) line[x] += taps[x] * color;
      }
    }
}

// A lit colour as it is shown, with the background behind it.
Color show(const Development& how, Color lit) {
  const double g = 1 / how.gamma, threshold = how.gamma_threshold;
  double alpha = 0, scale = 0;
  if (lit[3] > 0) {
    const double a = lit[3];
    alpha = pow(a, g);
    if (a < threshold) alpha = (1 - a / threshold) * a * pow(threshold, g - 1) + a / threshold * alpha;
    scale = how.vibrancy * how.white * alpha / a;
  }
  alpha = std::clamp(alpha, 0.0, 1.0);
  const double most = std::max({lit[0], lit[1], lit[2], 0.0f}), bright = scale * most;
  Color out;
  for (int channel = 0; channel < 3; ++channel) {
    double v = lit[channel], color;
    if (bright > 1 && how.highlight_power >= 0) {
      color = 1 - (1 - v / most) * pow(1 / bright, how.highlight_power);
    } else {
      const double kept = bright > 1 ? std::min(1.0, -how.highlight_power) : 1.0;
      color = v * (kept < 1 ? (1 - kept) / most + kept * scale : scale);
    }
    color += (1 - how.vibrancy) * how.white * pow(std::max(v, 0.0), g);
    if (!how.transparent) color += (1 - alpha) * how.background[channel];
    out[channel] = float(std::clamp(color, 0.0, 1.0));
  }
  out[3] = float(alpha);
  return out;
}

// One of Ember 1.0.0.14's curves: a rational Bezier of four points, of which only the heights and weights count.
double bent(const double* curve, double t) {
  const double u = 1 - t, basis[4] = {u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t};
  double sum = 0, weight = 0;
  for (int i = 0; i < 4; ++i) sum += curve[3 * i + 2] * basis[i] * curve[3 * i + 1], weight += curve[3 * i + 2] * basis[i];
  return weight != 0 ? std::clamp(sum / weight, 0.0, 1.0) : t;
}

void bend(const Development& how, Color& color) {
  if (how.curves.empty()) return;
  for (int channel = 0; channel < 3; ++channel)
    color[channel] = float(bent(how.curves.data() + 12 * (channel + 1), bent(how.curves.data(), double(color[channel]))));
}

// One row of the picture out of the lit (or, clipping early, shown) cells.
void filter_row(const Frame& frame, const Color* cells, int row, float* out) {
  const Development& how = frame.how;
  const int ss = frame.shape.supersample, width = int(how.filter.size()), begin = frame.shape.gutter - (width - ss) / 2;
  for (int column = 0; column < frame.shape.width; ++column) {
    Color sum(0.0f);
    for (int y = 0; y < width; ++y) {
      const Color* line = cells + size_t(row * ss + begin + y) * frame.columns + column * ss + begin;
      Color part(0.0f);
      for (int x = 0; x < width; ++x) part += how.filter[x] * line[x];
      sum += how.filter[y] * part;
    }
    // A filter with negative lobes overshoots.
    Color color = how.clips_early ? Color(__builtin_elementwise_min(__builtin_elementwise_max(sum, Color(0.0f)), Color(1.0f))) : show(how, sum);
    bend(how, color);
    memcpy(out + 4 * column, &color, sizeof color);
  }
}

}  // namespace

Outcome develop(const Histogram& histogram, const Development& how, int threads, const std::function<bool(double)>& progress, float* out) {
  const ImageShape& shape = histogram.shape();
  const Frame frame{histogram, how, shape, shape.columns(), shape.rows()};
  std::vector<Color> cells(shape.cells());
  std::optional<DensityEstimator> estimator;
  if (how.estimator_radius > 0) estimator.emplace(how.estimator_radius, how.estimator_minimum, how.estimator_curve);
  const uint64_t bands = uint64_t((frame.rows + kBand - 1) / kBand), slices = uint64_t((shape.height + kBand - 1) / kBand);
  auto lighten = [&](uint64_t number, int) {
    const int from = int(number) * kBand, to = std::min(from + kBand, frame.rows);
    Color* band = cells.data() + size_t(from) * frame.columns;
    if (estimator) spread(frame, *estimator, from, to, band);
    else light(frame, from, to, band);
    if (how.clips_early)
      for (Color* cell = band; cell < band + size_t(to - from) * frame.columns; ++cell) *cell = show(how, *cell);
    return true;
  };
  Outcome outcome = run_jobs(bands, thread_count(threads, bands), lighten, [&](double share) { return progress(0.9 * share); });
  if (outcome != Outcome::done) return outcome;
  auto filter = [&](uint64_t number, int) {
    for (int row = int(number) * kBand; row < std::min(int(number + 1) * kBand, shape.height); ++row)
      filter_row(frame, cells.data(), row, out + size_t(row) * shape.width * 4);
    return true;
  };
  return run_jobs(slices, thread_count(threads, slices), filter, [&](double share) { return progress(0.9 + 0.1 * share); });
}

}  // namespace bloom
