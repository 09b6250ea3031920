// What a variation is to the kernels: one function over sixteen points that adds to a sum.
#pragma once
#include "lanes_math.h"
#include "random.h"
#include "tables.h"

namespace bloom::BLOOM_ISA {

// One variation, called at sixteen points. `p` holds the parameters in the table's order, then what `prepare` derived.
template <class T>
struct Call {
  const Point<T>& in;
  T w;
  const T* p;
  const T* pre;  // the xform's pre-affine, 3x4 row-major; waves, popcorn, rings and fan read it
  Dialect dialect;
  Random& random;

  Vec<T> square_radius() const { return in.x * in.x + in.y * in.y; }
  Vec<T> radius() const { return sqrt(square_radius()); }
  Vec<T> square_length() const { return square_radius() + in.z * in.z; }
  Vec<T> theta() const { return atan2(in.x, in.y); }  // flam3's angle, from the y axis
  Vec<T> phi() const { return atan2(in.y, in.x); }

  // A denominator that flam3 adds 1e-10 to; Ember replaces an exact 0.
  template <class V>
  V guard(V v) const {
    return dialect == Dialect::flam3 ? v + T(1e-10) : nonzero(v);
  }
  // A denominator that flam3 divides by as it is.
  T nonzero(T v) const { return dialect != Dialect::flam3 && v == T(0) ? T(kSmallest) : v; }
  Vec<T> nonzero(Vec<T> v) const { return dialect == Dialect::flam3 ? v : select<T>(v == T(0), T(kSmallest), v); }

  Vec<T> uniform() const { return random.template uniform<T>(); }
  Vec<T> gaussian() const { return random.template gaussian<T>(); }
  Vec<T> sign() const { return select<T>(uniform() < T(0.5), T(1), T(-1)); }
  // A whole number below `count`, which need not be whole: then the last one comes up less often.
  Vec<T> branch(T count) const { return trunc(count * uniform()); }
  // A direction, uniform over the circle.
  void direction(Vec<T>& sine, Vec<T>& cosine) const { sincos(T(2) * kPi<T> * uniform(), sine, cosine); }
};

template <class T>
using VariationFunction = void (*)(const Call<T>&, Point<T>& sum);

struct VariationFunctions {
  VariationFunction<float> in_float;
  VariationFunction<double> in_double;
};
constexpr int kLinear = 0;  // the number of `linear` in the table: the kernels have it inlined

// By the variation's number.
extern const VariationFunctions* const kFunctions;

}  // namespace bloom::BLOOM_ISA
