/// Operators of your own in C++: a class for each, and one function that the library exports.
///
///     struct Twice {
///       static constexpr bolide::plugin::Info kInfo{.domain = "com.example", .name = "Twice"};
///       static void infer(bolide::plugin::Call& call) { call.set_output(0, call.input(0).dtype, call.dims(0)); }
///       static void evaluate(bolide::plugin::Call& call);
///     };
///     extern "C" const bolide_plugin* bolide_plugin_entry(void) {
///       static constexpr auto kTable = bolide::plugin::table<Twice>("example", "1.0");
///       static constexpr bolide_plugin kPlugin = kTable.plugin();
///       return &kPlugin;
///     }
///
/// Functions may throw: the message becomes the node's error. Header only; a plugin need not link Bolide.
#pragma once

#include <bolide/plugin.h>

#include <array>
#include <concepts>
#include <exception>
#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace bolide::plugin {

struct Info {
  const char* domain = "";
  const char* name = "";
  int min_inputs = 1;
  int max_inputs = 1;  ///< -1: any number
  int outputs = 1;
};

class Call {
 public:
  explicit Call(bolide_plugin_call& call) : call_(call) {}

  std::size_t input_count() const { return call_.input_count; }
  bool has(std::size_t index) const { return index < call_.input_count && call_.inputs[index].dtype >= 0; }
  /// Throws std::out_of_range for an input that is left out.
  const bolide_plugin_tensor& input(std::size_t index) const {
    if (!has(index)) throw std::out_of_range("an input is missing");
    return call_.inputs[index];
  }
  std::span<const std::int64_t> dims(std::size_t index) const {
    return {input(index).dims, static_cast<std::size_t>(input(index).rank)};
  }
  template <class T>
  std::span<const T> elements(std::size_t index) const {
    return {static_cast<const T*>(input(index).data), input(index).bytes / sizeof(T)};
  }
  template <class T>
  std::span<T> output(std::size_t index) {
    return {static_cast<T*>(call_.outputs[index].data), call_.outputs[index].bytes / sizeof(T)};
  }

  std::int64_t integer(std::string_view name, std::int64_t fallback) const {
    const bolide_plugin_attribute* found = find(name, BOLIDE_PLUGIN_INTS);
    return found != nullptr && found->count > 0 ? found->ints[0] : fallback;
  }
  float number(std::string_view name, float fallback) const {
    const bolide_plugin_attribute* found = find(name, BOLIDE_PLUGIN_FLOATS);
    return found != nullptr && found->count > 0 ? found->floats[0] : fallback;
  }
  std::string_view text(std::string_view name, std::string_view fallback) const {
    const bolide_plugin_attribute* found = find(name, BOLIDE_PLUGIN_STRINGS);
    return found != nullptr && found->count > 0 ? found->strings[0] : fallback;
  }
  std::span<const std::int64_t> integers(std::string_view name) const {
    const bolide_plugin_attribute* found = find(name, BOLIDE_PLUGIN_INTS);
    return found == nullptr ? std::span<const std::int64_t>() : std::span(found->ints, found->count);
  }
  std::span<const float> numbers(std::string_view name) const {
    const bolide_plugin_attribute* found = find(name, BOLIDE_PLUGIN_FLOATS);
    return found == nullptr ? std::span<const float>() : std::span(found->floats, found->count);
  }

  /// See bolide_plugin_call::set_output.
  void set_output(std::size_t index, std::int32_t dtype, std::span<const std::int64_t> dims) {
    const auto rank = static_cast<std::int32_t>(dims.size());
    if (call_.set_output(&call_, index, dtype, rank, dims.data()) != BOLIDE_OK) throw std::runtime_error("");
  }
  std::int64_t size(bolide_plugin_arithmetic what, std::int64_t a, std::int64_t b) {
    return call_.size(&call_, what, a, b);
  }
  /// task(begin, end) for parts of [0, count); it must not throw.
  template <class Task>
  void parallel(std::int64_t count, std::int64_t grain, Task task) {
    call_.parallel(
        &call_, count, grain,
        [](void* user, std::int64_t begin, std::int64_t end) { (*static_cast<Task*>(user))(begin, end); }, &task);
  }

 private:
  const bolide_plugin_attribute* find(std::string_view name, bolide_plugin_kind kind) const {
    for (std::size_t i = 0; i < call_.attribute_count; ++i) {
      const bolide_plugin_attribute& attribute = call_.attributes[i];
      if (attribute.name == name && attribute.kind == kind) return &attribute;
    }
    return nullptr;
  }

  bolide_plugin_call& call_;
};

template <class T>
concept Operator = requires(Call& call) {
  { T::kInfo } -> std::convertible_to<const Info&>;
  T::infer(call);
  T::evaluate(call);
};
/// An operator with a second form for engines; its results may differ from those of evaluate() by rounding.
template <class T>
concept FastOperator = Operator<T> && requires(Call& call) {
  T::fast(call);
};

/// The C function of a C++ one: exceptions end here.
template <void (*kFunction)(Call&)>
bolide_code guarded(bolide_plugin_call* call) {
  try {
    Call wrapped(*call);
    kFunction(wrapped);
    return BOLIDE_OK;
  } catch (const std::exception& error) {
    return call->fail(call, BOLIDE_INVALID_ARGUMENT, error.what());
  } catch (...) {
    return call->fail(call, BOLIDE_INTERNAL, "an exception of an unknown type");
  }
}

template <Operator T>
constexpr bolide_plugin_operator entry() {
  bolide_plugin_function fast = nullptr;
  if constexpr (FastOperator<T>) fast = guarded<&T::fast>;
  return {sizeof(bolide_plugin_operator),
          T::kInfo.domain,
          T::kInfo.name,
          T::kInfo.min_inputs,
          T::kInfo.max_inputs,
          T::kInfo.outputs,
          guarded<&T::infer>,
          guarded<&T::evaluate>,
          fast};
}

/// Keep it static: the plugin points into it.
template <std::size_t kCount>
struct Table {
  const char* name;
  const char* version;
  std::array<bolide_plugin_operator, kCount> operators;
  constexpr bolide_plugin plugin() const { return {BOLIDE_PLUGIN_ABI, name, version, kCount, operators.data()}; }
};
template <Operator... T>
constexpr Table<sizeof...(T)> table(const char* name, const char* version) {
  return {name, version, {entry<T>()...}};
}

}  // namespace bolide::plugin
