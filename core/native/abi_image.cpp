#include <math.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "abi_support.h"
#include "develop.h"
#include "image.h"

using namespace bloom;

struct bloom_image {
  std::shared_ptr<MemoryBudget> memory;
  std::unique_ptr<Histogram> histogram;
  std::vector<std::unique_ptr<Counter>> counters;  // of the threads, for all flames of a moving picture
  std::string message;

  // Makes a counter for each of `wanted` threads, or for as many as there is memory. Throws std::bad_alloc where there is none for one.
  int reserve(int wanted) {
    while (int(counters.size()) < wanted) try {
        counters.push_back(std::make_unique<Counter>(*histogram, memory));
      } catch (const std::bad_alloc&) {
        if (counters.empty()) throw;
        break;
      }
    return std::min(wanted, int(counters.size()));
  }

  // Brings all that the counters hold into the histogram, and lets them go.
  void gather(int threads) {
    const uint64_t cells = histogram->shape().cells(), jobs = (cells + kGathered - 1) / kGathered;
    auto job = [&](uint64_t number, int) {
      for (auto& counter : counters) counter->finish(number * kGathered, std::min((number + 1) * kGathered, cells));
      return true;
    };
    if (!counters.empty()) run_jobs(jobs, thread_count(threads, jobs), job, [](double) { return true; });
    counters.clear();
  }

 private:
  static constexpr uint64_t kGathered = 1 << 16;  // cells of one job
};

namespace {

constexpr int32_t kMaxSide = 1 << 16, kMaxSupersample = 16, kMaxGutter = 1 << 12, kMaxFilter = 1 << 10;
constexpr uint64_t kMostSamples = 16 * kBatchSamples, kBatches = 64;  // of a batch; of a picture, unless these are too long or too short

Projection project(const bloom_view& view, const ImageShape& shape) {
  Projection out{};
  out.has_camera = view.yaw != 0 || view.pitch != 0 || view.perspective != 0 || view.height != 0 || view.depth_of_field != 0;
  out.cos_yaw = float(cos(view.yaw)), out.sin_yaw = float(sin(view.yaw));
  out.cos_pitch = float(cos(view.pitch)), out.sin_pitch = float(sin(view.pitch));
  out.perspective = float(view.perspective), out.height = float(view.height);
  out.depth_of_field = float(0.1 * view.depth_of_field);
  if (view.blur_curve != 0) {
    out.blur_curve = float(25 / view.blur_curve);
    out.blur_x = float(2 * view.pixels_per_unit / shape.width), out.blur_y = float(2 * view.pixels_per_unit / shape.height);
  }
  const double c = cos(view.rotate), s = sin(view.rotate), scale = view.pixels_per_unit * shape.supersample;
  const double linear[2][2] = {{c * scale, -s * scale}, {s * scale, c * scale}};
  float* rows[2] = {out.column, out.row};
  const int32_t sides[2] = {shape.width, shape.height};
  for (int axis = 0; axis < 2; ++axis) {
    rows[axis][0] = float(linear[axis][0]), rows[axis][1] = float(linear[axis][1]);
    rows[axis][2] = float(0.5 * sides[axis] * shape.supersample + shape.gutter - linear[axis][0] * view.center[0] - linear[axis][1] * view.center[1]);
  }
  return out;
}

bool all_finite(const double* values, size_t count) {
  return std::all_of(values, values + count, [](double v) { return isfinite(v); });
}

bool usable(const bloom_view& view) {
  const double values[] = {view.center[0], view.center[1], view.pixels_per_unit, view.rotate,         view.yaw,
                           view.pitch,     view.perspective, view.height,        view.depth_of_field, view.blur_curve};
  return all_finite(values, std::size(values)) && view.pixels_per_unit > 0;
}

// Returns what is wrong with a development, or null and it in `out`.
const char* read_development(const bloom_development& how, Development& out) {
  const double values[] = {how.k1, how.k2, how.estimator_radius, how.estimator_minimum, how.estimator_curve, how.gamma, how.gamma_threshold, how.vibrancy,
                           how.white, how.highlight_power, how.background[0], how.background[1], how.background[2]};
  if (!all_finite(values, std::size(values)) || (how.curves && !all_finite(how.curves, 48))) return "a value of the development is not a finite number";
  if (!(how.k1 >= 0 && how.k2 >= 0)) return "brightness must not be negative";
  if (!(how.gamma > 0)) return "gamma must be above 0";
  if (!(how.estimator_radius >= 0 && how.estimator_radius <= 1000 && how.estimator_minimum >= 0 && how.estimator_curve > 0))
    return "the estimator's radii must lie between 0 and 1000 cells, and its curve above 0";
  if (how.filter_size < 1 || how.filter_size > kMaxFilter || !all_finite(how.filter, size_t(how.filter_size))) return "the filter's size must lie between 1 and 1024 cells";
  out = {how.k1, how.k2, how.estimator_radius, how.estimator_minimum, how.estimator_curve, {how.filter, how.filter + how.filter_size}, how.clips_early != 0,
         how.gamma, how.gamma_threshold, how.vibrancy, how.white, how.highlight_power, {how.background[0], how.background[1], how.background[2]}, how.transparent != 0, {}};
  if (how.curves) out.curves.assign(how.curves, how.curves + 48);
  return nullptr;
}

}  // namespace

