#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include <jobqd/base/check.hpp>
#include <jobqd/base/clock.hpp>
#include <jobqd/base/random.hpp>
#include <jobqd/engine/processor.hpp>

/// What a kind of processor is: its name in the CONFIG file, the keys it takes there, and how it is made. A
/// program that links jobqd adds kinds of its own in the same way as jobqd lists its own.
namespace jobqd::processors {

/// The types of values in the CONFIG file. Bounds are included.
struct Text {};
struct Whole {
  std::int64_t low;
  std::int64_t high;
};
struct Number {
  double low;
  double high;
};
struct Duration {  ///< `250ms`, `1h30m`
  base::milliseconds low;
  base::milliseconds high;
};
struct Size {  ///< `64KiB`; at most 2^63 - 1 bytes.
  std::size_t low;
  std::size_t high;
};
using ValueType = std::variant<Text, Whole, Number, Duration, Size>;

/// The values of one key as they are written: exactly one, or any number for a list.
using Texts = std::span<const std::string>;

/// One key in the table [queues.NAME] of a queue.
///
/// Names contain only a-z, 0-9 and _, and at most one dot. They differ from the keys that every queue has;
/// keys of different kinds may share a name.
struct Key {
  std::string name;         ///< `command`; `simulate.min` for the key of a table below.
  std::string allowed;      ///< Completes an error, such as "a duration from 1s to 24h".
  ValueType type = Text{};  ///< Of the value, or of each element of a list.
  bool is_list = false;
  bool is_required = false;                ///< A queue without it is an error.
  std::vector<std::string> standard = {};  ///< Without it the key has no value where none is given.
  std::string setting = {};                ///< The setting that gives the standard instead: `SIMULATE_MIN`.
  std::function<std::string(Texts)> fault = {};  ///< What is wrong with values of the right type; or empty.
  /// What this machine lacks for these values (a program, a file, a variable); or empty. It is asked when a
  /// processor is made, not when the values are read: see surroundings_fault() below.
  std::function<std::string(Texts)> surroundings_fault = {};
};

/// The values of a kind's keys for one queue. Values have passed the rules of their keys.
class KeyValues {
 public:
  /// Takes what is written for a key, whatever the surroundings. The error says more than that this is not
  /// allowed, or is empty.
  std::expected<void, std::string> set(const Key& key, Texts texts);

  /// Takes the standards of these keys, which have to be of their types. No other rule is applied to them.
  void set_standards(std::span<const Key> keys);

  [[nodiscard]] bool has(std::string_view name) const { return values_.contains(name); }

  /// Puts the value of a key into `out`; leaves it alone where there is none. `out` fits the key's type:
  /// std::string, any integer, double, base::milliseconds, std::size_t; a vector of them for a list.
  template <class T>
  void get(std::string_view name, T& out) const {
    if (const auto* found = find(name)) out = as<T>(found->front());
  }
  template <class T>
  void get(std::string_view name, std::vector<T>& out) const {
    const auto* found = find(name);
    if (found == nullptr) return;
    out.clear();
    for (const auto& value : *found) out.push_back(as<T>(value));
  }

  /// The values of a key as they could be written; empty where there are none.
  [[nodiscard]] std::vector<std::string> texts(const Key& key) const;

  /// The value of a key as TOML, in the shortest form; empty where there is none.
  [[nodiscard]] std::string toml(const Key& key) const;

  bool operator==(const KeyValues&) const = default;

 private:
  using Value = std::variant<std::string, std::int64_t, double, base::milliseconds>;

  static std::optional<Value> read(const ValueType& type, const std::string& text);
  static std::string text(const ValueType& type, const Value& value);
  [[nodiscard]] const std::vector<Value>* find(std::string_view name) const;

  template <class T>
  static T as(const Value& value) {
    using Held = std::conditional_t<std::integral<T>, std::int64_t, T>;
    const auto* held = std::get_if<Held>(&value);
    JOBQD_CHECK(held != nullptr);  // The key's type is another one.
    return static_cast<T>(*held);
  }

  std::map<std::string, std::vector<Value>, std::less<>> values_;
};

/// What a processor is made of. The references outlive the processor; the others are only read during make().
struct ProcessorContext {
  const KeyValues& values;
  std::string_view queue;
  const base::Clock& clock;
  base::Random& random;
};

/// One kind of processor. Its functions are called from one thread: while the configuration is read, while
/// the daemon is built, and later, when a queue comes, changes, or is tried again.
struct ProcessorKind {
  using Made = std::expected<std::unique_ptr<engine::Processor>, std::string>;

  std::string name;                    ///< What `processor = "NAME"` says.
  std::vector<Key> keys = {};          ///< In the order in which they are shown.
  bool simulates = false;              ///< It only pretends to work: its jobs show that they were simulated.
  std::size_t descriptors = 0;         ///< Open files that an attempt needs, for a warning at the start.
  std::uint32_t circuit_failures = 0;  ///< circuit.failures of queues that do not set it.
  /// What no key shows by itself, such as a minimum above its maximum: one line, or empty.
  std::function<std::string(const KeyValues&)> check = {};
  /// Makes the processor of one queue; the error is one line: what is missing. It looks up no name. Without
  /// it the queue's jobs are leased by remote workers.
  std::function<Made(const ProcessorContext&)> make = {};

  [[nodiscard]] bool is_remote() const { return !make; }
};

/// The kinds of jobqd: simulate, exec, http and remote.
[[nodiscard]] std::span<const ProcessorKind> built_in_kinds();

/// The kind of this name; null where there is none.
[[nodiscard]] const ProcessorKind* find_kind(std::span<const ProcessorKind> kinds, std::string_view name);

/// What this machine lacks for the values of a queue: `KEY: …`, one line; or empty.
[[nodiscard]] std::string surroundings_fault(const ProcessorKind& kind, const KeyValues& values);

/// Makes the processor of one queue, if nothing is missing for it. The error is one line. The kind is not
/// remote.
[[nodiscard]] ProcessorKind::Made make_processor(const ProcessorKind& kind, const ProcessorContext& context);

/// What is wrong where the lower of two bounds is above the upper one: one line, or empty.
[[nodiscard]] std::string above(std::string_view low, base::milliseconds low_value, std::string_view high,
                                base::milliseconds high_value);

}  // namespace jobqd::processors
