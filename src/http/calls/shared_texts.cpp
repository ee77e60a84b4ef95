#include "http/calls/shared_texts.hpp"

#include <utility>

#include "http/calls/entity_tag.hpp"

namespace jobqd::http {

void SharedTexts::get(const std::string& name, Done done, Make make) {
  const auto now = state_->clock.now().steady;
  Text text;
  bool first = false;
  {
    const base::MutexLock lock(state_->mutex);
    state_->forget_old(now);
    auto& entry = state_->entries[name];
    text = entry.text;
    first = text == nullptr && entry.waiting.empty();
    if (text == nullptr) entry.waiting.push_back(std::move(done));
  }
  if (text != nullptr) return done(std::move(text));
  if (!first) return;
  make([state = std::weak_ptr(state_), name](std::optional<std::string> body) {
    const auto living = state.lock();
    if (living == nullptr) return;
    if (!body) return living->finish(name, nullptr);
    auto tag = entity_tag(*body);
    living->finish(name, std::make_shared<const SharedText>(*std::move(body), std::move(tag)));
  });
}

void SharedTexts::State::forget_old(base::SteadyTime now) {
  std::erase_if(entries, [now](const auto& entry) {
    return entry.second.text != nullptr && now - entry.second.made_at >= kept_for;
  });
}

void SharedTexts::State::finish(const std::string& name, const Text& text) {
  const auto now = clock.now().steady;
  std::vector<Done> served;
  {
    const base::MutexLock lock(mutex);
    forget_old(now);
    const auto entry = entries.find(name);
    served.swap(entry->second.waiting);
    if (text == nullptr || entries.size() > most_kept)
      entries.erase(entry);
    else
      entry->second = {.text = text, .made_at = now};
  }
  for (auto& done : served) done(text);
}

}  // namespace jobqd::http