int32_t bloom_image_open(int32_t width, int32_t height, int32_t supersample, int32_t gutter, uint64_t memory_limit, bloom_image** out) {
  bloom_image* image = *out = new (std::nothrow) bloom_image;
  if (!image) return BLOOM_MEMORY;
  return guarded(image->message, [&] {
    if (width < 1 || height < 1 || width > kMaxSide || height > kMaxSide) return fail(image->message, BLOOM_INVALID, "a picture must be 1 to 65536 pixels wide and high");
    if (supersample < 1 || supersample > kMaxSupersample) return fail(image->message, BLOOM_INVALID, "supersample must lie between 1 and 16");
    if (gutter < 0 || gutter > kMaxGutter) return fail(image->message, BLOOM_INVALID, "the filter or the estimator reaches too far");
    ImageShape shape{width, height, supersample, gutter};
    if (shape.cells() >= uint64_t(1) << 31) return fail(image->message, BLOOM_MEMORY, "the picture is too large: lower its size or its supersampling");
    image->memory = std::make_shared<MemoryBudget>(memory_limit);
    image->histogram = std::make_unique<Histogram>(shape, image->memory);
    return int32_t(BLOOM_OK);
  });
}

const char* bloom_image_message(const bloom_image* image) { return image ? image->message.c_str() : "not enough memory"; }
void bloom_image_close(bloom_image* image) { delete image; }

int32_t bloom_image_accumulate(bloom_image* image, bloom_flame* flame, const bloom_play* play, const bloom_view* view, const double* palette,
                               const double* opacity, uint64_t samples, bloom_progress progress, void* user, bloom_statistics* statistics) {
  return guarded(image->message, [&] {
    if (!flame->usable || !image->histogram) return fail(image->message, BLOOM_INVALID, "an unusable flame or image");
    if (samples > kMaxSamples) return fail(image->message, BLOOM_INVALID, "too many samples: at most 2^40");
    if (!usable(*view)) return fail(image->message, BLOOM_INVALID, "the view must be of finite numbers, and its scale above 0");
    const size_t xforms = flame->program.xforms.size();
    std::vector<Counts> palettes(xforms * kPaletteEntries);
    for (size_t xform = 0; xform < xforms; ++xform)
      for (int entry = 0; entry < kPaletteEntries; ++entry) {
        uint32_t values[4];
        for (int channel = 0; channel < 4; ++channel)
          values[channel] = uint32_t(lround(std::clamp(palette[4 * entry + channel] * opacity[xform], 0.0, 1.0) * kHitUnit));
        // The colours must not outgrow the weight: it is the weight whose highest bit is watched.
        for (int channel = 0; channel < 4; ++channel) palettes[xform * kPaletteEntries + entry][channel] = std::min(values[channel], values[3]);
      }
    const Projection projection = project(*view, image->histogram->shape());
    // Each batch begins with steps that are not seen: the longer the better, as long as threads find enough of them.
    const uint64_t size = std::clamp(samples / kBatches, kBatchSamples, kMostSamples), batches = (samples + size - 1) / size;
    const int workers = image->reserve(thread_count(play->threads, batches));
    std::vector<Statistics> own(workers);
    auto job = [&](uint64_t number, int worker) {
      ImageTarget target = image->counters[worker]->target(projection, palettes.data());
      Batch batch{play->seed, number, play->in_double != 0};
      return kernel().to_image(flame->program, batch, std::min(size, samples - number * size), target, own[worker]);
    };
    Outcome outcome = run_jobs(batches, workers, job, caller(progress, user));
    if (outcome == Outcome::cancelled) return fail(image->message, BLOOM_CANCELLED, "cancelled");
    if (outcome == Outcome::stopped) return fail(image->message, BLOOM_MEMORY, "not enough memory");
    Statistics total;
    for (int i = 0; i < workers; ++i) add(total, own[i]);
    report(total, statistics);
    if (diverges(total)) return fail(image->message, BLOOM_DIVERGED, kDiverged);
    return int32_t(BLOOM_OK);
  });
}

void bloom_image_cells(bloom_image* image, double* out) {
  image->gather(0);
  const Histogram& histogram = *image->histogram;
  for (uint64_t i = 0; i < histogram.shape().cells(); ++i) {
    const Histogram::Cell& cell = histogram.cell(i);
    for (uint64_t value : {cell.red, cell.green, cell.blue, cell.weight}) *out++ = double(value) / kHitUnit;
  }
}

int32_t bloom_image_develop(bloom_image* image, const bloom_development* how, bloom_progress progress, void* user, float* out) {
  return guarded(image->message, [&] {
    Development development;
    if (const char* wrong = read_development(*how, development)) return fail(image->message, BLOOM_INVALID, wrong);
    const ImageShape& shape = image->histogram->shape();
    const int width = how->filter_size;
    if ((width - shape.supersample) % 2 != 0 || (width - shape.supersample) / 2 > shape.gutter)
      return fail(image->message, BLOOM_INVALID, "the filter does not fit the histogram");
    image->gather(how->threads);
    if (develop(*image->histogram, development, how->threads, caller(progress, user), out) == Outcome::cancelled)
      return fail(image->message, BLOOM_CANCELLED, "cancelled");
    return int32_t(BLOOM_OK);
  });
}
