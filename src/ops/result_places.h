/// Memory that already waits for the results of an evaluation, so that they are written where they go.
#pragma once

#include "ops/op.h"

namespace bolide {

struct ResultPlace {
  DataType dtype = DataType::kF32;
  Dims dims;
  std::byte* data = nullptr;  ///< null: taken
};

/// While it lives, tensors that this thread allocates by an EvalContext lie in the places: each is given once, to the
/// first tensor of its dtype and sizes. What lies there in the end need not be the result it was meant for.
class ResultPlaces {
 public:
  explicit ResultPlaces(std::span<ResultPlace> places);
  ~ResultPlaces();
  ResultPlaces(const ResultPlaces&) = delete;
  ResultPlaces& operator=(const ResultPlaces&) = delete;

  /// Null when none fits.
  static std::byte* take(DataType dtype, const Dims& dims);

 private:
  std::span<ResultPlace> places_;
  ResultPlaces* before_;
};

/// EvalContext::allocate() with contents that nobody promises: for tensors that are written throughout.
Result<Tensor> allocate_raw(const EvalContext& context, DataType dtype, Dims dims);

}  // namespace bolide
