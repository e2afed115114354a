// A program of somebody else: it sees the installed headers and the shared library, and nothing of the source tree.
// It reads the digit 1, drawn as one upright stroke, with the model in argv[1].
#include <bolide/bolide.h>

#include <algorithm>
#include <iostream>
#include <vector>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto engine = bolide::compile(argv[1]);
  if (!engine) {
    std::cerr << engine.error().message << '\n';
    return 1;
  }
  std::vector<float> ink(28 * 28, 0.0F);
  for (std::size_t row = 4; row < 24; ++row)
    std::fill_n(ink.begin() + static_cast<std::ptrdiff_t>(row * 28 + 13), 3, 1.0F);

  const auto image = bolide::HostTensor::borrow(bolide::DataType::kF32, {1, 1, 28, 28}, ink.data());
  if (!image) {
    std::cerr << image.error().message << '\n';
    return 1;
  }
  const auto outputs = bolide::infer(*engine, {{"image", *image}});
  if (!outputs) {
    std::cerr << outputs.error().message << '\n';
    return 1;
  }
  const auto scores = outputs->at("scores").values<float>();
  const auto digit = std::max_element(scores.begin(), scores.end()) - scores.begin();
  std::cout << "compiled " << argv[1] << ", it reads " << digit << '\n';
  return scores.size() == 10 && digit == 1 ? 0 : 1;
}
