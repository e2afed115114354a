#include <bolide/engine.h>

#include "api/engine_state.h"

#include <nlohmann/json.hpp>

namespace bolide {
namespace {

std::string fixed(double value, int decimals) {
  std::string out(32, '\0');
  const int length = std::snprintf(out.data(), out.size(), "%.*f", decimals, value);
  out.resize(static_cast<std::size_t>(std::max(length, 0)));
  return out;
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
