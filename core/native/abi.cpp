#include <math.h>
#include <string.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <vector>

#include "abi_support.h"
#include "estimator.h"
#include "grid.h"
#include "kernel.h"
#include "memory_budget.h"
#include "parallel.h"
#include "vdb.h"

using namespace bloom;

struct bloom_grid {
  Grid grid;
  uint64_t samples = 0;
  bool dense = false;  // of a dense array: its density is what it is
  std::string message;

  bloom_grid(const GridShape& shape, const float* palette, int palette_size, std::shared_ptr<MemoryBudget> memory)
      : grid(shape, palette, palette_size, std::move(memory)) {}
  DensityScale scale(double gain) const { return dense ? DensityScale(gain) : DensityScale(gain, samples, grid.shape().voxel_size); }
};

namespace {

constexpr int32_t kMaxResolution = 4096;
constexpr float kLargestHalf = 65504;
constexpr uint64_t kMaxPoints = uint64_t(1) << 33;
constexpr int kSlotBits = 24;  // a batch never makes more slots: eight times its samples
static_assert((kBatchSamples + kPool) * 8 < uint64_t(1) << kSlotBits);

// Returns what is wrong with a volume, or null and the shape of its grid.
const char* read_volume(const bloom_volume& volume, GridShape& shape) {
  if (volume.resolution < 8 || volume.resolution > kMaxResolution) return "the resolution must lie between 8 and 4096 voxels";
  if (!(volume.filter >= 0 && volume.filter <= 8)) return "the filter's radius must lie between 0 and 8 voxels";
  if (!(volume.fade >= 0 && volume.fade <= 0.5)) return "the soft edge must lie between 0 and half of the box";
  if (volume.colors && volume.color_count < 2) return "a palette needs two colours or more";
  double longest = 0;
  for (int axis = 0; axis < 3; ++axis) {
    double side = volume.high[axis] - volume.low[axis];
    if (!(side > 0) || !isfinite(side) || !(fabs(volume.low[axis]) < 1e9) || !(fabs(volume.high[axis]) < 1e9)) return "the box must have a finite, positive size";
    longest = std::max(longest, side);
    shape.low[axis] = volume.low[axis];
  }
  shape.voxel_size = longest / volume.resolution;
  for (int axis = 0; axis < 3; ++axis)
    shape.dimensions[axis] = std::clamp(int32_t(ceil((volume.high[axis] - volume.low[axis]) / shape.voxel_size - 1e-6)), 1, kMaxResolution);
  return nullptr;
}

// Returns what is wrong with a dense array, or null and the shape of its grid.
const char* read_dense(const bloom_dense& dense, GridShape& shape) {
  if (!(dense.voxel_size > 0) || !(dense.voxel_size < 1e9)) return "the voxels must have a finite, positive size";
  uint64_t count = 1;
  for (int axis = 0; axis < 3; ++axis) {
    if (dense.dimensions[axis] < 1 || dense.dimensions[axis] > kMaxResolution) return "each side must have 1 to 4096 voxels";
    if (!(fabs(dense.low[axis]) < 1e9)) return "the array must lie at a finite place";
    shape.low[axis] = dense.low[axis], shape.dimensions[axis] = dense.dimensions[axis];
    count *= uint64_t(dense.dimensions[axis]);
  }
  shape.voxel_size = dense.voxel_size;
  for (uint64_t i = 0; i < count; ++i) {
    if (!(dense.density[i] >= 0 && dense.density[i] <= kLargestHalf)) return "the densities must be numbers from 0 to 65504";
    if (!(dense.palette[i] >= 0 && dense.palette[i] <= 1)) return "the palette coordinates must be numbers from 0 to 1";
  }
  return nullptr;
}

}  // namespace

int32_t bloom_abi_version(void) { return BLOOM_ABI_VERSION; }
const char* bloom_kernel_name(void) { return kernel().name; }

int32_t bloom_variation_count(void) { return variation_count(); }

int32_t bloom_variation(int32_t variation, bloom_variation_info* out) {
  if (variation < 0 || variation >= variation_count()) return BLOOM_INVALID;
  const VariationInfo& info = variation_info(variation);
  *out = {info.name, info.parameter_count};
  return BLOOM_OK;
}

int32_t bloom_parameter(int32_t variation, int32_t parameter, bloom_parameter_info* out) {
  if (variation < 0 || variation >= variation_count()) return BLOOM_INVALID;
  const VariationInfo& info = variation_info(variation);
  if (parameter < 0 || parameter >= info.parameter_count) return BLOOM_INVALID;
  const Parameter& p = info.parameters[parameter];
  const double* defaults = p.defaults.of;
  *out = {p.name, {defaults[0], defaults[1], defaults[2]}, p.limits.low, p.limits.high, p.typical.low, p.typical.high, int32_t(p.kind)};
  return BLOOM_OK;
}

