#include "cli/inputs.h"

#include "cli/npy.h"
#include "cli/picture_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <complex>
#include <cstring>
#include <iostream>

namespace bolide::cli {

namespace {

struct FillRange {
  double low = 0;
  double high = 0;
};

Result<std::map<std::string, FillRange>> parse_ranges(const std::vector<std::string>& texts) {
  std::map<std::string, FillRange> ranges;
  for (const std::string& text : texts) {
    const std::size_t equals = text.rfind('=');
    const std::size_t colon = text.find(':', equals == std::string::npos ? 0 : equals);
    FillRange range;
    const auto parse = [](std::string_view part, double& value) {
      const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
      return error == std::errc() && end == part.data() + part.size();
    };
    if (equals == std::string::npos || colon == std::string::npos ||
        !parse(std::string_view(text).substr(equals + 1, colon - equals - 1), range.low) ||
        !parse(std::string_view(text).substr(colon + 1), range.high) || range.high < range.low) {
      return Error{Code::kInvalidArgument, fmt::format("--fill {} is not NAME=LOW:HIGH", text)};
    }
    ranges[text.substr(0, equals)] = range;
  }
  return ranges;
}

}  // namespace

void add_fill_options(CLI::App& app, FillOptions& options) {
  app.add_option("--seed", options.seed, "seed of the random inputs")->capture_default_str();
  app.add_option("--fill", options.ranges, "NAME=LOW:HIGH, range of a random input (V:V for a constant)")
      ->check([](const std::string& text) {
        const auto ranges = parse_ranges({text});
        return ranges ? std::string() : ranges.error().message;
      });
}

namespace {

/// SplitMix64: small, fast, the same everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  /// In (0, 1].
  double uniform() { return (static_cast<double>(next() >> 11) + 1) * 0x1.0p-53; }
  double normal() { return std::sqrt(-2 * std::log(uniform())) * std::cos(6.283185307179586 * uniform()); }

 private:
  std::uint64_t state_;
};

Result<HostTensor> random_tensor(const TensorInfo& info, const Dims& dims, Random& random, const FillRange* range) {
  if (info.dtype == DataType::kString) {
    Result<HostTensor> letters = HostTensor::make(info.dtype, dims);
    if (!letters) return letters;
    const std::span<std::string> texts(static_cast<std::string*>(letters->data()),
                                       static_cast<std::size_t>(letters->count()));
    for (std::string& text : texts) text = std::string(1, static_cast<char>('a' + random.next() % 4));
    return letters;
  }
  if (info.dtype == DataType::kC64 || info.dtype == DataType::kC128) {
    Result<HostTensor> values = HostTensor::make(DataType::kC128, dims);
    if (!values) return values;
    const auto part = [&] {
      return range == nullptr ? random.normal() : range->low + (range->high - range->low) * random.uniform();
    };
    for (auto& value : values->values<std::complex<double>>()) {
      const double real = part();
      value = {real, part()};
    }
    return values->converted(info.dtype);
  }
  if (is_container(info.dtype)) {
    return Error{Code::kUnsupported,
                 fmt::format("input '{}' is a {}; give it by --input {}=FILE.pb, or to compare by --data", info.name,
                             bolide::name(info.dtype), info.name)};
  }
  Result<HostTensor> values = HostTensor::make(DataType::kF32, dims);
  if (!values) return values;
  const bool real = is_float(info.dtype);
  for (float& value : values->values<float>()) {
    if (range != nullptr && range->low == range->high) {
      value = static_cast<float>(range->low);
    } else if (range != nullptr && real) {
      value = static_cast<float>(range->low + (range->high - range->low) * random.uniform());
    } else if (range != nullptr) {
      const auto span = static_cast<std::uint64_t>(range->high - range->low) + 1;
      value = static_cast<float>(range->low + static_cast<double>(random.next() % span));
    } else {
      value = real ? static_cast<float>(random.normal()) : static_cast<float>(random.next() >> 63);
    }
  }
  return info.dtype == DataType::kF32 ? values : values->converted(info.dtype);
}

}  // namespace

Result<NamedInputs> random_inputs(const std::vector<TensorInfo>& inputs,
                                  const std::vector<std::pair<std::string, Dims>>& shapes, const FillOptions& options) {
  auto ranges = parse_ranges(options.ranges);
  if (!ranges) return std::move(ranges).error();
  for (const auto& [name, range] : *ranges) {
    const bool known =
        std::any_of(inputs.begin(), inputs.end(), [&n = name](const TensorInfo& i) { return i.name == n; });
    if (!known) return Error{Code::kNotFound, fmt::format("--fill names '{}', which is no input", name)};
  }
  Random random(options.seed);
  NamedInputs result;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto range = ranges->find(inputs[i].name);
    Result<HostTensor> tensor =
        random_tensor(inputs[i], shapes[i].second, random, range == ranges->end() ? nullptr : &range->second);
    if (!tensor) return std::move(tensor).error();
    result.emplace_back(inputs[i].name, *std::move(tensor));
  }
  return result;
}

