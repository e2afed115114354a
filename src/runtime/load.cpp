#include "runtime/load.h"

#include "base/log.h"
#include "base/thread_pool.h"

#include <algorithm>
#include <tuple>

namespace bolide {
namespace {

/// The decisions that fit a device best; null when there are none.
const DeviceVariant* find_device(const EngineFile& file, const Backend& backend) {
  const DeviceVariant* found = nullptr;
  for (const DeviceVariant& device : file.variants) {
    if (device.backend != backend.name() || device.fingerprint != backend.target().fingerprint) continue;
    if (device.threads == backend.target().threads) return &device;
    if (found == nullptr) found = &device;
  }
  return found;
}

std::int64_t arena_bytes(const EngineCore& engine) {
  std::int64_t most = 0;
  for (const Variant& variant : engine.variants()) {
    const auto sizes = resolve_sizes(engine.graph(), variant.inputs);
    if (!sizes) continue;
    const auto schedule =
        build_schedule(engine.graph(), *sizes, engine.backend(), variant.choice, engine.costs(), TacticRules{});
    if (schedule) most = std::max(most, schedule->arena_bytes);
  }
  return most;
}

}  // namespace

EngineFile to_file(const EngineCore& engine, std::span<const DeviceVariant> others) {
  EngineFile file;
  file.graph = engine.shared_graph();
  const Target& target = engine.backend().target();
  DeviceVariant device{.backend = std::string(engine.backend().name()),
                       .fingerprint = target.fingerprint,
                       .threads = target.threads,
                       .costs = engine.costs(),
                       .arena_bytes = arena_bytes(engine)};
  for (const Variant& variant : engine.variants()) device.shapes.push_back(store_variant(variant));
  file.variants.assign(others.begin(), others.end());
  // A device that nothing was decided for is left to the cost model, as one that the file does not know.
  if (others.empty() || !device.shapes.empty()) file.variants.push_back(std::move(device));
  const auto key = [](const DeviceVariant& v) { return std::tie(v.backend, v.fingerprint, v.threads); };
  std::ranges::stable_sort(file.variants, [&](const auto& a, const auto& b) { return key(a) < key(b); });
  return file;
}

std::vector<DeviceVariant> variants_for_others(const EngineFile& file, const Backend& backend) {
  const Target& target = backend.target();
  std::vector<DeviceVariant> out;
  for (const DeviceVariant& device : file.variants) {
    const bool own = device.backend == backend.name() && device.fingerprint == target.fingerprint &&
                     device.threads == target.threads;
    if (!own) out.push_back(device);
  }
  return out;
}

Result<std::shared_ptr<EngineCore>> load_engine(const EngineFile& file, std::shared_ptr<const Backend> backend,
                                                EngineOptions options) {
  if (file.graph == nullptr) return invalid_argument("an engine file without a step graph");
  ThreadPool::shared().ensure(backend->target().threads);
  CostTable costs;
  std::vector<Variant> variants;
  if (const DeviceVariant* device = find_device(file, *backend)) {
    costs = device->costs;
    TRY(variants, bind_variants(*device, *file.graph, *backend));
  } else {
    const auto other = std::ranges::find(file.variants, backend->name(), &DeviceVariant::backend);
    if (other != file.variants.end() && backend->has_own_memory()) {
      log(LogLevel::kWarn, "engine: tuned for another device (", other->fingerprint, "), this is ",
          backend->target().fingerprint, ": the cost model chooses");
    } else {
      log(LogLevel::kInfo, "engine: not tuned for this device (", backend->name(), ", ", backend->target().fingerprint,
          "): the cost model chooses");
    }
  }
  return EngineCore::make(file.graph, std::move(backend), std::move(costs), std::move(variants), std::move(options));
}

}  // namespace bolide
