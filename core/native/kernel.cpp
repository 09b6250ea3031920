// Compiled once per instruction set, with BLOOM_ISA naming it. No templates of the standard library in here: the linker
// would keep one copy of them for all instruction sets, and it might be the widest.
#include <stdlib.h>

#include "iterate.h"

#define BLOOM_TEXT_(name) #name
#define BLOOM_TEXT(name) BLOOM_TEXT_(name)

namespace bloom::BLOOM_ISA {
namespace {

struct Player {
  Pool* pool = (Pool*)aligned(sizeof(Pool));
  Affines<float>* affines;
  Random random;

  Player(const Program& program, Batch batch) : random(batch.seed, batch.stream) {
    int n = int(program.xforms.size());
    affines = (Affines<float>*)aligned(sizeof(Affines<float>) * size_t(n + 1));
    if (!ready()) return;
    for (int i = 0; i < n; ++i) affines[i] = Affines<float>(program.xforms[i]);
    if (program.has_final) affines[n] = Affines<float>(program.final_xform);
    memset((void*)pool, 0, sizeof(Pool));
    pool->first = true;
    pool->scatter_at_random(random);
  }
  ~Player() { release(pool), release(affines); }
  bool ready() const { return pool && affines; }

 private:
  // Over-allocates and aligns by hand: C11's aligned_alloc is not on Windows.
  static void* aligned(size_t size) {
    char* raw = (char*)malloc(size + 64 + sizeof(void*));
    if (!raw) return nullptr;
    char* out = (char*)(((uintptr_t)raw + sizeof(void*) + 63) & ~uintptr_t(63));
    ((void**)out)[-1] = raw;
    return out;
  }
  static void release(void* p) {
    if (p) free(((void**)p)[-1]);
  }
};

struct NoSink {
  void plot(const Point<float>&, F, int, float, Statistics&) {}
};

// Lanes written to memory, to be read one by one; the barrier keeps the compiler from undoing that.
class Spilled {
 public:
  explicit Spilled(I v) {
    memcpy(values_, &v, sizeof v);
    __asm__ volatile("" : : "r"(values_) : "memory");
  }
  int32_t operator[](int lane) const { return values_[lane]; }

 private:
  alignas(64) int32_t values_[kLanes];
};

struct GridSink {
  GridTarget& target;
  Random& random;
  // The block before this one, its voxels on their way from memory while this one is worked out.
  Voxel* pending[kLanes];
  uint64_t pending_weight[kLanes], pending_tint[kLanes];
  int pending_count = 0;

  ~GridSink() { add_pending(); }

  // A hit is moved at random within the filter's tent, which on average is that filter: without it, petals thinner than
  // a voxel show the grid as moire. The halves of one random number make the two uniforms whose sum is a tent.
  F voxel(F position, int axis) {
    F v = (position - target.low[axis]) * target.voxels_per_unit;
    if (target.filter > 0) {
      Random::Word bits = random.bits();
      I sum = (I)(bits >> 16) + (I)(bits & 0xffffu);
      v += target.filter * (__builtin_convertvector(sum, F) * (1.0f / 65536.0f) - (65535.0f / 65536.0f));
    }
    return v;
  }

  // How much of a hit the box's soft edge lets through, along one axis, as a share of the edge's width.
  F depth(F v, int axis) const {
    float side = float(target.dimensions[axis]);
    return min(v, side - v) / (target.fade * side);
  }
  static F smooth(F share) {
    share = min(max(share, F(0.0f)), F(1.0f));
    return share * share * (3.0f - 2.0f * share);
  }

