#include "processors/push/pushes.hpp"

#include <utility>

#include <jobqd/domain/kept_text.hpp>

#include "support/patience.hpp"

namespace jobqd::processors::push {

namespace {

const base::SystemClock system_clock;

}  // namespace

Options options(std::string url) {
  return {.url = std::move(url),
          .allow_networks = {"127.0.0.0/8"},
          .connect_timeout = support::patience,
          .request_timeout = support::patience};
}

std::unique_ptr<Push> made(Options options) {
  return Push::make(std::move(options), system_clock).value();
}

engine::Outcome push(Options options, std::stop_token stop, engine::Claim claim) {
  return made(std::move(options))->process(claim, std::move(stop));
}

std::string description_of(engine::Outcome raw) {
  const auto outcome = domain::kept(std::move(raw));
  if (const auto* done = std::get_if<engine::Done>(&outcome))
    return "done: " + done->result.value_or("nothing");
  if (const auto* retry = std::get_if<engine::Retry>(&outcome)) return "retry: " + retry->error;
  if (const auto* defer = std::get_if<engine::Defer>(&outcome)) return "defer: " + defer->error;
  if (const auto* fail = std::get_if<engine::Fail>(&outcome)) return "fail: " + fail->error;
  if (const auto* unstarted = std::get_if<engine::Unstarted>(&outcome)) return "unstarted: " + unstarted->why;
  return "interrupted";
}

}  // namespace jobqd::processors::push
