#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/route.hpp"

namespace jobqd::http {

/// Finds the route of a request, and answers those that have none. Immutable, so any thread may use it.
///
/// A path belongs to the first route whose pattern matches it; HEAD goes where GET goes.
class Router {
 public:
  /// Aborts on a pattern that breaks the rules of Route.
  explicit Router(std::vector<Route> routes);

  /// The route of the request, or nullptr. Puts the pattern, and the decoded text in place of its `{name}`,
  /// into the request.
  [[nodiscard]] const Route* find(Request& request) const;

  /// What a request is answered with that has no route: 404; 405, naming the methods of its path; or, if it
  /// asks for those by OPTIONS, 204.
  [[nodiscard]] Response answer_without_route(const Request& request) const;

  /// Whether a health probe is at this path, whatever the method.
  [[nodiscard]] bool is_probe(std::string_view path) const;

  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  /// A route's pattern, taken apart.
  class Pattern {
   public:
    explicit Pattern(std::string_view text);

    /// The text in place of `{name}`, not decoded, if the path matches. Empty text for a pattern without it.
    [[nodiscard]] std::optional<std::string_view> match(std::string_view path) const;

   private:
    enum class Kind : std::uint8_t { literal, segment, rest };

    Kind kind_;
    std::string_view before_;
    std::string_view after_;
  };

  [[nodiscard]] std::string allowed_methods(std::string_view path) const;

  const std::vector<Route> routes_;
  std::vector<Pattern> patterns_;  ///< Those of the routes, in the same order.
};

}  // namespace jobqd::http
