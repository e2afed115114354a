#include "plan/lanes.h"

#include <algorithm>
#include <numeric>

namespace bolide {
namespace {

using Bits = std::vector<std::uint64_t>;

bool has(const Bits& bits, int index) {
  return (bits[static_cast<std::size_t>(index) / 64] >> (static_cast<std::size_t>(index) % 64) & 1) != 0;
}
void put(Bits& bits, int index) {
  bits[static_cast<std::size_t>(index) / 64] |= std::uint64_t{1} << (static_cast<std::size_t>(index) % 64);
}
void add(Bits& bits, const Bits& more) {
  for (std::size_t i = 0; i < bits.size(); ++i) bits[i] |= more[i];
}

/// The bytes of an operand in its buffer: runs of `block` bytes from `begin`, all at multiples of `pitch` from it, the
/// last ending before `end`. One run: pitch 0.
struct Footprint {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t pitch = 0;
  std::int64_t block = 0;
};

/// Nothing when the strides have no such form; then all bytes between the first and the last count.
Footprint footprint_of(const Operand& operand, std::int64_t offset) {
  const std::int64_t bits = bit_width(operand.dtype);
  const auto bytes = [&](std::int64_t elements) { return (elements * bits + 7) / 8; };
  std::vector<std::pair<std::int64_t, std::int64_t>> axes;  // stride, size
  std::int64_t last = 0;
  for (std::size_t d = 0; d < operand.dims.size(); ++d) {
    if (operand.dims[d] <= 1) continue;
    axes.emplace_back(operand.strides[d], operand.dims[d]);
    last += operand.strides[d] * (operand.dims[d] - 1);
  }
  std::sort(axes.begin(), axes.end());
  Footprint print{.begin = offset, .end = offset + bytes(last + 1)};
  if (bits % 8 != 0 || (!axes.empty() && axes[0].first < 0)) return {.begin = 0, .end = INT64_MAX};
  std::int64_t dense = 1;
  std::size_t next = 0;
  while (next < axes.size() && axes[next].first <= dense) {
    dense = axes[next].first * (axes[next].second - 1) + dense;
    ++next;
  }
  if (next == axes.size()) return print;
  const std::int64_t pitch = axes[next].first;
  for (std::size_t a = next; a < axes.size(); ++a) {
    if (axes[a].first % pitch != 0) return print;
  }
  print.pitch = bytes(pitch);
  print.block = bytes(dense);
  return print;
}

bool share_bytes(const Footprint& a, const Footprint& b) {
  if (a.end <= b.begin || b.end <= a.begin) return false;
  const std::int64_t pitch = std::max(a.pitch, b.pitch);
  if (pitch == 0 || (a.pitch != 0 && b.pitch != 0 && a.pitch != b.pitch)) return true;
  if (a.pitch == 0 || b.pitch == 0) return true;  // one run against many: it may lie between two, but rarely does
  const std::int64_t from = a.begin % pitch;
  const std::int64_t other = b.begin % pitch;
  if (from + a.block > pitch || other + b.block > pitch) return true;
  return from < other + b.block && other < from + a.block;
}

struct Access {
  int step = kNone;
  bool writes = false;
  Footprint print;
};

}  // namespace

StepOrder find_step_order(const Schedule& schedule) {
  const auto steps = static_cast<int>(schedule.steps.size());
  std::vector<std::vector<Access>> accesses(schedule.buffers.size());
  StepOrder order(schedule.steps.size());
  std::vector<Bits> before(schedule.steps.size(), Bits((schedule.steps.size() + 63) / 64));
  for (int s = 0; s < steps; ++s) {
    const ScheduledStep& step = schedule.steps[static_cast<std::size_t>(s)];
    std::vector<int> needed;
    std::vector<std::pair<int, Access>> own;
    const auto visit = [&](const Place& place, const Footprint& print, bool writes) {
      if (place.buffer == kNone) return;
      const auto buffer = static_cast<std::size_t>(place.buffer);
      if (is_fixed(schedule.buffers[buffer])) return;
      for (const Access& earlier : accesses[buffer]) {
        if ((writes || earlier.writes) && share_bytes(earlier.print, print)) needed.push_back(earlier.step);
      }
      own.emplace_back(place.buffer, Access{s, writes, print});
    };
    for (std::size_t i = 0; i < step.inputs.size(); ++i) {
      visit(step.inputs[i], footprint_of(step.problem.inputs[i], step.inputs[i].offset), false);
    }
    for (std::size_t i = 0; i < step.outputs.size(); ++i) {
      visit(step.outputs[i], footprint_of(step.problem.outputs[i], step.outputs[i].offset), true);
    }
    visit(step.workspace, {.begin = 0, .end = INT64_MAX}, true);
    for (auto& [buffer, access] : own) accesses[static_cast<std::size_t>(buffer)].push_back(access);
    std::sort(needed.rbegin(), needed.rend());
    Bits& mine = before[static_cast<std::size_t>(s)];
    for (const int earlier : needed) {
      if (has(mine, earlier)) continue;
      order[static_cast<std::size_t>(s)].push_back(earlier);
      put(mine, earlier);
      add(mine, before[static_cast<std::size_t>(earlier)]);
    }
  }
  return order;
}

Lanes assign_lanes(const StepOrder& order, std::span<const double> us, int most) {
  Lanes lanes{
      .count = 0, .lane = std::vector<int>(order.size(), 0), .after = std::vector<std::vector<int>>(order.size())};
  std::vector<Bits> before(order.size(), Bits((order.size() + 63) / 64));
  std::vector<double> end(order.size(), 0);  // were there room for all at once
  std::vector<int> tails;                    // by lane
  const auto end_of = [&](int lane) { return end[static_cast<std::size_t>(tails[static_cast<std::size_t>(lane)])]; };
  for (std::size_t s = 0; s < order.size(); ++s) {
    Bits& mine = before[s];
    for (const int earlier : order[s]) {
      put(mine, earlier);
      add(mine, before[static_cast<std::size_t>(earlier)]);
      end[s] = std::max(end[s], end[static_cast<std::size_t>(earlier)]);
    }
    // The lane of the step waited for longest; else one that is over by then; else a new one; else the one free first.
    int chosen = kNone;
    const auto better = [&](int lane) { return chosen == kNone || end_of(lane) > end_of(chosen); };
    for (int lane = 0; lane < lanes.count; ++lane) {
      const int tail = tails[static_cast<std::size_t>(lane)];
      if (std::find(order[s].begin(), order[s].end(), tail) != order[s].end() && better(lane)) chosen = lane;
    }
    for (int lane = 0; lane < lanes.count && chosen == kNone; ++lane) {
      if (has(mine, tails[static_cast<std::size_t>(lane)])) chosen = lane;
    }
    if (chosen == kNone && lanes.count < most) {
      chosen = lanes.count++;
      tails.push_back(kNone);
    }
    if (chosen == kNone) {
      chosen = 0;
      for (int lane = 1; lane < lanes.count; ++lane) {
        if (end_of(lane) < end_of(chosen)) chosen = lane;
      }
    }
    int& tail = tails[static_cast<std::size_t>(chosen)];
    lanes.lane[s] = chosen;
    Bits reached((order.size() + 63) / 64);  // by what the lane itself has waited for
    if (tail != kNone) {
      put(reached, tail);
      add(reached, before[static_cast<std::size_t>(tail)]);
      end[s] = std::max(end[s], end[static_cast<std::size_t>(tail)]);
    }
    for (const int earlier : order[s]) {
      if (has(reached, earlier)) continue;
      lanes.after[s].push_back(earlier);
      put(reached, earlier);
      add(reached, before[static_cast<std::size_t>(earlier)]);
    }
    mine = std::move(reached);
    end[s] += us[s];
    lanes.us = std::max(lanes.us, end[s]);
    tail = static_cast<int>(s);
  }
  lanes.count = std::max(lanes.count, 1);
  return lanes;
}

Precedence::Precedence(const Lanes& lanes) : bits_(lanes.lane.size(), Bits((lanes.lane.size() + 63) / 64)) {
  std::vector<int> tails(static_cast<std::size_t>(lanes.count), kNone);
  for (std::size_t s = 0; s < lanes.lane.size(); ++s) {
    int& tail = tails[static_cast<std::size_t>(lanes.lane[s])];
    std::vector<int> earlier = lanes.after[s];
    if (tail != kNone) earlier.push_back(tail);
    for (const int e : earlier) {
      put(bits_[s], e);
      add(bits_[s], bits_[static_cast<std::size_t>(e)]);
    }
    tail = static_cast<int>(s);
  }
}

std::function<bool(std::size_t, std::size_t)> buffers_apart(const Schedule& schedule,
                                                            std::span<const std::size_t> buffers) {
  Lanes lanes{.count = schedule.lanes};
  for (const ScheduledStep& step : schedule.steps) {
    lanes.lane.push_back(step.lane);
    lanes.after.push_back(step.after);
  }
  const Precedence precedence(lanes);
  std::vector<int> number(schedule.buffers.size(), kNone);
  for (std::size_t i = 0; i < buffers.size(); ++i) number[buffers[i]] = static_cast<int>(i);
  struct Use {
    Bits users;
    Bits before_all;  // steps that are over before any user begins
  };
  const std::size_t words = (schedule.steps.size() + 63) / 64;
  std::vector<Use> uses(buffers.size(), {Bits(words), Bits(words, ~std::uint64_t{0})});
  for (std::size_t s = 0; s < schedule.steps.size(); ++s) {
    const ScheduledStep& step = schedule.steps[s];
    const auto visit = [&](const Place& place) {
      if (place.buffer == kNone || number[static_cast<std::size_t>(place.buffer)] == kNone) return;
      Use& use = uses[static_cast<std::size_t>(number[static_cast<std::size_t>(place.buffer)])];
      put(use.users, static_cast<int>(s));
      const Bits& before = precedence.before(static_cast<int>(s));
      for (std::size_t w = 0; w < words; ++w) use.before_all[w] &= before[w];
    };
    for (const Place& place : step.inputs) visit(place);
    for (const Place& place : step.outputs) visit(place);
    visit(step.workspace);
  }
  return [uses = std::move(uses)](std::size_t a, std::size_t b) {
    const auto within = [](const Bits& some, const Bits& all) {
      for (std::size_t w = 0; w < some.size(); ++w) {
        if ((some[w] & ~all[w]) != 0) return false;
      }
      return true;
    };
    return !within(uses[a].users, uses[b].before_all) && !within(uses[b].users, uses[a].before_all);
  };
}

}  // namespace bolide
