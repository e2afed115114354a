#include "backend/cuda/cuda_harness.h"
#include "ops/all.h"

namespace bolide::test {
namespace {

struct Sizes {
  std::int64_t sequence = 7, batch = 3, input = 10, hidden = 20;
};

/// x, w, r, bias, lengths, h, c and peepholes, as many as `count`.
template <class T>
CudaCase layer(std::string name, T op, std::int64_t gates, const Sizes& s, std::size_t count, bool lengths = false) {
  const std::int64_t directions = op.direction == RecurrentDirection::kBidirectional ? 2 : 1;
  const bool first = op.layout == 1;
  const auto small = [](Dims dims) {
    return CudaOperand{.dims = std::move(dims), .constant = true, .low = -0.5, .high = 0.5};
  };
  const Dims state = first ? Dims{s.batch, directions, s.hidden} : Dims{directions, s.batch, s.hidden};
  std::vector<CudaOperand> inputs = {
      {.dims = first ? Dims{s.batch, s.sequence, s.input} : Dims{s.sequence, s.batch, s.input}},
      small({directions, gates * s.hidden, s.input}),
      small({directions, gates * s.hidden, s.hidden}),
      small({directions, 2 * gates * s.hidden}),
      {.dims = {s.batch}, .dtype = DataType::kI32, .low = 0, .high = static_cast<double>(s.sequence) + 0.99},
      {.dims = state},
      {.dims = state},
      small({directions, 3 * s.hidden})};
  inputs[4].absent = !lengths;
  inputs.resize(count);
  return {.name = strings::join("recurrent, ", name),
          .op = std::move(op),
          .inputs = std::move(inputs),
          .tolerance = 2e-5,
          .outputs_wanted = gates == 4 ? 3 : 2};
}

}  // namespace

std::vector<CudaCase> recurrent_cases() {
  std::vector<CudaCase> cases;
  for (const RecurrentDirection direction :
       {RecurrentDirection::kForward, RecurrentDirection::kReverse, RecurrentDirection::kBidirectional}) {
    const std::string name = strings::join("direction ", static_cast<int>(direction));
    cases.push_back(layer("RNN, " + name, RNN{.direction = direction}, 1, {}, 6));
    cases.push_back(layer("GRU, " + name, GRU{.direction = direction}, 3, {}, 6, true));
    cases.push_back(layer("LSTM, " + name, LSTM{.direction = direction}, 4, {}, 7, true));
  }
  cases.push_back(layer("GRU, linear before reset", GRU{.clip = 0.75F, .linear_before_reset = true}, 3, {}, 6));
  cases.push_back(layer("GRU, batch first", GRU{.layout = 1}, 3, {.batch = 5}, 4));
  cases.push_back(layer("LSTM, batch first", LSTM{.layout = 1}, 4, {.batch = 9, .hidden = 33}, 7));
  cases.push_back(layer("LSTM, peepholes", LSTM{.input_forget = true}, 4, {.sequence = 4}, 8));
  cases.push_back(layer("LSTM, without a bias", LSTM{}, 4, {.sequence = 1, .batch = 1, .input = 1, .hidden = 1}, 3));
  cases.push_back(layer("LSTM, wide", LSTM{}, 4, {.sequence = 9, .batch = 2, .input = 70, .hidden = 200}, 4));
  return cases;
}

}  // namespace bolide::test
