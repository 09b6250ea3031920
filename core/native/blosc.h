// One buffer in the format of Blosc 1 (a header, byte shuffle) around a block in the format of LZ4: what OpenVDB's readers
// expect of "Blosc" compression. Only as much as a leaf needs: one block, up to 64 KiB.
#pragma once
#include <stdint.h>
#include <string.h>

#include <algorithm>
#include <vector>

namespace bloom {

// Appends `n` bytes as an LZ4 block: greedy matches found through a table of the last place of each hash of four bytes.
inline void lz4_block(const uint8_t* in, uint32_t n, std::vector<uint8_t>& out) {
  constexpr uint32_t kMinMatch = 4, kLastLiterals = 5, kMatchEnd = 12;  // of the format
  constexpr int kHashBits = 11;
  uint16_t last[1 << kHashBits];
  memset(last, 0xff, sizeof last);
  auto word = [&](uint32_t at) {
    uint32_t v;
    memcpy(&v, in + at, sizeof v);
    return v;
  };
  auto length = [&](uint32_t extra) {
    for (; extra >= 255; extra -= 255) out.push_back(255);
    out.push_back(uint8_t(extra));
  };
  auto sequence = [&](uint32_t from, uint32_t literals, uint32_t offset, uint32_t match) {
    uint32_t extra = match ? match - kMinMatch : 0;
    out.push_back(uint8_t(std::min(literals, 15u) << 4 | std::min(extra, 15u)));
    if (literals >= 15) length(literals - 15);
    out.insert(out.end(), in + from, in + from + literals);
    if (!match) return;
    out.push_back(uint8_t(offset)), out.push_back(uint8_t(offset >> 8));
    if (extra >= 15) length(extra - 15);
  };
  uint32_t begin = 0;
  for (uint32_t at = 0; n > kMatchEnd && at < n - kMatchEnd;) {
    uint32_t hash = word(at) * 2654435761u >> (32 - kHashBits), before = last[hash];
    last[hash] = uint16_t(at);
    if (before == 0xffff || word(before) != word(at)) {
      ++at;
      continue;
    }
    uint32_t match = kMinMatch;
    while (at + match < n - kLastLiterals && in[before + match] == in[at + match]) ++match;
    sequence(begin, at - begin, at - before, match);
    begin = at += match;
  }
  sequence(begin, n - begin, 0, 0);
}

// Returns the Blosc buffer of `count` values of `size` bytes each (together less than 64 KiB), or an empty one where it would
// not be smaller.
inline const std::vector<uint8_t>& blosc(const void* values, uint32_t size, uint32_t count, std::vector<uint8_t>& shuffled, std::vector<uint8_t>& out) {
  constexpr uint32_t kHead = 16 + 4 + 4;  // header, where the one block begins, the length of its one stream
  const uint8_t* in = static_cast<const uint8_t*>(values);
  uint32_t n = size * count;
  out.clear();
  if (n < 64) return out;
  shuffled.resize(n);
  for (uint32_t byte = 0; byte < size; ++byte)
    for (uint32_t i = 0; i < count; ++i) shuffled[byte * count + i] = in[i * size + byte];
  out.resize(kHead);
  lz4_block(shuffled.data(), n, out);
  if (out.size() >= n) {
    out.clear();
    return out;
  }
  const uint8_t version = 2, lz4_version = 1, shuffle = 1, one_stream = 16, lz4 = 1 << 5;
  const uint8_t head[4] = {version, lz4_version, shuffle | one_stream | lz4, uint8_t(size)};
  const uint32_t rest[5] = {n, n, uint32_t(out.size()), 20, uint32_t(out.size()) - kHead};
  memcpy(out.data(), head, sizeof head);
  memcpy(out.data() + 4, rest, sizeof rest);
  return out;
}

}  // namespace bloom
