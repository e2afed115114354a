#include "tune/timing_cache.h"

#include "base/descriptor.h"
#include "base/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>

namespace bolide {
namespace {

constexpr std::size_t kLongestLine = 1024;
constexpr std::size_t kLargestFile = std::size_t{256} << 20;
constexpr double kLongestTime = 1e10;  // microseconds
constexpr std::size_t kCheckDigits = 16;

std::optional<std::uint64_t> parse_hex(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (text.size() != 16 || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Digest> parse_digest(std::string_view text) {
  if (text.size() != 32) return std::nullopt;
  const auto high = parse_hex(text.substr(0, 16));
  const auto low = parse_hex(text.substr(16));
  if (!high || !low) return std::nullopt;
  return Digest{*high, *low};
}

std::string check_of(std::string_view rest) { return bolide::text(digest(rest)).substr(0, kCheckDigits); }

/// The words between single spaces; nothing unless there are exactly as many.
template <std::size_t kWords>
std::optional<std::array<std::string_view, kWords>> words_of(std::string_view line) {
  std::array<std::string_view, kWords> words;
  for (std::size_t i = 0; i < kWords; ++i) {
    const std::size_t end = i + 1 < kWords ? line.find(' ') : line.size();
    if (end == std::string_view::npos || end == 0) return std::nullopt;
    words[i] = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  if (words.back().find(' ') != std::string_view::npos) return std::nullopt;
  return words;
}

/// An exclusive lock on a file beside the cache, held while the object lives.
class FileLock {
 public:
  static Result<FileLock> take(const std::filesystem::path& path) {
    Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666));
    if (!file) return bad_file(path.native(), ": cannot open: ", errno_text(errno));
    while (::flock(file.get(), LOCK_EX) != 0) {
      if (errno != EINTR) return bad_file(path.native(), ": cannot lock: ", errno_text(errno));
    }
    return FileLock(std::move(file));
  }

 private:
  explicit FileLock(Descriptor file) : file_(std::move(file)) {}
  Descriptor file_;  // closing it gives the lock back
};

}  // namespace

void TimingCache::put(Key key, double us) { entries_[std::move(key)] = {us, next_age_++}; }

bool TimingCache::merge_line(std::string_view line) {
  if (line.size() > kLongestLine || line.size() < kCheckDigits + 2 || line[kCheckDigits] != ' ') return false;
  const std::string_view rest = line.substr(kCheckDigits + 1);
  if (line.substr(0, kCheckDigits) != check_of(rest)) return false;
  const auto words = words_of<4>(rest);
  if (!words) return false;
  const auto device = parse_digest((*words)[0]);
  const auto problem = parse_digest((*words)[1]);
  const std::string_view time = (*words)[3];
  double us = 0;
  const auto [end, error] = std::from_chars(time.data(), time.data() + time.size(), us);
  if (!device || !problem || error != std::errc() || end != time.data() + time.size()) return false;
  if (!std::isfinite(us) || us <= 0 || us > kLongestTime) return false;
  put({*device, *problem, std::string((*words)[2])}, us);
  return true;
}

void TimingCache::merge(std::string_view lines) {
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    if (!merge_line(lines.substr(0, end))) ++damaged_;
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
}

std::string TimingCache::text() const {
  std::vector<const std::pair<const Key, Entry>*> by_age;
  by_age.reserve(entries_.size());
  for (const auto& entry : entries_) by_age.push_back(&entry);
  std::ranges::sort(by_age, {}, [](const auto* entry) { return entry->second.age; });
  std::string out;
  for (const auto* entry : by_age) {
    const Key& key = entry->first;
    const std::string rest =
        strings::join(bolide::text(key.device), ' ', bolide::text(key.problem), ' ', key.tactic, ' ', entry->second.us);
    out += check_of(rest);
    out += ' ';
    out += rest;
    out += '\n';
  }
  return out;
}

Status TimingCache::load(const std::filesystem::path& path) {
  auto file = MappedFile::open(path);
  if (!file) return file.error().code == Code::kNotFound ? ok() : Status(std::move(file).error());
  const auto bytes = (*file)->bytes();
  if (bytes.size() > kLargestFile) {
    return bad_file(path.native(), ": a timing cache of ", bytes.size(), " bytes; the limit is ", kLargestFile);
  }
  merge({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  return {};
}

void TimingCache::keep_newest(std::size_t entries) {
  if (entries_.size() <= entries) return;
  std::vector<std::uint64_t> ages;
  for (const auto& [key, entry] : entries_) ages.push_back(entry.age);
  const auto cut = ages.begin() + static_cast<std::ptrdiff_t>(ages.size() - entries);
  std::nth_element(ages.begin(), cut, ages.end());
  const std::uint64_t oldest = entries == 0 ? next_age_ : *cut;
  std::erase_if(entries_, [oldest](const auto& entry) { return entry.second.age < oldest; });
}

Status TimingCache::save(const std::filesystem::path& path, std::size_t max_entries) {
  std::error_code failed;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), failed);
  if (failed) return bad_file(path.parent_path().native(), ": cannot make the folder: ", failed.message());
  std::filesystem::path lock_path = path;
  lock_path += ".lock";
  TRY(const FileLock lock, FileLock::take(lock_path));
  TimingCache merged("");
  // A file that cannot be read is replaced: it is a cache.
  (void)merged.load(path).within("replaced");
  for (const auto& [key, us] : added_) merged.put(key, us);
  merged.keep_newest(max_entries);
  const std::string lines = merged.text();
  TRY_OK(write_file(path, std::as_bytes(std::span(lines.data(), lines.size()))));
  added_.clear();
  return {};
}

std::optional<double> TimingCache::find(const std::string& problem_key, const Tactic& tactic) const {
  const auto found = entries_.find({device_, digest(problem_key), CostTable::tactic_key(tactic)});
  if (found == entries_.end()) return std::nullopt;
  return found->second.us;
}

void TimingCache::add(const std::string& problem_key, const Tactic& tactic, double microseconds) {
  Key key{device_, digest(problem_key), CostTable::tactic_key(tactic)};
  // What is kept is what a line holds.
  if (!std::isfinite(microseconds) || microseconds <= 0 || microseconds > kLongestTime) return;
  added_.emplace_back(key, microseconds);
  put(std::move(key), microseconds);
}

}  // namespace bolide