int32_t bloom_flame_open(const double* buffer, uint64_t length, bloom_flame** out) {
  bloom_flame* flame = *out = new (std::nothrow) bloom_flame;
  if (!flame) return BLOOM_MEMORY;
  return guarded(flame->message, [&] {
    flame->message = read_program(buffer, length, flame->program);
    flame->usable = flame->message.empty();
    return int32_t(flame->usable ? BLOOM_OK : BLOOM_INVALID);
  });
}

const char* bloom_flame_message(const bloom_flame* flame) { return flame ? flame->message.c_str() : "not enough memory"; }
void bloom_flame_close(bloom_flame* flame) { delete flame; }

int32_t bloom_transform(bloom_flame* flame, int32_t xform, int32_t in_double, uint64_t seed, const double* in, uint64_t n, double* out) {
  const Program& program = flame->program;
  int32_t count = int32_t(program.xforms.size());
  if (!flame->usable || xform < 0 || xform >= count + int32_t(program.has_final)) return fail(flame->message, BLOOM_INVALID, "no such xform");
  kernel().transform(program, xform == count ? program.final_xform : program.xforms[xform], in_double != 0, seed, in, n, out);
  return BLOOM_OK;
}

int32_t bloom_points(bloom_flame* flame, const bloom_play* play, uint64_t count, bloom_progress progress, void* user, float* position, float* palette,
                     float* weight, uint8_t* xform, uint64_t* identity, uint64_t* written, bloom_statistics* statistics) {
  return guarded(flame->message, [&] {
    if (!flame->usable || count > kMaxPoints) return fail(flame->message, BLOOM_INVALID, "too many points");
    uint64_t batches = (count + kBatchSamples - 1) / kBatchSamples;
    std::vector<uint64_t> filled(batches);
    std::mutex mutex;
    Statistics total;
    auto job = [&](uint64_t number, int) {
      uint64_t from = number * kBatchSamples;
      PointTarget target{position + 3 * from, palette + from, weight + from, xform + from, identity + from, std::min(kBatchSamples, count - from)};
      Statistics own;
      if (!kernel().to_points(flame->program, {play->seed, number, play->in_double != 0}, target, own)) return false;
      filled[number] = target.count;
      for (uint64_t i = 0; i < target.count; ++i) target.slot[i] |= number << kSlotBits;
      std::lock_guard<std::mutex> lock(mutex);
      add(total, own);
      return true;
    };
    Outcome outcome = run_jobs(batches, thread_count(play->threads, batches), job, caller(progress, user));
    report(total, statistics);
    if (outcome == Outcome::cancelled) return fail(flame->message, BLOOM_CANCELLED, "cancelled");
    if (outcome == Outcome::stopped) return fail(flame->message, BLOOM_MEMORY, "not enough memory");
    uint64_t to = 0;
    for (uint64_t number = 0; number < batches; ++number) {
      uint64_t from = number * kBatchSamples, n = filled[number];
      memmove(position + 3 * to, position + 3 * from, n * 3 * sizeof *position);
      memmove(palette + to, palette + from, n * sizeof *palette);
      memmove(weight + to, weight + from, n * sizeof *weight);
      memmove(xform + to, xform + from, n * sizeof *xform);
      memmove(identity + to, identity + from, n * sizeof *identity);
      to += n;
    }
    *written = to;
    if (diverges(total)) return fail(flame->message, BLOOM_DIVERGED, kDiverged);
    return int32_t(BLOOM_OK);
  });
}

int32_t bloom_accumulate(bloom_flame* flame, const bloom_play* play, const bloom_volume* volume, bloom_progress progress, void* user, bloom_grid** out,
                         bloom_statistics* statistics) {
  *out = nullptr;
  return guarded(flame->message, [&] {
    uint64_t samples = volume->samples;
    if (!flame->usable) return fail(flame->message, BLOOM_INVALID, "an unusable flame");
    if (samples > kMaxSamples) return fail(flame->message, BLOOM_INVALID, "too many samples: at most 2^40");
    GridShape shape{};
    if (const char* wrong = read_volume(*volume, shape)) return fail(flame->message, BLOOM_INVALID, wrong);

    uint64_t batches = (samples + kBatchSamples - 1) / kBatchSamples;
    int workers = thread_count(play->threads, batches);
    auto memory = std::make_shared<MemoryBudget>(volume->memory_limit);
    auto handle = std::make_unique<bloom_grid>(shape, volume->colors, volume->color_count, memory);
    std::vector<std::unique_ptr<Bins>> bins;
    std::vector<Statistics> own(workers);
    bool good = true;
    for (int i = 0; i < workers && good; ++i) {
      bins.push_back(std::make_unique<Bins>(handle->grid, memory));
      good = bins.back()->ready();
    }
    auto job = [&](uint64_t number, int worker) {
      GridTarget target = bins[worker]->target(float(volume->filter), float(volume->fade));
      Batch batch{play->seed, number, play->in_double != 0};
      return kernel().to_grid(flame->program, batch, std::min(kBatchSamples, samples - number * kBatchSamples), target, own[worker]);
    };
    Outcome outcome = good ? run_jobs(batches, workers, job, caller(progress, user)) : Outcome::stopped;
    if (outcome == Outcome::cancelled) return fail(flame->message, BLOOM_CANCELLED, "cancelled");
    good = outcome == Outcome::done;
    for (auto& bin : bins) good = good && bin->empty();
    if (!good) return fail(flame->message, BLOOM_MEMORY, "not enough memory for this grid: lower the resolution or shrink the box");
    bins.clear();
    Statistics total;
    for (const Statistics& part : own) add(total, part);
    report(total, statistics);
    if (diverges(total)) return fail(flame->message, BLOOM_DIVERGED, kDiverged);
    handle->grid.finish(play->threads);
    handle->samples = total.iterations;
    *out = handle.release();
    return int32_t(BLOOM_OK);
  });
}

