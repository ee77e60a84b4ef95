#include "metrics/history/queue_order.hpp"

#include <algorithm>
#include <string_view>
#include <tuple>

namespace jobqd::metrics::history {

namespace {

std::size_t index_of(http::QueueSort sort) {
  return static_cast<std::size_t>(sort);
}

}  // namespace

void QueueOrder::add(const engine::QueueCounts& queue) {
  using enum http::QueueSort;
  Row row{.name = queue.name};
  row.keys[index_of(ready)] = queue.ready;
  row.keys[index_of(failed)] = queue.counts.of(domain::Status::failed);
  row.keys[index_of(oldest)] = static_cast<std::uint64_t>(queue.oldest_ready.count());
  rows_.push_back(std::move(row));
  orders_ = {};
}

http::QueuePage QueueOrder::page(const http::QueuePageQuery& query) {
  const auto key = index_of(query.sort);
  const auto& order = sorted(query.sort);
  auto row = order.begin();
  if (query.after)
    row = std::ranges::partition_point(order, [&](const Row* before) {
      return std::tuple(query.after->key, std::string_view(before->name)) <=
             std::tuple(before->keys[key], std::string_view(query.after->name));
    });
  http::QueuePage page;
  const Row* last = nullptr;
  for (; row != order.end(); ++row) {
    if (!(*row)->name.starts_with(query.prefix)) continue;
    if (page.rows.size() == query.limit) {
      page.next = {.key = last->keys[key], .name = last->name};
      break;
    }
    last = *row;
    page.rows.push_back({.name = last->name});
  }
  return page;
}

const QueueOrder::Order& QueueOrder::sorted(http::QueueSort sort) {
  auto& order = orders_[index_of(sort)];
  if (!order) {
    order.emplace();
    order->reserve(rows_.size());
    for (const auto& row : rows_) order->push_back(&row);
    std::ranges::sort(*order, [key = index_of(sort)](const Row* a, const Row* b) {
      return std::tuple(b->keys[key], std::string_view(a->name)) <
             std::tuple(a->keys[key], std::string_view(b->name));
    });
  }
  return *order;
}

}  // namespace jobqd::metrics::history
