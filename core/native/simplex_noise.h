// Simplex noise in three dimensions (Perlin 2001, in Gustavson's formulation), with an integer hash for gradients.
#pragma once
#include "lanes.h"

namespace bloom::BLOOM_ISA {

template <class T>
inline Vec<T> simplex_corner(Mask<T> i, Mask<T> j, Mask<T> k, Vec<T> x, Vec<T> y, Vec<T> z) {
  Vec<uint32_t> h = __builtin_convertvector(i, Vec<uint32_t>) * 0x8da6b343u ^ __builtin_convertvector(j, Vec<uint32_t>) * 0xd8163841u ^
                    __builtin_convertvector(k, Vec<uint32_t>) * 0xcb1ab31fu;
  h = (h ^ (h >> 15)) * 0x2c1b3c6du;
  h = (h ^ (h >> 12)) * 0x297a2d39u;
  h = (h ^ (h >> 15)) & 15u;
  // Twelve edge midpoints of a cube; four of them stand twice, to make sixteen.
  Mask<T> g = __builtin_convertvector(h, Mask<T>);
  Vec<T> u = select<T>(g < 8, x, y), v = select<T>(g < 4, y, select<T>((g == 12) | (g == 14), x, z));
  Vec<T> dot = select<T>((g & 1) != 0, -u, u) + select<T>((g & 2) != 0, -v, v);
  Vec<T> t = max(T(0.6) - x * x - y * y - z * z, Vec<T>(T(0)));
  t *= t;
  return t * t * dot;
}

// In [-1, 1].
template <class T>
inline Vec<T> simplex_noise(Vec<T> x, Vec<T> y, Vec<T> z) {
  constexpr T skew = T(1.0 / 3), unskew = T(1.0 / 6);
  Vec<T> s = (x + y + z) * skew, i = floor(x + s), j = floor(y + s), k = floor(z + s);
  Vec<T> t = (i + j + k) * unskew, x0 = x - (i - t), y0 = y - (j - t), z0 = z - (k - t);
  // The order of the offsets chooses one of six tetrahedra: a mask is -1 where it holds, hence the minus signs.
  Mask<T> xy = x0 >= y0, yz = y0 >= z0, xz = x0 >= z0;
  Mask<T> i1 = -(xy & xz), j1 = -(~xy & yz), k1 = -(~xz & ~yz);
  Mask<T> i2 = -(xy | xz), j2 = -(~xy | yz), k2 = -(~xz | ~yz);
  // Within the whole numbers' range: beyond it a conversion has no defined result.
  auto whole = [](Vec<T> v) { return __builtin_convertvector(min(max(v, Vec<T>(T(-1e9))), Vec<T>(T(1e9))), Mask<T>); };
  Mask<T> ii = whole(i), jj = whole(j), kk = whole(k);
  auto real = [](Mask<T> m) { return __builtin_convertvector(m, Vec<T>); };
  Vec<T> n = simplex_corner<T>(ii, jj, kk, x0, y0, z0);
  n += simplex_corner<T>(ii + i1, jj + j1, kk + k1, x0 - real(i1) + unskew, y0 - real(j1) + unskew, z0 - real(k1) + unskew);
  n += simplex_corner<T>(ii + i2, jj + j2, kk + k2, x0 - real(i2) + 2 * unskew, y0 - real(j2) + 2 * unskew, z0 - real(k2) + 2 * unskew);
  n += simplex_corner<T>(ii + 1, jj + 1, kk + 1, x0 - T(0.5), y0 - T(0.5), z0 - T(0.5));
  return T(32) * n;
}

}  // namespace bloom::BLOOM_ISA
