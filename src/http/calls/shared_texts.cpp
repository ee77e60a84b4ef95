#include "http/calls/shared_texts.hpp"

#include <new>
#include <utility>

#include "http/calls/entity_tag.hpp"

namespace jobqd::http {

void SharedTexts::get(const std::string& name, Done done, Make make) {
  if (auto text = state_->find(name)) return done(std::move(text));
  if (!state_->wait(name, std::move(done))) return;
  try {
    make([state = std::weak_ptr(state_), name](std::optional<std::string> body) {
      const auto living = state.lock();
      if (living == nullptr) return;
      if (!body) return living->finish(name, nullptr);
      auto tag = entity_tag(*body);
      living->finish(name, std::make_shared<const SharedText>(*std::move(body), std::move(tag)));
    });
  } catch (const std::bad_alloc&) {
    state_->finish(name, nullptr);
  }
}

SharedTexts::Text SharedTexts::State::find(const std::string& name) {
  const auto now = clock.now().steady;
  const base::MutexLock lock(mutex);
  forget_old(now);
  const auto entry = entries.find(name);
  return entry == entries.end() ? nullptr : entry->second.text;
}

bool SharedTexts::State::wait(const std::string& name, Done done) {
  const base::MutexLock lock(mutex);
  auto& waiting = entries[name].waiting;
  waiting.push_back(std::move(done));
  return waiting.size() == 1;
}

void SharedTexts::State::forget_old(base::SteadyTime now) {
  std::erase_if(entries, [now](const auto& entry) {
    const auto& [text, made_at, waiting] = entry.second;
    return text != nullptr && waiting.empty() && now - made_at >= kept_for;
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
