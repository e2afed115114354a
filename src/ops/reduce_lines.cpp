#include "ops/reduce_lines.h"

#include <algorithm>

namespace bolide {

void log_sum_exp_lines(const ReduceLines& lines, const Tensor& x, Tensor& y) {
  constexpr std::int64_t kColumns = 64;
  const std::int64_t columns = std::min(lines.inner, kColumns);
  const std::int64_t blocks = (lines.inner + columns - 1) / columns;
  parallel_ranges(lines.outer * blocks, 1, [&](std::int64_t block, std::int64_t end) {
    std::vector<double> numbers;
    for (; block < end; ++block) {
      const std::int64_t first = block % blocks * columns;
      const std::int64_t o = block / blocks;
      const auto count = static_cast<int>(std::min(columns, lines.inner - first));
      const auto width = static_cast<std::size_t>(count);
      numbers.resize(static_cast<std::size_t>(lines.size) * width);
      for (std::int64_t k = 0; k < lines.size; ++k) {
        load(x, (o * lines.size + k) * lines.inner + first, count,
             numbers.data() + static_cast<std::size_t>(k) * width);
      }
      std::array<double, kColumns> sums;
      for (std::size_t c = 0; c < width; ++c) {
        double top = -std::numeric_limits<double>::infinity();
        for (std::size_t at = c; at < numbers.size(); at += width)
          top = Reducer<double>::step(ReduceKind::kMax, top, numbers[at]);
        if (!std::isfinite(top)) top = 0;
        double sum = 0;
        for (std::size_t at = c; at < numbers.size(); at += width) sum += std::exp(numbers[at] - top);
        sums[c] = std::log(sum) + top;
      }
      store(y, o * lines.inner + first, count, sums.data());
    }
  });
}

}  // namespace bolide