  void plot(const Point<float>& p, F color, int valid, float opacity, Statistics& statistics) {
    const GridTarget& t = target;
    F x = voxel(p.x, 0), y = voxel(p.y, 1), z = voxel(p.z, 2);
    I inside = (x >= 0.0f) & (x < float(t.dimensions[0])) & (y >= 0.0f) & (y < float(t.dimensions[1])) & (z >= 0.0f) & (z < float(t.dimensions[2]));
    if (t.fade > 0) {
      F dx = depth(x, 0), dy = depth(y, 1), dz = depth(z, 2);
      if (any(inside & (min(min(dx, dy), dz) < 1.0f))) inside &= random.uniform<float>() < smooth(dx) * smooth(dy) * smooth(dz);
    }
    auto whole = [&](F v) { return __builtin_convertvector(select<float>(inside, v, 0.0f), I); };  // truncates
    I ix = whole(x), iy = whole(y), iz = whole(z);
    I leaf = ((ix >> 3) * t.leaf_dimensions[1] + (iy >> 3)) * t.leaf_dimensions[2] + (iz >> 3);
    I offset = (ix & 7) << 6 | (iy & 7) << 3 | (iz & 7);
    leaf |= ~inside;  // -1 where outside
    I tint = __builtin_convertvector(nearest(color * float(kTintUnit)), I);
    I is_nan = p.x != p.x;
    uint64_t weight = uint64_t(opacity * float(kWeightUnit) + 0.5f);
    // Through memory, once: taken lane by lane out of wide registers this costs more than all the rest.
    Spilled leaves(leaf), offsets(offset), tints_whole(tint), nans(is_nan);
    Voxel* voxels[kLanes];
    uint64_t tints[kLanes];
    int count = 0;
    for (int lane = 0; lane < valid; ++lane) {
      if (leaves[lane] < 0) {
        statistics.outside += nans[lane] == 0;
        continue;
      }
      Voxel* found = t.leaves[leaves[lane]];
      if (!found) {
        found = t.touch(t.owner, uint32_t(leaves[lane]));
        if (!found) {
          target.failed = true;
          return;
        }
      }
      voxels[count] = found + offsets[lane];
      __builtin_prefetch(voxels[count], 1);
      tints[count++] = weight * uint64_t(tints_whole[lane]);
    }
    statistics.plotted += uint64_t(count);
    add_pending();
    for (int i = 0; i < count; ++i) pending[i] = voxels[i], pending_weight[i] = weight, pending_tint[i] = tints[i];
    pending_count = count;
  }

  void add_pending() {
    for (int i = 0; i < pending_count; ++i) pending[i]->weight += pending_weight[i], pending[i]->tint += pending_tint[i];
    pending_count = 0;
  }
};

struct PointSink {
  PointTarget& target;
  uint64_t seen = 0;      // points of this step so far
  uint64_t wanted = ~0ull;  // of kPool: fewer in the last step, spread evenly over the xforms

  void plot(const Point<float>& p, F color, int valid, float opacity, Statistics& statistics) {
    for (int lane = 0; lane < valid; ++lane, ++seen) {
      if (p.x[lane] != p.x[lane] || target.count == target.capacity) continue;
      if (wanted < kPool && (seen + 1) * wanted / kPool == seen * wanted / kPool) continue;
      float* out = target.position + 3 * target.count;
      out[0] = p.x[lane], out[1] = p.y[lane], out[2] = p.z[lane];
      target.palette[target.count] = color[lane];
      target.weight[target.count] = opacity;
      ++target.count, ++statistics.plotted;
    }
  }
};

void to_grid(const Program& program, Batch batch, uint64_t samples, GridTarget& target, Statistics& statistics) {
  Player player(program, batch);
  if (!player.ready()) {
    target.failed = true;
    return;
  }
  NoSink none;
  Statistics unused;
  for (int i = 0; i < kFuse; ++i) step(*player.pool, program, player.affines, false, player.random, unused, none);
  GridSink sink{target, player.random, {}, {}, {}};
  for (uint64_t done = 0; done < samples && !target.failed; done += kPool)
    step(*player.pool, program, player.affines, true, player.random, statistics, sink);
}

void to_points(const Program& program, Batch batch, PointTarget& target, Statistics& statistics) {
  Player player(program, batch);
  if (!player.ready()) return;
  NoSink none;
  Statistics unused;
  for (int i = 0; i < kFuse; ++i) step(*player.pool, program, player.affines, false, player.random, unused, none);
  uint64_t limit = (target.capacity / kPool + 1) * 8;
  for (uint64_t i = 0; i < limit && target.count < target.capacity; ++i) {
    PointSink sink{target};
    sink.wanted = target.capacity - target.count;
    step(*player.pool, program, player.affines, true, player.random, statistics, sink);
  }
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

extern const Kernel kKernel;
const Kernel kKernel = {BLOOM_TEXT(BLOOM_ISA), to_grid, to_points, transform};

#ifdef BLOOM_BASELINE
static VariationInfo infos[kEntryCount];
#endif

}  // namespace bloom::BLOOM_ISA

#ifdef BLOOM_BASELINE
namespace bloom {

int variation_count() { return BLOOM_ISA::kEntryCount; }

const VariationInfo* variation_table() {
  static const VariationInfo* table = [] {
    for (int i = 0; i < BLOOM_ISA::kEntryCount; ++i) BLOOM_ISA::infos[i] = BLOOM_ISA::kEntries[i].info;
    return BLOOM_ISA::infos;
  }();
  return table;
}

void prepare_parameters(int variation, double weight, Dialect dialect, double* p) {
  if (BLOOM_ISA::kEntries[variation].prepare) BLOOM_ISA::kEntries[variation].prepare(weight, dialect, p);
}

}  // namespace bloom
#endif
