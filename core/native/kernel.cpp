// Compiled once per instruction set, with BLOOM_ISA naming it. No templates of the standard library in here: the linker
// would keep one copy of them for all instruction sets, and it might be the widest.
#include <stdlib.h>

#include "grid_sink.h"
#include "image_sink.h"
#include "point_sink.h"

#define BLOOM_TEXT_(name) #name
#define BLOOM_TEXT(name) BLOOM_TEXT_(name)

namespace bloom::BLOOM_ISA {
namespace {

// Over-allocates and aligns by hand: C11's aligned_alloc is not on Windows.
void* aligned(size_t size) {
  char* raw = (char*)malloc(size + 64 + sizeof(void*));
  if (!raw) return nullptr;
  char* out = (char*)(((uintptr_t)raw + sizeof(void*) + 63) & ~uintptr_t(63));
  ((void**)out)[-1] = raw;
  return out;
}
void release(void* p) {
  if (p) free(((void**)p)[-1]);
}

template <class T>
struct Memory {
  Pool<T>* pool = (Pool<T>*)aligned(sizeof(Pool<T>));
  Affines<T>* affines;

  explicit Memory(const Program& program) { affines = (Affines<T>*)aligned(sizeof(Affines<T>) * (program.xforms.size() + 1)); }
  ~Memory() { release(pool), release(affines); }
  bool ready() const { return pool && affines; }
};

struct NoSink {
  void plot(const Point<float>&, F, const Origin&, Statistics&) {}
};

template <class T>
void warm_up(Game<T>& game) {
  NoSink none;
  Statistics unused;
  for (int i = 0; i < kFuse; ++i) game.step(false, unused, none);
}

template <class T>
bool play_to_grid(const Program& program, Batch batch, uint64_t samples, GridTarget& target, Statistics& statistics) {
  Memory<T> memory(program);
  if (!memory.ready()) return false;
  Game<T> game(*memory.pool, memory.affines, program, batch);
  warm_up(game);
  GridSink sink{target, game.random()};
  for (uint64_t done = 0; done < samples && !target.failed; done += kPool) game.step(true, statistics, sink);
  return !target.failed;
}

bool to_grid(const Program& program, Batch batch, uint64_t samples, GridTarget& target, Statistics& statistics) {
  return batch.in_double ? play_to_grid<double>(program, batch, samples, target, statistics)
                         : play_to_grid<float>(program, batch, samples, target, statistics);
}

template <class T>
bool play_to_image(const Program& program, Batch batch, uint64_t samples, ImageTarget& target, Statistics& statistics) {
  Memory<T> memory(program);
  if (!memory.ready()) return false;
  Game<T> game(*memory.pool, memory.affines, program, batch);
  warm_up(game);
  ImageSink sink(target, game.random());
  for (uint64_t done = 0; done < samples; done += kPool) game.step(true, statistics, sink);
  return true;
}

bool to_image(const Program& program, Batch batch, uint64_t samples, ImageTarget& target, Statistics& statistics) {
  return batch.in_double ? play_to_image<double>(program, batch, samples, target, statistics)
                         : play_to_image<float>(program, batch, samples, target, statistics);
}

template <class T>
bool play_to_points(const Program& program, Batch batch, PointTarget& target, Statistics& statistics) {
  Memory<T> memory(program);
  if (!memory.ready()) return false;
  Game<T> game(*memory.pool, memory.affines, program, batch);
  warm_up(game);
  uint64_t limit = (target.capacity / kPool + 1) * 8;
  for (uint64_t i = 0; i < limit && target.count < target.capacity; ++i) {
    PointSink sink{target};
    sink.wanted = target.capacity - target.count;
    game.step(true, statistics, sink);
  }
  return true;
}

bool to_points(const Program& program, Batch batch, PointTarget& target, Statistics& statistics) {
  return batch.in_double ? play_to_points<double>(program, batch, target, statistics) : play_to_points<float>(program, batch, target, statistics);
}

template <class T>
void transform_in(const Program& program, const XformProgram& xform, uint64_t seed, const double* in, uint64_t n, double* out) {
  Random random(seed, 0);
  Affines<T> affines(xform);
  for (uint64_t i = 0; i < n; i += kLanes) {
    int valid = n - i < kLanes ? int(n - i) : kLanes;
    Point<T> p{Vec<T>(T(0)), Vec<T>(T(0)), Vec<T>(T(0))};
    for (int lane = 0; lane < valid; ++lane) {
      const double* from = in + 3 * (i + lane);
      p.x[lane] = T(from[0]), p.y[lane] = T(from[1]), p.z[lane] = T(from[2]);
    }
    p = apply<T>(program, xform, affines, p, random);
    for (int lane = 0; lane < valid; ++lane) {
      double* to = out + 3 * (i + lane);
      to[0] = p.x[lane], to[1] = p.y[lane], to[2] = p.z[lane];
    }
  }
}

void transform(const Program& program, const XformProgram& xform, bool in_double, uint64_t seed, const double* in, uint64_t n, double* out) {
  if (in_double) transform_in<double>(program, xform, seed, in, n, out);
  else transform_in<float>(program, xform, seed, in, n, out);
}

}  // namespace

Measure measure;  // in recorder_kernel.cpp
Train train;      // in training_kernel.cpp

extern const Kernel kKernel;
const Kernel kKernel = {BLOOM_TEXT(BLOOM_ISA), to_grid, to_points, to_image, transform, measure, train};

}  // namespace bloom::BLOOM_ISA
