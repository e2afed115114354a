/// A measurer whose clock moves only by the times that a test gives to tactics.
#pragma once

#include "tune/measurer.h"

#include <functional>
#include <map>
#include <set>

namespace bolide::testing {

class FakeMeasurer final : public Measurer {
 public:
  using Time = std::function<double(const Problem&, std::string_view tactic)>;
  explicit FakeMeasurer(Time time) : time_(std::move(time)) {}

  Result<std::unique_ptr<Bench>> begin(const Problem& problem) override {
    ++problems;
    return std::unique_ptr<Bench>(std::make_unique<FakeBench>(*this, problem));
  }
  double now_us() override { return now; }
  bool disturbed() const override { return is_disturbed; }

  double now = 0;
  int problems = 0;
  bool is_disturbed = false;
  std::map<std::string, int> runs;  ///< by tactic
  std::set<std::string> refusing;   ///< tactics that cannot be made ready
  std::vector<std::string> added;   ///< tactics, in the order in which they were made ready

 private:
  class FakeBench final : public Bench {
   public:
    FakeBench(FakeMeasurer& measurer, const Problem& problem) : measurer_(measurer), problem_(problem) {}
    Status add(const Tactic& tactic) override {
      if (measurer_.refusing.count(std::string(tactic.name())) > 0) return unsupported("not this problem");
      measurer_.added.emplace_back(tactic.name());
      tactics_.push_back(&tactic);
      return {};
    }
    Result<double> time(std::size_t index) override {
      const std::string_view tactic = tactics_[index]->name();
      const double us = measurer_.time_(problem_, tactic);
      if (us < 0) return invalid_argument("this tactic fails");
      measurer_.now += us;
      ++measurer_.runs[std::string(tactic)];
      return us;
    }

   private:
    FakeMeasurer& measurer_;
    const Problem& problem_;
    std::vector<const Tactic*> tactics_;
  };
  Time time_;
};

}  // namespace bolide::testing
