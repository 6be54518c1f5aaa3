// SPDX-License-Identifier: Apache-2.0
#include "base/entity.h"

#include <gtest/gtest.h>

namespace lectio {
namespace {

TEST(Entity, IsReadByNameAndByNumber) {
  EXPECT_EQ(without_entities("a &amp; b &lt;&gt; &quot;c&quot; &apos;d&#39;"),
            "a & b <> \"c\" 'd'");
  EXPECT_EQ(without_entities("&#233;&#xE9;&#X20AC;"), "\u00e9\u00e9\u20ac");
  EXPECT_EQ(entity_at("x&amp;", 1).size, 5U);
}

TEST(Entity, WhatIsNoneStays) {
  for (const char* text :
       {"R&D", "&", "&#", "&#x", "&#;", "&#7;", "&unknown;", "&amp", "&#39", ""}) {
    EXPECT_EQ(without_entities(text), text);
    EXPECT_EQ(entity_at(text, 0).size, 0U) << text;
  }
  EXPECT_EQ(without_entities("&amp;lt;"), "&lt;") << "once";
}

}  // namespace
}  // namespace lectio
