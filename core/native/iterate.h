// The chaos game over a pool of points. Each step every point draws an xform; the points are sorted by it; each xform
// then maps its points sixteen at a time, without branches, and writes them side by side into the other half.
#pragma once
#include <string.h>

#include "kernel.h"
#include "registry.h"

namespace bloom::BLOOM_ISA {

// A bound beyond which a coordinate counts as lost, as in flam3.
template <class T>
constexpr T kFar = T(1e10);

template <class T>
inline const T* parameters_of(const Term& term);
template <>
inline const float* parameters_of<float>(const Term& term) { return term.p_float; }
template <>
inline const double* parameters_of<double>(const Term& term) { return term.p; }

template <class T>
inline VariationFunction<T> function_of(int variation);
template <>
inline VariationFunction<float> function_of<float>(int variation) { return kEntries[variation].in_float; }
template <>
inline VariationFunction<double> function_of<double>(int variation) { return kEntries[variation].in_double; }

// An xform's affines in the kernel's precision.
template <class T>
struct Affines {
  T pre[12], post[12];
  explicit Affines(const XformProgram& xform) {
    for (int i = 0; i < 12; ++i) pre[i] = T(xform.pre[i]), post[i] = T(xform.post[i]);
  }
};

template <class T>
inline Point<T> affine(const T* m, const Point<T>& p) {
  return {m[0] * p.x + m[1] * p.y + m[2] * p.z + m[3], m[4] * p.x + m[5] * p.y + m[6] * p.z + m[7],
          m[8] * p.x + m[9] * p.y + m[10] * p.z + m[11]};
}

template <class T>
inline Point<T> apply(const Program& program, const XformProgram& xform, const Affines<T>& affines, const Point<T>& from, Random& random) {
  Point<T> in = affine<T>(affines.pre, from), sum{Vec<T>(T(0)), Vec<T>(T(0)), Vec<T>(T(0))};
  for (const Term& term : xform.terms) {
    Call<T> call{in, T(term.weight), parameters_of<T>(term), affines.pre, program.dialect, random};
    function_of<T>(term.variation)(call, sum);
  }
  if (xform.flattens) sum.z = Vec<T>(T(0));
  return xform.has_post ? affine<T>(affines.post, sum) : sum;
}

// True where a coordinate is NaN, infinite or farther out than kFar.
template <class T>
inline Mask<T> lost(const Point<T>& p) {
  return ~((abs(p.x) <= kFar<T>) & (abs(p.y) <= kFar<T>) & (abs(p.z) <= kFar<T>));
}

inline F symmetric(Random& random) { return random.uniform<float>() * 2.0f - 1.0f; }

struct Pool {
  // Lanes of padding: the last block of a run may write past the run, and the next run overwrites it.
  alignas(64) float x[2][kPool + kLanes], y[2][kPool + kLanes], z[2][kPool + kLanes], color[2][kPool + kLanes];
  alignas(64) uint8_t choice[kPool + kLanes];
  alignas(64) uint16_t order[kPool + kLanes];
  int start[kMaxXforms + 1];  // where the points that xform i made last begin
  bool first = true;
  int current = 0;

