/// Times measured before, on this machine and others, in one text file that many processes may share.
///
/// One line a time, `check device problem tactic@revision microseconds`: 16 hexadecimal digits of a digest over the
/// rest of the line, digests of the device's fingerprint and of the problem's key (which holds the threads). Lines that
/// are damaged are passed over; nothing in the file can make a build fail.
#pragma once

#include "base/hash.h"
#include "plan/cost.h"

#include <filesystem>
#include <vector>

namespace bolide {

class TimingCache {
 public:
  /// Times are found and added for this device; those of others are kept as they are.
  explicit TimingCache(std::string_view fingerprint) : device_(digest(fingerprint)) {}

  /// Adds the lines of a file; where both have a time, the file's is taken. A missing file is empty. Errors: a file
  /// that cannot be read; callers go on without it.
  Status load(const std::filesystem::path& path);
  /// Adds what was measured since load() to what the file holds by now, under a lock: two builds at once lose nothing.
  /// Keeps the newest `max_entries`. Makes the folder. Errors: what cannot be written; the old file stays as it was.
  Status save(const std::filesystem::path& path, std::size_t max_entries = 200'000);
  /// The text of a cache merged in, line by line.
  void merge(std::string_view lines);
  /// All entries, oldest first, one a line. Equal contents give equal text.
  std::string text() const;

  std::optional<double> find(const std::string& problem_key, const Tactic& tactic) const;
  void add(const std::string& problem_key, const Tactic& tactic, double microseconds);
  std::size_t size() const { return entries_.size(); }
  /// Lines that load() and merge() passed over.
  std::size_t damaged() const { return damaged_; }

 private:
  struct Key {
    Digest device;
    Digest problem;
    std::string tactic;
    auto operator<=>(const Key&) const = default;
  };
  struct Entry {
    double us = 0;
    std::uint64_t age = 0;  // the larger, the newer
  };
  bool merge_line(std::string_view line);
  void put(Key key, double us);
  void keep_newest(std::size_t entries);

  Digest device_;
  std::map<Key, Entry> entries_;
  std::vector<std::pair<Key, double>> added_;  // since load()
  std::uint64_t next_age_ = 0;
  std::size_t damaged_ = 0;
};

}  // namespace bolide