HostTensor fit_rank(HostTensor tensor, const TensorInfo& info) {
  if (tensor.count() != 1 || tensor.dtype() == DataType::kString || is_container(tensor.dtype())) return tensor;
  // "[]" takes one element, "[1,n]" two axes.
  const std::string_view shape = info.shape;
  const auto commas = std::count(shape.begin(), shape.end(), ',');
  const auto rank = shape == "[]" ? 0 : static_cast<std::size_t>(commas) + 1;
  if (rank == tensor.dims().size()) return tensor;
  Result<HostTensor> same = HostTensor::make(tensor.dtype(), Dims(rank, 1));
  if (!same) return tensor;
  std::memcpy(same->data(), tensor.data(), tensor.bytes());
  std::cerr << "bolide: warn: input '" << info.name << "' has rank " << tensor.dims().size() << ", the model takes "
            << info.shape << "; its one element is taken\n";
  return *std::move(same);
}

std::string is_assignment(const std::string& text) {
  const std::size_t equals = text.rfind('=');
  const bool whole = equals != std::string::npos && equals > 0 && equals + 1 < text.size();
  return whole ? std::string() : "'" + text + "' is not NAME=FILE";
}

void add_input_options(CLI::App& app, std::vector<std::string>& assignments, ImageOptions& options) {
  app.add_option("--input,-i", assignments, "NAME=FILE: .npy, .npz, .pb, .png or .jpg; inputs not given are random")
      ->check(is_assignment);
  app.add_option("--image-channels", options.channels, "rgb, bgr or gray")
      ->check(CLI::IsMember({"rgb", "bgr", "gray"}))
      ->capture_default_str();
  app.add_option("--image-scale", options.scale, "pixels 0..255 are multiplied by this first")->capture_default_str();
  app.add_option("--image-mean", options.mean, "subtracted per channel after scaling")->delimiter(',');
  app.add_option("--image-std", options.std, "divided by per channel after subtracting the mean")->delimiter(',');
  app.add_option("--image-resize", options.resize, "stretch, or crop: shorter side to the size, then the centre")
      ->check(CLI::IsMember({"stretch", "crop"}))
      ->capture_default_str();
}

Result<NamedInputs> read_inputs(const std::vector<std::string>& assignments, const std::vector<TensorInfo>& inputs,
                                const ImageOptions& images) {
  NamedInputs result;
  for (const std::string& assignment : assignments) {
    // Names may hold '=', file names hardly do after their folder.
    const std::size_t equals = assignment.rfind('=');
    if (equals == std::string::npos)
      return Error{Code::kInvalidArgument, fmt::format("--input {} is not NAME=FILE", assignment)};
    const std::string name = assignment.substr(0, equals);
    const std::filesystem::path path = assignment.substr(equals + 1);
    const auto info = std::find_if(inputs.begin(), inputs.end(), [&](const TensorInfo& i) { return i.name == name; });
    if (info == inputs.end()) return Error{Code::kNotFound, fmt::format("'{}' is no input of the model", name)};
    const std::string kind = path.extension().string();
    Result<HostTensor> tensor =
        Error{Code::kUnsupported, fmt::format("{}: .npy, .npz, .pb, .png and .jpg are read", path.string())};
    if (kind == ".npy") {
      tensor = read_npy(path);
    } else if (kind == ".npz") {
      tensor = read_npz(path, name);
    } else if (kind == ".pb") {
      tensor = read_value_proto(path, *info);
    } else if (kind == ".png" || kind == ".jpg" || kind == ".jpeg") {
      tensor = read_picture_input(path, *info, images);
    }
    if (!tensor) return std::move(tensor).error();
    result.emplace_back(name, fit_rank(*std::move(tensor), *info));
  }
  return result;
}

Result<NamedInputs> complete_inputs(NamedInputs given, const Engine& engine, const ModelOptions& model,
                                    const FillOptions& fill) {
  InputShapes shapes;
  if (!model.shapes.empty()) {
    Result<InputShapes> parsed = parse_shapes(model.shapes.front());
    if (!parsed) return std::move(parsed).error();
    shapes = *std::move(parsed);
  }
  for (const auto& [input, tensor] : given) {
    std::erase_if(shapes, [&n = input](const auto& shape) { return shape.first == n; });
    shapes.emplace_back(input, tensor.dims());
  }
  Result<InputShapes> complete = engine.complete_shapes(shapes);
  if (!complete) return std::move(complete).error();
  const auto own = [&](const std::string& name) {
    return std::find_if(given.begin(), given.end(), [&](const auto& g) { return g.first == name; });
  };
  const std::vector<TensorInfo> infos = engine.inputs();
  std::vector<TensorInfo> drawn_infos;
  InputShapes drawn_shapes;
  for (std::size_t i = 0; i < infos.size(); ++i) {
    if (own(infos[i].name) != given.end()) continue;
    drawn_infos.push_back(infos[i]);
    drawn_shapes.push_back((*complete)[i]);
  }
  Result<NamedInputs> drawn = random_inputs(drawn_infos, drawn_shapes, fill);
  if (!drawn) return drawn;
  NamedInputs inputs;
  auto next = drawn->begin();
  for (const TensorInfo& info : infos) {
    const auto found = own(info.name);
    inputs.push_back(found != given.end() ? *found : *next++);
  }
  return inputs;
}

}  // namespace bolide::cli
