// The seam between the code that is compiled once and the kernels that are compiled for every instruction set.
#pragma once
#include <stdint.h>

#include "program.h"
#include "recorder_kernel.h"
#include "training.h"

namespace bloom {

constexpr int kPool = 4096;          // points that one batch moves at a time
constexpr int kFuse = 15;            // steps before anything is plotted
constexpr int kBatchSteps = 256;     // plotted steps of a full batch
constexpr uint64_t kBatchSamples = uint64_t(kPool) * kBatchSteps;

struct Statistics {
  uint64_t iterations = 0, plotted = 0, bad = 0, outside = 0;
};

// A hit on its way into a grid: place in its tile (leaf, then voxel: 9 bits each), weight and palette coordinate (16 bits
// each, in these units).
using Hit = uint64_t;
constexpr uint32_t kWeightUnit = 32768, kTintUnit = 65535;
constexpr uint64_t kBinBytes = 4096;  // of hits that a bin holds, and what it is aligned to

// Where a kernel sends hits: into one bin for each tile of 64x64x64 voxels. Writing tile by tile keeps the grid's memory out
// of the kernel's way, lets all threads share one grid, and needs no test but whether the bin is full.
struct GridTarget {
  float low[3], voxels_per_unit;
  float filter;  // radius, in voxels, of the tent that a hit is spread with; 0 for none
  float fade;    // width of the box's soft edge, as a share of each side; 0 for a hard one
  int32_t dimensions[3], tiles[3];
  Hit** next;  // per tile, and one more for hits outside: where its next hit is written
  void* owner;
  bool (*full)(void* owner, uint32_t tile);  // called when `next` has reached a multiple of kBinBytes; false: no memory
  bool failed = false;
};

struct PointTarget {
  float* position;  // 3 each
  float* palette;
  float* weight;
  uint8_t* xform;
  uint64_t* slot;
  uint64_t capacity, count = 0;
};

// From a point to a place in the histogram: Ember's camera, then the two-dimensional view.
struct Projection {
  bool has_camera;
  float cos_yaw, sin_yaw, cos_pitch, sin_pitch, perspective, height;
  float depth_of_field;               // radius of the disc for each unit of depth
  float blur_curve, blur_x, blur_y;   // where not 0, the disc also grows with the square of the distance from the centre
  float column[3], row[3];            // of x, y and 1, in cells of the histogram
};

// Red, green, blue and weight of a cell, or of what a hit adds: whole numbers, so that no order of adding matters. A full hit is
// kHitUnit. When the weight's highest bit is set, the cell is carried to 64 bits; the colours are never larger than the weight.
using Counts = uint32_t __attribute__((ext_vector_type(4)));
constexpr uint32_t kHitUnit = 1 << 20;
constexpr int kPaletteEntries = 1024;

struct ImageTarget {
  Projection projection;
  int32_t width, height;   // of the histogram
  Counts* cells;           // width * height, and one more for hits outside
  const Counts* palettes;  // for each xform what its hits add, kPaletteEntries over the palette coordinate
  void* owner;
  void (*carry)(void* owner, uint64_t cell);
};

struct Batch {
  uint64_t seed, stream;
  bool in_double;
};

struct Kernel {
  const char* name;
  // False: no memory.
  bool (*to_grid)(const Program&, Batch, uint64_t samples, GridTarget&, Statistics&);
  // Fills the target, or stops short after eight times the iterations that should have sufficed.
  bool (*to_points)(const Program&, Batch, PointTarget&, Statistics&);
  bool (*to_image)(const Program&, Batch, uint64_t samples, ImageTarget&, Statistics&);
  // Applies one xform once to n points, 3 doubles each.
  void (*transform)(const Program&, const XformProgram&, bool in_double, uint64_t seed, const double* in, uint64_t n, double* out);
  Measure* measure;
  Train* train;
};

const Kernel& kernel();  // the best one that this processor runs

}  // namespace bloom
