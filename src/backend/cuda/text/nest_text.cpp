#include "backend/cuda/text/nest_text.h"

#include <algorithm>
#include <numeric>

namespace bolide::cuda {

NestText NestText::make(const Dims& dims, std::vector<Dims> strides) {
  std::vector<std::size_t> order;
  for (std::size_t d = 0; d < dims.size(); ++d) {
    if (dims[d] != 1) order.push_back(d);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return strides[0][a] > strides[0][b]; });
  NestText nest;
  nest.strides.resize(strides.size());
  for (const std::size_t d : order) {
    bool joins = !nest.dims.empty();
    for (std::size_t o = 0; o < strides.size() && joins; ++o) {
      joins = nest.strides[o].back() == strides[o][d] * dims[d];
    }
    if (joins) {
      nest.dims.back() *= dims[d];
      for (std::size_t o = 0; o < strides.size(); ++o) nest.strides[o].back() = strides[o][d];
    } else {
      nest.dims.push_back(dims[d]);
      for (std::size_t o = 0; o < strides.size(); ++o) nest.strides[o].push_back(strides[o][d]);
    }
  }
  if (nest.dims.empty()) {
    nest.dims.push_back(1);
    for (Dims& of : nest.strides) of.push_back(1);
  }
  return nest;
}

std::int64_t NestText::count() const {
  return std::accumulate(dims.begin(), dims.end(), std::int64_t{1}, std::multiplies<>());
}

int NestText::width(int bytes) const {
  for (const int width : {8, 4, 2}) {
    if (width * bytes > 16 || dims.back() % width != 0) continue;
    bool fits = strides[0].back() == 1;
    for (const Dims& of : strides) {
      fits = fits && (of.back() == 0 || of.back() == 1);
      if (of.back() == 0) continue;
      for (std::size_t d = 0; d + 1 < of.size(); ++d) fits = fits && of[d] % width == 0;
    }
    if (fits) return width;
  }
  return 1;
}

std::string_view NestText::offset_type() const {
  constexpr std::int64_t kSmall = INT64_C(1) << 31;
  for (const Dims& of : strides) {
    std::int64_t reach = 1;
    for (std::size_t d = 0; d < dims.size(); ++d) reach += (dims[d] - 1) * std::abs(of[d]);
    if (reach >= kSmall || std::any_of(of.begin(), of.end(), [](std::int64_t s) { return s < 0; })) return "int64_t";
  }
  return "unsigned";
}

std::string NestText::offsets(std::string_view index, int width) const {
  const std::string_view type = offset_type();
  std::string out = strings::join("  ", type, " rest = ", index, ";\n");
  for (std::size_t d = dims.size(); d-- > 0;) {
    const bool inner = d + 1 == dims.size();
    const std::int64_t size = inner ? dims[d] / width : dims[d];
    const std::string scale = inner && width > 1 ? strings::join(" * ", width) : std::string();
    if (d == 0) {
      strings::append(out, strings::join("  const ", type, " i0 = rest", scale, ";\n"));
    } else {
      strings::append(
          out, strings::join("  const ", type, " i", d, " = rest % ", size, scale, ";\n  rest /= ", size, ";\n"));
    }
  }
  for (std::size_t o = 0; o < strides.size(); ++o) {
    std::string sum;
    for (std::size_t d = 0; d < dims.size(); ++d) {
      if (strides[o][d] == 0) continue;
      strings::append(sum, strings::join(sum.empty() ? "" : " + ", "i", d, " * (", type, ")", strides[o][d]));
    }
    strings::append(out, strings::join("  const ", type, " o", o, " = ", sum.empty() ? "0" : sum, ";\n"));
  }
  return out;
}

std::string NestText::function(std::string_view name, int width) const {
  const std::string_view type = offset_type();
  std::string out = strings::join("__device__ __forceinline__ void ", name, "(", type, " index, int64_t* at) {\n",
                                  offsets("index", width));
  for (std::size_t o = 0; o < strides.size(); ++o) strings::append(out, strings::join("  at[", o, "] = o", o, ";\n"));
  return out + "}\n";
}

}  // namespace bolide::cuda
