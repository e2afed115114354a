#include <bolide/engine.h>

#include "api/engine_state.h"

#include <nlohmann/json.hpp>

#include <cmath>

namespace bolide {
namespace {

std::string fixed(double value, int decimals) {
  std::string out(32, '\0');
  const int length = std::snprintf(out.data(), out.size(), "%.*f", decimals, value);
  out.resize(static_cast<std::size_t>(std::max(length, 0)));
  return out;
}

std::string precision_text(const std::string& precision, const PrecisionReport& report) {
  std::string out = strings::join("\n", precision, ": ", report.steps, " steps, ", report.kept.size(), " stay in FP32");
  if (report.samples > 0) {
    out += strings::join(" (values looked at on ", report.samples, report.drawn ? " random" : "",
                         report.samples == 1 ? " sample" : " samples", ", ", fixed(report.check_s, 2), " s)");
  }
  if (!report.unchecked.empty()) out += strings::join(" (not checked on inputs: ", report.unchecked, ")");
  out += '\n';
  for (const PrecisionReport::Kept& kept : report.kept) {
    out += strings::join("  ", kept.step, " (", kept.op, "): ", kept.reason, "\n");
  }
  out += strings::join("  weights: of ", report.weights, " numbers ", report.overflowed, " became infinite, ",
                       report.vanished, " became zero\n");
  return out;
}

nlohmann::json precision_json(const PrecisionReport& report) {
  nlohmann::json kept = nlohmann::json::array();
  for (const PrecisionReport::Kept& one : report.kept) {
    nlohmann::json entry = {{"name", one.step}, {"op", one.op}, {"reason", one.reason}};
    if (!one.value.empty()) {
      entry["value"] = one.value;
      entry["largest"] = std::isfinite(one.largest) ? nlohmann::json(one.largest) : nlohmann::json("infinite");
      entry["rounding"] = one.rounding;
      entry["change"] = std::isfinite(one.change) ? nlohmann::json(one.change) : nlohmann::json("infinite");
    }
    kept.push_back(std::move(entry));
  }
  nlohmann::json unchecked;
  if (!report.unchecked.empty()) unchecked = report.unchecked;
  return {{"steps", report.steps},           {"kept_fp32", std::move(kept)},
          {"weights", report.weights},       {"weights_infinite", report.overflowed},
          {"weights_zero", report.vanished}, {"samples", report.samples},
          {"samples_random", report.drawn},  {"unchecked", unchecked},
          {"check_s", report.check_s}};
}

}  // namespace

std::string Engine::build_report() const {
  if (!state_->report) return "this engine was loaded from a file; build reports belong to builds";
  const CompileReport& report = *state_->report;
  std::string out = strings::join("source: ", state_->source, "\n\npasses (", fixed(report.passes_s, 2), " s)\n");
  for (const PassReport::Entry& entry : report.passes.passes) {
    if (entry.runs == 0) continue;
    out += strings::join("  ", entry.pass, ": ", entry.rewrites, " rewrites, ", fixed(entry.milliseconds, 1), " ms\n");
  }
  out += "\nfusions\n";
  for (const PassReport::Fusion& fusion : report.passes.fusions) {
    out += strings::join("  ", fusion.node, " (", fusion.op, ", ", fusion.pass, "):");
    for (const std::string& member : fusion.members) out += strings::join(" ", member);
    out += '\n';
  }
  if (report.precision.steps > 0 || !report.precision.kept.empty())
    out += precision_text(state_->precision, report.precision);
  out += strings::join("\ntactics (", report.problems, " problems, ", report.measured, " timings made, ",
                       report.remembered, " remembered, ", fixed(report.tuning_s, 2), " s",
                       report.interrupted ? ", interrupted" : "", ")\n");
  for (const CompileReport::StepReport& step : report.steps) {
    out += strings::join("  ", step.step, "\n");
    for (const CandidateReport& candidate : step.candidates) {
      out += strings::join("    ", candidate.tactic->name(), ": ",
                           candidate.verdict.accepted
                               ? strings::join(fixed(candidate.us, 1), candidate.measured ? " us" : " us estimated")
                               : strings::join("refused, ", candidate.verdict.reason),
                           "\n");
    }
  }
  return out;
}

std::string Engine::build_report_json() const {
  nlohmann::json document = {{"source", state_->source}, {"precision", state_->precision}};
  if (state_->report) {
    const CompileReport& report = *state_->report;
    document["passes_s"] = report.passes_s;
    if (report.precision.steps > 0 || !report.precision.kept.empty()) {
      document["narrow"] = precision_json(report.precision);
    }
    document["tuning_s"] = report.tuning_s;
    document["problems"] = report.problems;
    document["timings_made"] = report.measured;
    document["timings_remembered"] = report.remembered;
    document["interrupted"] = report.interrupted;
    for (const PassReport::Entry& entry : report.passes.passes) {
      document["passes"].push_back({{"name", entry.pass}, {"rewrites", entry.rewrites}, {"ms", entry.milliseconds}});
    }
    for (const PassReport::Fusion& fusion : report.passes.fusions) {
      document["fusions"].push_back(
          {{"pass", fusion.pass}, {"node", fusion.node}, {"op", fusion.op}, {"members", fusion.members}});
    }
    for (const CompileReport::StepReport& step : report.steps) {
      nlohmann::json candidates = nlohmann::json::array();
      for (const CandidateReport& candidate : step.candidates) {
        nlohmann::json entry = {{"tactic", candidate.tactic->name()}, {"accepted", candidate.verdict.accepted}};
        if (candidate.verdict.accepted) {
          entry["us"] = candidate.us;
          entry["measured"] = candidate.measured;
        } else {
          entry["reason"] = candidate.verdict.reason;
        }
        candidates.push_back(std::move(entry));
      }
      document["steps"].push_back({{"name", step.step}, {"candidates", std::move(candidates)}});
    }
  }
  return document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace bolide
