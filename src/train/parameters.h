// SPDX-License-Identifier: Apache-2.0
// The parameters of the network in training, as views into three flat buffers, so that the
// optimiser, the average, the gradient exchange and the checkpoint are each one operation over one
// tensor.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace lectio::train {

enum class Init { kZero, kOne, kNormal };

struct ParameterInfo {
  std::string
      name;  // the official tensor name; the routed experts of a layer are fused (see ocr_net.h)
  std::vector<std::int64_t> shape;
  Init init = Init::kNormal;
  double deviation = 0.02;  // of kNormal
  bool decay = true;        // takes part in weight decay
  bool exported = true;     // false: heads that exist in training alone
  std::int64_t offset = 0;  // first element in the flat buffers
  std::int64_t elements = 0;
};

// Declare everything, then allocate once. The working copy has the compute type (bf16 on CUDA, f32
// on CPU); the masters are f32. One thread at a time.
class Parameters {
 public:
  void declare(std::string name, std::vector<std::int64_t> shape, Init init,
               double deviation = 0.02, bool exported = true);
  // The same initial numbers for the same seed on any device.
  void allocate(torch::Device device, torch::ScalarType compute_type, std::uint64_t seed);

  // A leaf that requires gradients.
  const torch::Tensor& operator[](const std::string& name) const;
  const std::vector<ParameterInfo>& infos() const { return infos_; }
  std::int64_t elements() const { return elements_; }

  torch::Tensor master() const { return master_; }    // f32 [elements]
  torch::Tensor working() const { return working_; }  // compute type [elements]
  torch::Tensor grads() const { return grads_; }      // compute type [elements]
  torch::Tensor decay_mask() const {
    return decay_;
  }  // f32 [elements], 1 where weight decay applies
  // Copies the masters into the working copy.
  void publish();
  // Before a backward pass the leaves have no gradients, so that it hands its own over; behind it
  // they are gathered in grads(), zeros where a leaf got none.
  void drop_gradients();
  void gather_gradients();

 private:
  std::vector<ParameterInfo> infos_;
  struct Leaf {
    torch::Tensor values;
    torch::Tensor grads;  // a view of grads_
  };
  std::map<std::string, Leaf> leaves_;
  std::int64_t elements_ = 0;
  torch::Tensor master_, working_, grads_, decay_;
};

}  // namespace lectio::train