  void scatter_at_random(Random& random) {
    for (int i = 0; i < kPool; i += kLanes) {
      *(F*)(x[0] + i) = symmetric(random);
      *(F*)(y[0] + i) = symmetric(random);
      *(F*)(z[0] + i) = F(0.0f);
      *(F*)(color[0] + i) = random.uniform<float>();
    }
  }
};

inline void draw(Pool& pool, const Program& program, int from, int to, int previous, Random& random) {
  const uint32_t* thresholds = program.thresholds_after(previous);
  int last = int(program.xforms.size()) - 1;
  for (int i = from; i < to; i += kLanes) {
    // Below the highest threshold, so that an xform of probability 0 at the end of the list is never drawn.
    Random::Word bits = min(random.bits(), Random::Word(0xfffffffeu));
    Vec<int32_t> choice = 0;
    for (int k = 0; k < last; ++k) choice -= bits >= thresholds[k];
    Vec<uint8_t> narrow = __builtin_convertvector(choice, Vec<uint8_t>);
    memcpy(pool.choice + i, &narrow, kLanes);
  }
}

// Draws an xform for each point and sorts the points' numbers by it: `order`, with new `start`s.
inline void sort_by_xform(Pool& pool, const Program& program, Random& random) {
  int n = int(program.xforms.size());
  if (program.has_xaos && !pool.first)
    for (int i = 0; i < n; ++i) draw(pool, program, pool.start[i], i + 1 < n ? pool.start[i + 1] : kPool, i, random);
  else
    draw(pool, program, 0, kPool, -1, random);
  pool.first = false;
  int next[kMaxXforms] = {};
  for (int i = 0; i < kPool; ++i) ++next[pool.choice[i]];
  for (int i = 0, sum = 0; i < n; ++i) {
    int count = next[i];
    pool.start[i] = next[i] = sum;
    sum += count;
  }
  pool.start[n] = kPool;
  for (int i = 0; i < kPool; ++i) pool.order[next[pool.choice[i]]++] = uint16_t(i);
}

inline F gather(const float* from, const uint16_t* order) {
  F out;
  for (int lane = 0; lane < kLanes; ++lane) out[lane] = from[order[lane]];
  return out;
}

// Anywhere, aligned or not.
inline void store(float* to, F v) { memcpy(to, &v, sizeof v); }

// One step of the whole pool. `plot(position, colour, valid lanes, xform)` sees every block when `plotting`; lost
// points come as NaN. Sink's plot must not keep references.
template <class Sink>
inline void step(Pool& pool, const Program& program, const Affines<float>* affines, bool plotting, Random& random, Statistics& statistics, Sink& sink) {
  sort_by_xform(pool, program, random);
  int from = pool.current, to = from ^ 1, n = int(program.xforms.size());
  for (int index = 0; index < n; ++index) {
    const XformProgram& xform = program.xforms[index];
    int end = pool.start[index + 1];
    float speed = float(xform.color_speed), pull = speed * float(xform.color);
    for (int i = pool.start[index]; i < end; i += kLanes) {
      const uint16_t* order = pool.order + i;
      Point<float> p{gather(pool.x[from], order), gather(pool.y[from], order), gather(pool.z[from], order)};
      F color = pull + (1.0f - speed) * gather(pool.color[from], order);
      p = apply<float>(program, xform, affines[index], p, random);
      int valid = end - i < kLanes ? end - i : kLanes;
      I gone = lost<float>(p);
      if (any(gone)) {
        for (int lane = 0; lane < valid; ++lane) statistics.bad += gone[lane] != 0;
        p.x = select<float>(gone, symmetric(random), p.x), p.y = select<float>(gone, symmetric(random), p.y);
        p.z = select<float>(gone, 0.0f, p.z);
      }
      store(pool.x[to] + i, p.x);
      store(pool.y[to] + i, p.y);
      store(pool.z[to] + i, p.z);
      store(pool.color[to] + i, color);
      if (!plotting || xform.opacity == 0) continue;
      if (program.has_final) {
        const XformProgram& last = program.final_xform;
        Point<float> q = apply<float>(program, last, affines[n], p, random);
        F tinted = float(last.color_speed * last.color) + float(1 - last.color_speed) * color;
        if (last.opacity < 1) {
          I use = random.uniform<float>() < float(last.opacity);
          p = {select<float>(use, q.x, p.x), select<float>(use, q.y, p.y), select<float>(use, q.z, p.z)};
          color = select<float>(use, tinted, color);
        } else {
          p = q, color = tinted;
        }
        gone |= lost<float>(p);
      }
      p.x = select<float>(gone, F(NAN), p.x);
      color = min(max(color, F(0.0f)), F(1.0f));
      sink.plot(p, color, valid, float(xform.opacity), statistics);
    }
  }
  pool.current = to;
  statistics.iterations += kPool;
}

}  // namespace bloom::BLOOM_ISA
