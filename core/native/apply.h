// One xform at sixteen points: pre-affine, variations, post-affine.
#pragma once
#include "program.h"
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

}  // namespace bloom::BLOOM_ISA
