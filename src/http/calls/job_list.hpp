#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <jobqd/engine/operations.hpp>

#include "http/bodies/json_writer.hpp"
#include "http/message.hpp"

namespace jobqd::http {

/// The answer to one `GET /v1/jobs`: a page of jobs, produced in pieces.
///
/// Lives as long as the exchange or the store has something for it to do. One step at a time, on any thread;
/// operations outlive it.
class JobList : public std::enable_shared_from_this<JobList> {
 public:
  /// Answers the exchange with the page that the query describes, or with the problem.
  static void answer(engine::Operations& operations, engine::ListQuery query, ExchangePtr exchange);

 private:
  JobList(engine::Operations& operations, engine::ListQuery query, ExchangePtr exchange);

  void ask_for_room();
  void produce(std::size_t room);
  void add(const engine::JobPage& part);
  void finish();
  void write();

  engine::Operations& operations_;
  engine::ListQuery left_;  ///< What is left of the page.
  ExchangePtr exchange_;
  std::string text_;  ///< The piece that is being written.
  JsonWriter json_{text_};
  bool begun_ = false;
};

}  // namespace jobqd::http
