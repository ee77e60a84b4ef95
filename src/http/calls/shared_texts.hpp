#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <jobqd/base/clock.hpp>
#include <jobqd/base/mutex.hpp>

namespace jobqd::http {

/// A body that several readers get.
struct SharedText {
  std::string body;
  std::string tag;  ///< Its entity tag.
};

/// Texts that many readers ask for again and again. Each is made at most once a second, however many ask;
/// those who come while it is being made get it too. The text of a new second is made when somebody asks.
///
/// Thread-safe. May end before a text is made: its readers are then forgotten. The clock outlives it.
class SharedTexts {
 public:
  /// Null: it could not be made.
  using Text = std::shared_ptr<const SharedText>;
  using Done = std::move_only_function<void(Text)>;
  /// Makes a text, and calls its argument once with the body, at once or later, on any thread. Empty: there
  /// is none. May throw std::bad_alloc instead.
  using Made = std::move_only_function<void(std::optional<std::string> body)>;
  using Make = std::move_only_function<void(Made)>;

  static constexpr base::milliseconds kept_for{1'000};
  /// How many texts are kept. Others are only given to those who wait for them.
  static constexpr std::size_t most_kept = 32;

  explicit SharedTexts(const base::Clock& clock) : state_(std::make_shared<State>(clock)) {}

  /// Calls `done` with the text of this name: at once, or once `make` has made it.
  void get(const std::string& name, Done done, Make make);

 private:
  struct Entry {
    Text text = {};  ///< Null: it is being made.
    base::SteadyTime made_at = {};
    std::vector<Done> waiting = {};
  };
  struct State {
    explicit State(const base::Clock& time) : clock(time) {}

    /// Null: none is kept.
    Text find(const std::string& name);
    /// Whether this is the first one that waits, so that the text has to be made.
    bool wait(const std::string& name, Done done);
    void forget_old(base::SteadyTime now) JOBQD_REQUIRES(mutex);
    void finish(const std::string& name, const Text& text);

    const base::Clock& clock;
    base::Mutex mutex;
    std::map<std::string, Entry, std::less<>> entries JOBQD_GUARDED_BY(mutex);
  };

  std::shared_ptr<State> state_;  ///< Shared with the texts that are being made.
};

}  // namespace jobqd::http
