// SPDX-License-Identifier: Apache-2.0
#include "media/render/glyph_cache.h"

#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_OUTLINE_H

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <map>
#include <tuple>
#include <vector>

#include "base/check.h"
#include "base/splitmix.h"

namespace lectio {
namespace {

struct LibraryCloser {
  void operator()(FT_Library library) const { FT_Done_FreeType(library); }
};
struct FaceCloser {
  void operator()(FT_Face face) const { FT_Done_Face(face); }
};

// A glyph that is larger than this many em in any direction is a broken font, not a letter.
constexpr FT_Pos kMaxGlyphEm = 8;
constexpr unsigned int kMaxSide = 8192;  // pixels
constexpr int kMaxOffset = 30'000;       // pixels, as Slot stores them

std::size_t padded(std::size_t width) {
  constexpr std::size_t kLanes = kCoverageLanes;
  return (width + kLanes - 1) / kLanes * kLanes;
}

struct Slot {
  std::uint32_t key = kFree;  // glyph * 4 + quarter
  std::uint32_t offset = 0;   // into the pool
  std::int16_t width = 0, height = 0, left = 0, top = 0;

  static constexpr std::uint32_t kFree = std::numeric_limits<std::uint32_t>::max();
};

// The bitmaps of one font at one size: an open-addressing table over a pool of coverage bytes.
struct SizedGlyphs {
  std::vector<Slot> slots = std::vector<Slot>(256);
  std::size_t used = 0;
  std::vector<std::uint8_t> pool;
  std::uint64_t last_use = 0;

  std::size_t bytes() const { return slots.size() * sizeof(Slot) + pool.capacity(); }

  Slot& find(std::uint32_t key) {
    const std::size_t mask = slots.size() - 1;
    std::size_t at = static_cast<std::size_t>(splitmix64(key)) & mask;
    while (slots[at].key != key && slots[at].key != Slot::kFree) at = (at + 1) & mask;
    return slots[at];
  }

  Slot& insert(const Slot& slot) {
    if ((used + 1) * 2 > slots.size()) {
      std::vector<Slot> old(slots.size() * 2);
      old.swap(slots);
      for (const Slot& s : old) {
        if (s.key != Slot::kFree) find(s.key) = s;
      }
    }
    ++used;
    return find(slot.key) = slot;
  }
};

}  // namespace

struct GlyphCache::State {
  // Members are destroyed in reverse order: faces before the library, font bytes after the faces
  // that read them.
  struct OpenFace {
    FontRef font;
    std::unique_ptr<FT_FaceRec_, FaceCloser> face;  // null where FreeType refuses the file
    std::int32_t size = 0;
  };
  using Key = std::tuple<const Font*, std::int32_t, Hinting>;

  std::size_t max_bytes = 0;
  std::unique_ptr<FT_LibraryRec_, LibraryCloser> library;
  std::map<const Font*, OpenFace> faces;
  std::map<Key, SizedGlyphs> sizes;
  Key last_key{nullptr, 0, Hinting::kNone};
  SizedGlyphs* last = nullptr;
  std::uint64_t clock = 0;
  std::size_t bytes = 0;

  OpenFace& face_of(const FontRef& font) {
    const auto [entry, is_new] = faces.try_emplace(font.get());
    if (is_new) {
      entry->second.font = font;
      FT_Face raw = nullptr;
      const auto file = font->file();
      if (FT_New_Memory_Face(library.get(), reinterpret_cast<const FT_Byte*>(file.data()),
                             static_cast<FT_Long>(file.size()), font->face_index(), &raw) == 0) {
        entry->second.face.reset(raw);
      }
    }
    return entry->second;
  }

  void forget_oldest() {
    while (bytes > max_bytes && sizes.size() > 1) {
      const auto oldest = std::min_element(
          sizes.begin(), sizes.end(),
          [](const auto& a, const auto& b) { return a.second.last_use < b.second.last_use; });
      bytes -= std::min(bytes, oldest->second.bytes());
      sizes.erase(oldest);
    }
  }

  SizedGlyphs& sized(const Key& key) {
    if (last != nullptr && key == last_key) return *last;
    if (bytes > max_bytes) forget_oldest();
    const auto [entry, is_new] = sizes.try_emplace(key);
    if (is_new) bytes += entry->second.bytes();
    entry->second.last_use = ++clock;
    last_key = key;
    last = &entry->second;
    return *last;
  }

