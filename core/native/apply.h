// One xform at sixteen points: pre-affine, variations before the sum, the sum, variations after it, post-affine.
#pragma once
#include "program.h"
#include "variation.h"

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
inline VariationFunction<float> function_of<float>(int variation) { return kFunctions[variation].in_float; }
template <>
inline VariationFunction<double> function_of<double>(int variation) { return kFunctions[variation].in_double; }

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

// What a variation before or after the sum adds to: what its form leaves of the point.
template <class T>
inline Point<T> left_of(const Point<T>& p, Form form) {
  Vec<T> none = T(0);
  switch (form) {
    case Form::adds: return p;
    case Form::flat: return {none, none, p.z};
    case Form::sets_z: return {p.x, p.y, none};
    case Form::replaces: break;
  }
  return {none, none, none};
}

template <class T>
inline void apply_in_turn(const TermList& terms, const Affines<T>& affines, Dialect dialect, Random& random, Point<T>& p) {
  for (const Term& term : terms) {
    Point<T> out = left_of<T>(p, term.form);
    function_of<T>(term.variation)({p, T(term.weight), parameters_of<T>(term), affines.pre, dialect, random}, out);
    p = out;
  }
}

template <class T>
inline Point<T> apply(const Program& program, const XformProgram& xform, const Affines<T>& affines, const Point<T>& from, Random& random) {
  Point<T> in = affine<T>(affines.pre, from), sum{Vec<T>(T(0)), Vec<T>(T(0)), Vec<T>(T(0))};
  if (!xform.before.empty()) apply_in_turn<T>(xform.before, affines, program.dialect, random, in);
  if (xform.passes_on) sum = in;
  for (const Term& term : xform.sum) {
    T w = T(term.weight);
    if (term.variation == kLinear)
      sum.x += w * in.x, sum.y += w * in.y, sum.z += w * in.z;
    else
      function_of<T>(term.variation)({in, w, parameters_of<T>(term), affines.pre, program.dialect, random}, sum);
  }
  if (!xform.after.empty()) apply_in_turn<T>(xform.after, affines, program.dialect, random, sum);
  return xform.has_post ? affine<T>(affines.post, sum) : sum;
}

// True where a coordinate is NaN, infinite or farther out than kFar.
template <class T>
inline Mask<T> lost(const Point<T>& p) {
  return ~((abs(p.x) <= kFar<T>) & (abs(p.y) <= kFar<T>) & (abs(p.z) <= kFar<T>));
}

}  // namespace bloom::BLOOM_ISA
