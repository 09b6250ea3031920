// Sixteen points at a time. The lane count is the same on every processor, so that which random number meets which
// point, and with it every byte of the result, does not depend on the machine; clang splits the vectors to fit.
#pragma once
#include <stdint.h>

namespace bloom::BLOOM_ISA {

constexpr int kLanes = 16;

template <class T>
using Vec = T __attribute__((ext_vector_type(kLanes)));

template <class T>
struct IntegerOf;
template <>
struct IntegerOf<float> {
  using type = int32_t;
};
// Of the two types of 64 bits that there may be, the one that clang's comparisons of doubles have.
template <int size_of_long>
struct EightBytes {
  using type = long;
};
template <>
struct EightBytes<4> {
  using type = long long;
};
template <>
struct IntegerOf<double> {
  using type = EightBytes<sizeof(long)>::type;
};
// What a comparison of two Vec<T> yields: all bits set where it holds, 0 elsewhere.
template <class T>
using Mask = Vec<typename IntegerOf<T>::type>;

template <class T>
struct Point {
  Vec<T> x, y, z;
};

template <class T>
inline Vec<T> select(Mask<T> where, Vec<T> yes, Vec<T> no) {
  using Bits = Mask<T>;
  return (Vec<T>)((where & (Bits)yes) | (~where & (Bits)no));
}
template <class T>
inline Vec<T> select(Mask<T> where, Vec<T> yes, T no) {
  return select<T>(where, yes, Vec<T>(no));
}
template <class T>
inline Vec<T> select(Mask<T> where, T yes, Vec<T> no) {
  return select<T>(where, Vec<T>(yes), no);
}
template <class T>
inline Vec<T> select(Mask<T> where, T yes, T no) {
  return select<T>(where, Vec<T>(yes), Vec<T>(no));
}

template <class V>
inline V sqrt(V v) { return __builtin_elementwise_sqrt(v); }
template <class V>
inline V floor(V v) { return __builtin_elementwise_floor(v); }
template <class V>
inline V trunc(V v) { return __builtin_elementwise_trunc(v); }
template <class V>
inline V abs(V v) { return __builtin_elementwise_abs(v); }
template <class V>
inline V min(V a, V b) { return __builtin_elementwise_min(a, b); }
template <class V>
inline V max(V a, V b) { return __builtin_elementwise_max(a, b); }
template <class V>
inline V copysign(V magnitude, V sign) { return __builtin_elementwise_copysign(magnitude, sign); }
// To the nearest whole number, ties to even.
template <class V>
inline V nearest(V v) { return __builtin_elementwise_roundeven(v); }

// Remainder with the sign of the dividend, as C's fmod; exact only while a/b is small against 2^24 (float).
template <class V>
inline V remainder(V a, V b) { return a - b * trunc(a / b); }

template <class M>
inline bool any(M mask) { return __builtin_reduce_or(mask) != 0; }

}  // namespace bloom::BLOOM_ISA