  Slot draw(OpenFace& open, std::int32_t size, Hinting hinting, std::uint32_t glyph,
            std::int32_t quarter, std::vector<std::uint8_t>& pool) {
    Slot slot;
    slot.key = glyph * 4 + static_cast<std::uint32_t>(quarter);
    slot.offset = static_cast<std::uint32_t>(pool.size());
    FT_Face face = open.face.get();
    if (face == nullptr) return slot;
    if (open.size != size) {
      open.size = 0;
      if (FT_Set_Char_Size(face, 0, size, 72, 72) != 0) return slot;
      open.size = size;
    }
    const FT_Int32 flags = FT_LOAD_NO_BITMAP |
                           (hinting == Hinting::kLight ? FT_LOAD_TARGET_LIGHT : FT_LOAD_NO_HINTING);
    if (FT_Load_Glyph(face, glyph, flags) != 0) return slot;
    FT_GlyphSlot loaded = face->glyph;
    if (loaded->format != FT_GLYPH_FORMAT_OUTLINE) return slot;
    FT_Outline_Translate(&loaded->outline, FT_Pos{quarter} * 16, 0);
    FT_BBox box{};
    FT_Outline_Get_CBox(&loaded->outline, &box);
    const FT_Pos limit = kMaxGlyphEm * size;
    if (box.xMin < -limit || box.xMax > limit || box.yMin < -limit || box.yMax > limit) return slot;
    if (FT_Render_Glyph(loaded, FT_RENDER_MODE_NORMAL) != 0) return slot;
    keep(loaded, slot, pool);
    return slot;
  }

  static void keep(FT_GlyphSlot loaded, Slot& slot, std::vector<std::uint8_t>& pool) {
    const FT_Bitmap& bitmap = loaded->bitmap;
    if (bitmap.rows > kMaxSide || bitmap.width > kMaxSide || bitmap.buffer == nullptr) return;
    if (std::max(std::abs(loaded->bitmap_left), std::abs(loaded->bitmap_top)) > kMaxOffset) return;
    const std::size_t stride = padded(bitmap.width);
    if (pool.size() + bitmap.rows * stride >= Slot::kFree) return;
    pool.resize(pool.size() + bitmap.rows * stride);
    for (unsigned int y = 0; y < bitmap.rows; ++y) {
      const unsigned char* row = bitmap.buffer + std::ptrdiff_t{bitmap.pitch} * y;
      std::copy_n(row, bitmap.width, pool.data() + slot.offset + y * stride);
    }
    slot.width = static_cast<std::int16_t>(bitmap.width);
    slot.height = static_cast<std::int16_t>(bitmap.rows);
    slot.left = static_cast<std::int16_t>(loaded->bitmap_left);
    slot.top = static_cast<std::int16_t>(loaded->bitmap_top);
  }
};

GlyphCache::GlyphCache(std::size_t max_bytes) : state_(std::make_unique<State>()) {
  state_->max_bytes = max_bytes;
  FT_Library library = nullptr;
  LECTIO_CHECK(FT_Init_FreeType(&library) == 0, "FreeType cannot start");
  state_->library.reset(library);
}

GlyphCache::GlyphCache(GlyphCache&& other) noexcept = default;
GlyphCache& GlyphCache::operator=(GlyphCache&& other) noexcept = default;
GlyphCache::~GlyphCache() = default;

GlyphBitmap GlyphCache::get(const FontRef& font, std::int32_t size, Hinting hinting,
                            std::uint32_t glyph, std::int32_t quarter) {
  State& s = *state_;
  SizedGlyphs& glyphs = s.sized({font.get(), size, hinting});
  const std::uint32_t key = glyph * 4 + static_cast<std::uint32_t>(quarter);
  const Slot* slot = &glyphs.find(key);
  if (slot->key == Slot::kFree) {
    const std::size_t before = glyphs.bytes();
    slot = &glyphs.insert(s.draw(s.face_of(font), size, hinting, glyph, quarter, glyphs.pool));
    s.bytes += glyphs.bytes() - before;
  }
  const auto stride = static_cast<std::int32_t>(padded(static_cast<std::size_t>(slot->width)));
  return {
      glyphs.pool.data() + slot->offset, stride, slot->width, slot->height, slot->left, slot->top};
}

std::size_t GlyphCache::bytes() const { return state_->bytes; }

}  // namespace lectio
