#include "http/calls/queue_pages.hpp"

#include <algorithm>
#include <array>
#include <expected>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <jobqd/base/number.hpp>
#include <jobqd/domain/queue_name.hpp>

#include "http/bodies/history.hpp"
#include "http/calls/entity_tag.hpp"
#include "http/calls/parameters.hpp"
#include "http/calls/pieces.hpp"

namespace jobqd::http {

namespace {

using domain::Error;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t limit_highest = 200;

struct NamedSpan {
  std::string_view name;
  HistorySpan span;
};

/// Of a queue: 10 s are what is sampled, and 5 min what is kept for a day.
constexpr std::array spans{NamedSpan{"1h", {.step = seconds{10}, .points = 360}},
                           NamedSpan{"24h", {.step = minutes{5}, .points = 288}}};

/// Of each queue of a page: 60 points.
constexpr std::array page_spans{NamedSpan{"15m", {.step = seconds{15}, .points = 60}},
                                NamedSpan{"1h", {.step = minutes{1}, .points = 60}}};

struct NamedSort {
  std::string_view name;
  QueueSort sort;
};

constexpr std::array sorts{NamedSort{"name", QueueSort::name}, NamedSort{"ready", QueueSort::ready},
                           NamedSort{"failed", QueueSort::failed}, NamedSort{"oldest", QueueSort::oldest}};

/// The row of a table that has this name; null if there is none.
const auto* find_named(const auto& table, std::string_view name) {
  const auto row = std::ranges::find(table, name, [](const auto& each) { return each.name; });
  return row == table.end() ? nullptr : &*row;
}

/// A cursor names its order, so that it does not go on in another one: `ready:12:mail`.
std::string cursor_of(QueueSort sort, const QueuePosition& position) {
  const auto* const named = std::ranges::find(sorts, sort, &NamedSort::sort);
  return fmt::format("{}:{}:{}", named->name, position.key, position.name);
}

std::optional<QueuePosition> position_of(std::string_view cursor, QueueSort sort) {
  const auto first = cursor.find(':');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = cursor.find(':', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto key = base::parse_number<std::uint64_t>(cursor.substr(first + 1, second - first - 1));
  const auto name = cursor.substr(second + 1);
  const auto* const order = find_named(sorts, cursor.substr(0, first));
  if (order == nullptr || order->sort != sort || !key || !domain::may_begin_queue_name(name))
    return std::nullopt;
  if (sort == QueueSort::name && *key != 0) return std::nullopt;
  return QueuePosition{.key = *key, .name = std::string(name)};
}

std::expected<QueuePageQuery, Error> read_page_query(const Request& request) {
  QueuePageQuery query;
  const auto wrong = [](std::string_view name, std::string_view value, std::string_view allowed) {
    return std::unexpected(wrong_parameter(name, value, allowed));
  };
  if (const auto text = request.parameter("sort")) {
    const auto* const named = find_named(sorts, *text);
    if (named == nullptr) return wrong("sort", *text, "name, ready, failed or oldest");
    query.sort = named->sort;
  }
  if (const auto text = request.parameter("prefix")) {
    if (!domain::may_begin_queue_name(*text))
      return wrong("prefix", *text, "1 to 64 of a-z, A-Z, 0-9, _, - and .");
    query.prefix = *text;
  }
  if (const auto text = request.parameter("limit")) {
    const auto limit = base::parse_number<std::uint64_t>(*text);
    if (!limit || *limit < 1 || *limit > limit_highest)
      return wrong("limit", *text, fmt::format("a whole number from 1 to {}", limit_highest));
    query.limit = *limit;
  }
  if (const auto text = request.parameter("cursor")) {
    query.after = position_of(*text, query.sort);
    if (!query.after) return wrong("cursor", *text, "the next_cursor of a page with the same sort");
  }
  if (const auto text = request.parameter("history")) {
    const auto* const named = find_named(page_spans, *text);
    if (named == nullptr) return wrong("history", *text, "15m or 1h");
    query.history = named->span;
  }
  return query;
}

/// The same for all requests that have the same answer.
std::string name_of(const QueuePageQuery& query) {
  return fmt::format("{}?{}&{}&{}", cursor_of(query.sort, query.after.value_or(QueuePosition{})),
                     query.prefix, query.limit, query.history ? query.history->step.count() : 0);
}

/// Gives the text to the reader, or says that there is none, or that the reader has it.
SharedTexts::Done respond_with(const Request& request, ExchangePtr exchange) {
  std::vector<std::string> known;
  for (const auto field : request.headers("If-None-Match")) known.emplace_back(field);
  return [known = std::move(known), exchange = std::move(exchange)](SharedTexts::Text text) mutable {
    if (text == nullptr)
      return exchange->respond(problem(
          {.code = domain::ErrorCode::out_of_memory, .detail = "there is no memory left for the history"}));
    Response head{.headers = {{"ETag", text->tag}, {"Cache-Control", "no-cache"}}};
    if (has_current(known, text->tag)) {
      head.status = 304;
      return exchange->respond(std::move(head));
    }
    const auto* const body = &text->body;
    respond_in_pieces(std::move(exchange), std::move(head), {std::move(text), body});
  };
}

/// The text that `write` writes; empty if there is no memory for it.
std::optional<std::string> written(auto write) {
  try {
    std::string text;
    JsonWriter json(text);
    write(json);
    return text;
  } catch (const std::bad_alloc&) {
    return std::nullopt;
  }
}

void write_page(JsonWriter& json, const engine::Operations& operations, const QueuePage& page,
                const QueuePageQuery& query) {
  json.begin_object();
  json.key("queues").begin_array();
  for (const auto& row : page.rows)
    if (const auto queue = operations.queue(row.name)) write_queue_of_page(json, *queue, row.points);
  json.end_array();
  if (query.history) {
    json.key("history");
    write_timeline(json, page.timeline);
  }
  if (page.next) json.key("next_cursor").string(cursor_of(query.sort, *page.next));
  json.end_object();
}

Response no_history() {
  return problem({.code = domain::ErrorCode::not_found, .detail = "this daemon keeps no history"});
}

}  // namespace

void QueuePages::list(const Request& request, ExchangePtr exchange) {
  auto query = read_page_query(request);
  if (!query) return exchange->respond(problem(query.error()));
  if (history_ == nullptr) return exchange->respond(no_history());
  texts_.get(
      name_of(*query), respond_with(request, std::move(exchange)), [this, &query](SharedTexts::Made made) {
        history_->read_page(*query, [&operations = operations_, query = *query,
                                     made = std::move(made)](std::unique_ptr<const QueuePage> page) mutable {
          if (page == nullptr) return made(std::nullopt);
          made(written([&](JsonWriter& json) { write_page(json, operations, *page, query); }));
        });
      });
}

void QueuePages::history(const Request& request, ExchangePtr exchange) {
  const auto span = request.parameter("span");
  const auto* const named = find_named(spans, span.value_or(std::string(spans.front().name)));
  if (named == nullptr) return exchange->respond(problem(wrong_parameter("span", *span, "1h or 24h")));
  const auto& queue = request.path_param;
  if (!operations_.queue(queue))
    return exchange->respond(problem({.code = domain::ErrorCode::queue_not_found,
                                      .detail = fmt::format("there is no queue named \"{}\"", queue)}));
  if (history_ == nullptr) return exchange->respond(no_history());
  texts_.get(fmt::format("{}/{}", queue, named->name), respond_with(request, std::move(exchange)),
             [this, &queue, named](SharedTexts::Made made) {
               history_->read_queue(queue, named->span,
                                    [made = std::move(made)](std::unique_ptr<const QueuePage> page) mutable {
                                      if (page == nullptr) return made(std::nullopt);
                                      const auto& row = page->rows.front();
                                      made(written([&](JsonWriter& json) {
                                        write_history(json, row.name, page->timeline, row.points);
                                      }));
                                    });
             });
}

}  // namespace jobqd::http
