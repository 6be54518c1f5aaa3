// SPDX-License-Identifier: Apache-2.0
#include "compute/kernels/promises.h"

#include <string>

#include "base/check.h"

namespace lectio::kernels {

void check_attention(const AttentionArgs& args, TensorView out) {
  LECTIO_CHECK(args.kv_heads > 0 && args.heads % args.kv_heads == 0, std::to_string(args.heads));
  LECTIO_CHECK(args.keys > 0 || args.queries == 0, std::to_string(args.keys));
  LECTIO_CHECK(out.shape.elements() == args.batch * args.queries * args.heads * args.head_dim,
               out.shape.to_string());
  LECTIO_CHECK(args.mask != Mask::kCausal || args.queries <= args.keys,
               std::to_string(args.queries));
  LECTIO_CHECK(
      args.mask != Mask::kPrefixCausal || (args.queries == args.keys && args.prefix <= args.keys),
      std::to_string(args.prefix));
  LECTIO_CHECK((args.rel_h == nullptr) == (args.rel_w == nullptr), "one relative table");
  const std::int64_t map = args.grid > 0 ? args.grid : args.side;
  LECTIO_CHECK(args.grid == 0 || args.rel_h != nullptr, "windows without relative tables");
  LECTIO_CHECK(args.rel_h == nullptr || (args.queries == map * map && args.keys == args.queries &&
                                         args.mask == Mask::kFull),
               std::to_string(map));
}

void check_linear(TensorView x, TensorView weight, TensorView bias, TensorView y) {
  const std::int64_t in = x.columns();
  const std::int64_t out = y.columns();
  LECTIO_CHECK(weight.shape == (Shape{out, in}),
               weight.shape.to_string() + " for " + y.shape.to_string());
  LECTIO_CHECK(x.rows() == y.rows(), x.shape.to_string() + " to " + y.shape.to_string());
  LECTIO_CHECK(bias.empty() || bias.shape.elements() == out, bias.shape.to_string());
}

}  // namespace lectio::kernels