int32_t bloom_grid_from_dense(const bloom_dense* dense, bloom_grid** out) {
  *out = nullptr;
  std::string lost;  // the message, while there is no grid to keep it
  return guarded(lost, [&] {
    GridShape shape{};
    const char* wrong = read_dense(*dense, shape);
    if (wrong) shape = {{}, 1, {1, 1, 1}};
    bloom_grid* handle = *out = new bloom_grid(shape, nullptr, 0, std::make_shared<MemoryBudget>(dense->memory_limit));
    handle->dense = true;
    if (wrong) return fail(handle->message, BLOOM_INVALID, wrong);
    if (!handle->grid.fill(dense->density, dense->palette)) return fail(handle->message, BLOOM_MEMORY, "not enough memory for this grid: lower the resolution");
    return int32_t(BLOOM_OK);
  });
}

const char* bloom_grid_message(const bloom_grid* grid) { return grid->message.c_str(); }

void bloom_grid_describe(const bloom_grid* grid, bloom_grid_info* out) {
  const GridShape& shape = grid->grid.shape();
  memset(out, 0, sizeof *out);
  memcpy(out->low, shape.low, sizeof out->low);
  memcpy(out->dimensions, shape.dimensions, sizeof out->dimensions);
  out->voxel_size = shape.voxel_size;
  out->leaf_count = grid->grid.leaves().size();
}

void bloom_grid_leaves(const bloom_grid* handle, double gain, int32_t* origins, uint8_t* mask, float* density, float* palette, float* color) {
  const Grid& grid = handle->grid;
  DensityScale scale = handle->scale(gain);
  size_t at = 0;
  for (const Leaf& leaf : grid.leaves()) {
    if (origins) memcpy(origins + 3 * at, leaf.origin, sizeof leaf.origin);
    for (size_t i = 0; i < kLeafVoxels; ++i) {
      size_t to = at * kLeafVoxels + i;
      if (mask) mask[to] = leaf.voxels[i].hits > 0;
      if (density) density[to] = scale(leaf.voxels[i]);
      if (palette) palette[to] = leaf.voxels[i].palette;
      if (color && leaf.colors) memcpy(color + 3 * to, leaf.colors[i].mean, 3 * sizeof *color);
    }
    ++at;
  }
}

int32_t bloom_grid_estimate(bloom_grid* grid, double radius, double curve, int32_t threads, bloom_progress progress, void* user) {
  return guarded(grid->message, [&] {
    if (grid->dense) return fail(grid->message, BLOOM_INVALID, "this grid holds densities, not hits that could be spread");
    if (!(radius >= 0 && radius <= 8)) return fail(grid->message, BLOOM_INVALID, "the estimator's radius must lie between 0 and 8 voxels");
    if (!(curve >= 0 && curve <= 1)) return fail(grid->message, BLOOM_INVALID, "the estimator's curve must lie between 0 and 1");
    Outcome outcome = estimate_density(grid->grid, {radius, curve}, threads, caller(progress, user));
    if (outcome == Outcome::cancelled) return fail(grid->message, BLOOM_CANCELLED, "cancelled");
    if (outcome == Outcome::stopped) return fail(grid->message, BLOOM_MEMORY, "not enough memory for density estimation: lower the resolution");
    return int32_t(BLOOM_OK);
  });
}

int32_t bloom_grid_write_vdb(bloom_grid* grid, const char* path, double gain, int32_t half, int32_t compressed) {
  return guarded(grid->message, [&] {
    if (!(gain > 0) || !isfinite(gain)) return fail(grid->message, BLOOM_INVALID, "the gain must be a positive number");
    grid->message = write_vdb(grid->grid, grid->scale(gain), {half != 0, compressed != 0}, path);
    return int32_t(grid->message.empty() ? BLOOM_OK : BLOOM_FILE);
  });
}

void bloom_grid_close(bloom_grid* grid) { delete grid; }
