#include <math.h>
#include <string.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <vector>

#include "bloom.h"
#include "grid.h"
#include "kernel.h"
#include "memory_budget.h"
#include "parallel.h"
#include "vdb.h"

using namespace bloom;

struct bloom_flame {
  Program program;
  bool usable = false;
  std::string message;
};

struct bloom_grid {
  std::unique_ptr<Grid> grid;
  uint64_t samples = 0;
  std::string message;
};

namespace {

constexpr int32_t kMaxResolution = 4096;
constexpr uint64_t kMaxSamples = uint64_t(1) << 40, kMaxPoints = uint64_t(1) << 33;

int32_t fail(std::string& message, int32_t code, const char* text) {
  message = text;
  return code;
}

// Runs f, and turns what C++ throws into a code: no exception may cross the ABI.
template <class Function>
int32_t guarded(std::string& message, Function f) {
  try {
    return f();
  } catch (const std::bad_alloc&) {
    return fail(message, BLOOM_MEMORY, "not enough memory");
  } catch (const std::exception& error) {
    return fail(message, BLOOM_INVALID, error.what());
  }
}

void add(Statistics& to, const Statistics& from) {
  to.iterations += from.iterations, to.plotted += from.plotted, to.bad += from.bad, to.outside += from.outside;
}

void report(const Statistics& from, bloom_statistics* to) { *to = {from.iterations, from.plotted, from.bad, from.outside}; }

std::function<bool(double)> caller(bloom_progress progress, void* user) {
  return [=](double fraction) { return !progress || progress(user, fraction) != 0; };
}

const char kDiverged[] =
    "the flame diverges: most of its points fly off to infinity. Lower the weights of its expanding xforms or scale their affines down";

// More than half of the points lost: what is left is no picture of the flame.
bool diverges(const Statistics& total) { return total.bad * 2 > total.iterations; }

}  // namespace

int32_t bloom_abi_version(void) { return BLOOM_ABI_VERSION; }
const char* bloom_kernel_name(void) { return kernel().name; }

int32_t bloom_variation_count(void) { return variation_count(); }

int32_t bloom_variation(int32_t variation, bloom_variation_info* out) {
  if (variation < 0 || variation >= variation_count()) return BLOOM_INVALID;
  const VariationInfo& info = variation_table()[variation];
  *out = {info.name, info.parameter_count};
  return BLOOM_OK;
}

