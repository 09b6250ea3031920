// IEEE half precision, rounded to nearest even, with no processor's help so that every machine agrees.
#pragma once
#include <stdint.h>
#include <string.h>

namespace bloom {

inline uint16_t to_half(float v) {
  uint32_t bits;
  memcpy(&bits, &v, sizeof bits);
  uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
  if (magnitude >= 0x7f800000) return uint16_t(sign | 0x7c00 | (magnitude > 0x7f800000 ? 0x200 : 0));
  if (magnitude >= 0x477ff000) return uint16_t(sign | 0x7c00);  // rounds to infinity
  if (magnitude < 0x38800000) {                                 // subnormal half: adding 0.5 aligns and rounds it
    float shifted;
    memcpy(&shifted, &magnitude, sizeof shifted);
    shifted += 0.5f;
    memcpy(&magnitude, &shifted, sizeof magnitude);
    return uint16_t(sign | (magnitude - 0x3f000000));
  }
  return uint16_t(sign | ((magnitude + 0xfff + (magnitude >> 13 & 1)) - 0x38000000) >> 13);
}

}  // namespace bloom
