// A plugin with two operators, as docs/recipes/write-a-plugin.md describes it.
#include <bolide/plugin.hpp>

#include <algorithm>

namespace {

using bolide::plugin::Call;
using bolide::plugin::Info;

/// y = scale * x^3, of f32 x of any shape.
struct Cube {
  static constexpr Info kInfo{.domain = "com.example", .name = "Cube"};

  static void infer(Call& call) {
    if (call.input(0).dtype != BOLIDE_F32) throw std::invalid_argument("x must be f32");
    call.set_output(0, BOLIDE_F32, call.dims(0));
  }
  static void evaluate(Call& call) {
    const auto x = call.elements<float>(0);
    const auto y = call.output<float>(0);
    const float scale = call.number("scale", 1.0F);
    for (std::size_t i = 0; i < x.size(); ++i) y[i] = scale * x[i] * x[i] * x[i];
  }
  static void fast(Call& call) {
    const auto x = call.elements<float>(0);
    const auto y = call.output<float>(0);
    const float scale = call.number("scale", 1.0F);
    call.parallel(static_cast<std::int64_t>(x.size()), 4096, [&](std::int64_t begin, std::int64_t end) {
      for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
        y[i] = scale * x[i] * x[i] * x[i];
      }
    });
  }
};

/// The numbers of f32 x above 'threshold', in order: how many, only the data decide.
struct Above {
  static constexpr Info kInfo{.domain = "com.example", .name = "Above"};
  static constexpr std::int64_t kUnknown[] = {-1};

  static void infer(Call& call) { call.set_output(0, call.input(0).dtype, kUnknown); }
  static void evaluate(Call& call) {
    const auto x = call.elements<float>(0);
    const float threshold = call.number("threshold", 0.0F);
    const auto is_above = [&](float value) { return value > threshold; };
    const std::int64_t count[] = {std::count_if(x.begin(), x.end(), is_above)};
    call.set_output(0, BOLIDE_F32, count);
    std::copy_if(x.begin(), x.end(), call.output<float>(0).begin(), is_above);
  }
};

constexpr auto kTable = bolide::plugin::table<Cube, Above>("example", "1.0");
constexpr bolide_plugin kPlugin = kTable.plugin();

}  // namespace

extern "C" const bolide_plugin* bolide_plugin_entry(void) { return &kPlugin; }