int32_t bloom_parameter(int32_t variation, int32_t parameter, bloom_parameter_info* out) {
  if (variation < 0 || variation >= variation_count()) return BLOOM_INVALID;
  const VariationInfo& info = variation_table()[variation];
  if (parameter < 0 || parameter >= info.parameter_count) return BLOOM_INVALID;
  const Parameter& p = info.parameters[parameter];
  *out = {p.name, {p.defaults[0], p.defaults[1], p.defaults[2]}, p.low, p.high, int32_t(p.kind)};
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

int32_t bloom_points(bloom_flame* flame, uint64_t count, uint64_t seed, int32_t threads, bloom_progress progress, void* user, float* position,
                     float* palette, float* weight, uint64_t* written, bloom_statistics* statistics) {
  return guarded(flame->message, [&] {
    if (!flame->usable || count > kMaxPoints) return fail(flame->message, BLOOM_INVALID, "too many points");
    uint64_t batches = (count + kBatchSamples - 1) / kBatchSamples;
    std::vector<uint64_t> filled(batches);
    std::mutex mutex;
    Statistics total;
    auto job = [&](uint64_t number, int) {
      uint64_t from = number * kBatchSamples;
      PointTarget target{position + 3 * from, palette + from, weight + from, std::min(kBatchSamples, count - from)};
      Statistics own;
      kernel().to_points(flame->program, {seed, number}, target, own);
      filled[number] = target.count;
      std::lock_guard<std::mutex> lock(mutex);
      add(total, own);
      return true;
    };
    Outcome outcome = run_jobs(batches, thread_count(threads, batches), job, caller(progress, user));
    report(total, statistics);
    if (outcome == Outcome::cancelled) return fail(flame->message, BLOOM_CANCELLED, "cancelled");
    uint64_t to = 0;
    for (uint64_t number = 0; number < batches; ++number) {
      uint64_t from = number * kBatchSamples, n = filled[number];
      memmove(position + 3 * to, position + 3 * from, n * 3 * sizeof *position);
      memmove(palette + to, palette + from, n * sizeof *palette);
      memmove(weight + to, weight + from, n * sizeof *weight);
      to += n;
    }
    *written = to;
    if (diverges(total)) return fail(flame->message, BLOOM_DIVERGED, kDiverged);
    return int32_t(BLOOM_OK);
  });
}

int32_t bloom_accumulate(bloom_flame* flame, uint64_t samples, const double low[3], const double high[3], int32_t resolution, double filter,
                         double fade, uint64_t seed, int32_t threads, uint64_t memory_limit, bloom_progress progress, void* user, bloom_grid** out,
                         bloom_statistics* statistics) {
  *out = nullptr;
  return guarded(flame->message, [&] {
    if (!flame->usable) return fail(flame->message, BLOOM_INVALID, "an unusable flame");
    if (samples > kMaxSamples) return fail(flame->message, BLOOM_INVALID, "too many samples: at most 2^40");
    if (resolution < 8 || resolution > kMaxResolution) return fail(flame->message, BLOOM_INVALID, "the resolution must lie between 8 and 4096 voxels");
    if (!(filter >= 0 && filter <= 8)) return fail(flame->message, BLOOM_INVALID, "the filter's radius must lie between 0 and 8 voxels");
    if (!(fade >= 0 && fade <= 0.5)) return fail(flame->message, BLOOM_INVALID, "the soft edge must lie between 0 and half of the box");
    GridShape shape{};
    double longest = 0;
    for (int axis = 0; axis < 3; ++axis) {
      double side = high[axis] - low[axis];
      if (!(side > 0) || !isfinite(side) || !(fabs(low[axis]) < 1e9) || !(fabs(high[axis]) < 1e9))
        return fail(flame->message, BLOOM_INVALID, "the box must have a finite, positive size");
      longest = std::max(longest, side);
      shape.low[axis] = low[axis];
    }
    shape.voxel_size = longest / resolution;
    for (int axis = 0; axis < 3; ++axis)
      shape.dimensions[axis] = std::clamp(int32_t(ceil((high[axis] - low[axis]) / shape.voxel_size - 1e-6)), 1, kMaxResolution);

    uint64_t batches = (samples + kBatchSamples - 1) / kBatchSamples;
    int workers = thread_count(threads, batches);
    auto memory = std::make_shared<MemoryBudget>(memory_limit);
    std::vector<std::unique_ptr<Grid>> grids;
    std::vector<Statistics> own(workers);
    for (int i = 0; i < workers; ++i) {
      grids.push_back(std::make_unique<Grid>(shape, memory));
      if (!grids.back()->ready()) return fail(flame->message, BLOOM_MEMORY, "not enough memory for this resolution: lower it");
    }
    auto job = [&](uint64_t number, int worker) {
      GridTarget target = grids[worker]->target();
      target.filter = float(filter), target.fade = float(fade);
      kernel().to_grid(flame->program, {seed, number}, std::min(kBatchSamples, samples - number * kBatchSamples), target, own[worker]);
      return !target.failed;
    };
    Outcome outcome = run_jobs(batches, workers, job, caller(progress, user));
    if (outcome == Outcome::cancelled) return fail(flame->message, BLOOM_CANCELLED, "cancelled");
    bool merged = outcome == Outcome::done;
    for (int i = 1; i < workers && merged; ++i) merged = grids[0]->absorb(*grids[i]);
    if (!merged) return fail(flame->message, BLOOM_MEMORY, "not enough memory for this grid: lower the resolution or shrink the box");
    Statistics total;
    for (const Statistics& part : own) add(total, part);
    report(total, statistics);
    if (diverges(total)) return fail(flame->message, BLOOM_DIVERGED, kDiverged);
    auto grid = std::make_unique<bloom_grid>();
    grid->grid = std::move(grids[0]);
    grid->grid->sort_leaves();
    grid->samples = total.iterations;
    *out = grid.release();
    return int32_t(BLOOM_OK);
  });
}

const char* bloom_grid_message(const bloom_grid* grid) { return grid->message.c_str(); }

void bloom_grid_describe(const bloom_grid* grid, bloom_grid_info* out) {
  const GridShape& shape = grid->grid->shape();
  memset(out, 0, sizeof *out);
  memcpy(out->low, shape.low, sizeof out->low);
  memcpy(out->dimensions, shape.dimensions, sizeof out->dimensions);
  out->voxel_size = shape.voxel_size;
  out->leaf_count = grid->grid->leaves().size();
}

void bloom_grid_leaves(const bloom_grid* handle, double gain, int32_t* origins, uint8_t* mask, float* density, float* palette) {
  const Grid& grid = *handle->grid;
  DensityScale scale(gain, handle->samples, grid.shape().voxel_size);
  size_t at = 0;
  for (uint32_t cell : grid.leaves()) {
    const Voxel* leaf = grid.leaf(cell);
    if (origins) grid.origin(cell, origins + 3 * at);
    for (size_t i = 0; i < kLeafVoxels; ++i) {
      size_t to = at * kLeafVoxels + i;
      if (mask) mask[to] = leaf[i].weight != 0;
      if (density) density[to] = scale(leaf[i]);
      if (palette) palette[to] = mean_tint(leaf[i]);
    }
    ++at;
  }
}

int32_t bloom_grid_write_vdb(bloom_grid* grid, const char* path, double gain, int32_t half) {
  return guarded(grid->message, [&] {
    if (!(gain > 0) || !isfinite(gain)) return fail(grid->message, BLOOM_INVALID, "the gain must be a positive number");
    grid->message = write_vdb(*grid->grid, DensityScale(gain, grid->samples, grid->grid->shape().voxel_size), half != 0, path);
    return int32_t(grid->message.empty() ? BLOOM_OK : BLOOM_FILE);
  });
}

void bloom_grid_close(bloom_grid* grid) { delete grid; }
