#include "ops/result_places.h"

#include "tensor/raw_memory.h"

#include <utility>

namespace bolide {
namespace {

thread_local ResultPlaces* current = nullptr;

}  // namespace

ResultPlaces::ResultPlaces(std::span<ResultPlace> places) : places_(places), before_(std::exchange(current, this)) {}
ResultPlaces::~ResultPlaces() { current = before_; }

std::byte* ResultPlaces::take(DataType dtype, const Dims& dims) {
  if (current == nullptr) return nullptr;
  for (ResultPlace& place : current->places_) {
    if (place.data != nullptr && place.dtype == dtype && place.dims == dims) return std::exchange(place.data, nullptr);
  }
  return nullptr;
}

Result<Tensor> allocate_raw(const EvalContext& context, DataType dtype, Dims dims) {
  TRY_OK(context.check(dtype, dims));
  std::byte* const place = ResultPlaces::take(dtype, dims);
  return place != nullptr ? Tensor::borrow(dtype, std::move(dims), place, nullptr) : raw_tensor(dtype, std::move(dims));
}

}  // namespace bolide
