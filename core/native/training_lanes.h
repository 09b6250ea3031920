// Lanes for training: one network each. A register's worth of lanes, so that a block of sums stays in registers; how many that is differs
// between processors, but no lane's result depends on it: each does the same operations in the same order, alone.
#pragma once
#include <stdint.h>

namespace bloom::BLOOM_ISA {

#if defined(__AVX512F__)
constexpr int kRegisterBytes = 64, kRegisters = 32;
#elif defined(__AVX__)
constexpr int kRegisterBytes = 32, kRegisters = 16;
#elif defined(__aarch64__)
constexpr int kRegisterBytes = 16, kRegisters = 32;
#else
constexpr int kRegisterBytes = 16, kRegisters = 16;
#endif

// x86-64-v2 has no fused multiply-add, and a library's in its place would take a hundred times as long: there, products are rounded.
#if defined(__FMA__) || defined(__aarch64__)
constexpr bool kFused = true;
#else
constexpr bool kFused = false;
#endif

template <class T, int count>
using Row = T __attribute__((ext_vector_type(count)));
using Floats = Row<float, kRegisterBytes / 4>;
using Doubles = Row<double, kRegisterBytes / 8>;
// What a comparison of as many doubles yields: whole numbers of 64 bits, of the one type out of two that clang has for them here.
template <int count>
using Wholes = decltype(Row<double, count>{} == Row<double, count>{});

template <class V>
constexpr int kLanesOf = 0;
template <>
inline constexpr int kLanesOf<Floats> = kRegisterBytes / 4;
template <>
inline constexpr int kLanesOf<Doubles> = kRegisterBytes / 8;

// a * b + c, rounded once.
inline Floats fma(Floats a, Floats b, Floats c) {
  if constexpr (kFused) return __builtin_elementwise_fma(a, b, c);
  else return a * b + c;
}
inline Doubles fma(Doubles a, Doubles b, Doubles c) {
  if constexpr (kFused) return __builtin_elementwise_fma(a, b, c);
  else return a * b + c;
}
template <class V>
inline V sqrt(V v) { return __builtin_elementwise_sqrt(v); }

// Limits that NaN passes through, as it must: a network that has become NaN shall not come back to life.
template <class V>
inline V at_most(V v, V limit) { return limit < v ? limit : v; }
template <class V>
inline V at_least(V v, V limit) { return limit > v ? limit : v; }

// What the values of a kind of lanes are on their own, how they are made of a number in highest precision, and looked at as doubles.
template <class V>
struct Lane;
template <>
struct Lane<Floats> {
  using Alone = float;
  using AsDoubles = Row<double, kLanesOf<Floats>>;
  using Wide = AsDoubles;
  static constexpr double kEpsilon = 0x1p-24;
};
template <>
struct Lane<Doubles> {
  using Alone = double;
  using AsDoubles = Doubles;
  using Wide = Doubles;
  static constexpr double kEpsilon = 0x1p-53;
};

template <class V>
using AsDoubles = typename Lane<V>::AsDoubles;
template <class V>
using Wide = typename Lane<V>::Wide;  // for the few numbers that a float is too short for

inline Floats spread(float v) { return Floats(v); }
inline Doubles spread(double v) { return Doubles(v); }
inline AsDoubles<Floats> as_doubles(Floats v) { return __builtin_convertvector(v, AsDoubles<Floats>); }
inline Doubles as_doubles(Doubles v) { return v; }
inline Wide<Floats> wide(Floats v) { return as_doubles(v); }
inline Doubles wide(Doubles v) { return v; }
inline Floats narrow(Floats*, Wide<Floats> v) { return __builtin_convertvector(v, Floats); }
inline Doubles narrow(Doubles*, Doubles v) { return v; }

// Where `where` is not above 0, 0, else `yes`; NaN counts as above.
template <class V>
inline V unless_positive(V where, V yes) { return where <= 0 ? V(0) : yes; }
template <class V>
inline V unless_zero(V where, V yes, V no) { return where == 0 ? no : yes; }

}  // namespace bloom::BLOOM_ISA
